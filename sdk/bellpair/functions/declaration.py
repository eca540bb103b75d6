"""How a quantum function is written: as a class with `run`, or as a decorated function."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, overload

from bellpair.functions.errors import InvalidFunction

if TYPE_CHECKING:
    from bellpair.functions.runtime import Runtime

NAME_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,62}")
_MARK = "__quantum_function__"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Declaration:
    """What the decorator was told.

    Attributes
    ----------
    name
        Under which the function is deployed.
    device
        For calls that name none; ``None`` leaves it to the invocation.
    options
        Execution options by name, in their order, of calls that name none.
    timeout_s
        Seconds from acceptance, waiting included; ``None`` is the service's own.
    worker
        The runtime with its libraries; ``None`` is the service's own.
    """

    name: str
    device: str | None = None
    options: tuple[str, ...] = ()
    timeout_s: int | None = None
    worker: str | None = None


class RuntimeWorkerBase(ABC):
    """Base of quantum functions that are classes; `quantum_function` is the other form.

    One object is made, without arguments, each time the function runs or is repeated.

    Examples
    --------
    >>> class Coin(RuntimeWorkerBase):
    ...     def run(self, runtime, tosses: int = 10):
    ...         circuit = "OPENQASM 3; qubit q; bit c; U(pi/2, 0, pi) q; c = measure q;"
    ...         return runtime.sampler(circuit, shots=tosses).counts
    """

    @abstractmethod
    def run(self, runtime: Runtime, **inputs: Any) -> Any:
        """Do the work; write its inputs as named parameters with type hints.

        Parameters
        ----------
        runtime
            The platform, for this one job.

        Returns
        -------
        Any
            What has a JSON form; see `bellpair.functions.json_forms`.
        """


@overload
def quantum_function(target: _T) -> _T: ...


@overload
def quantum_function(
    *,
    name: str | None = None,
    device: str | None = None,
    options: Sequence[str] = (),
    timeout: float | timedelta | None = None,
    worker: str | None = None,
) -> Callable[[_T], _T]: ...


def quantum_function(
    target: Any = None,
    *,
    name: str | None = None,
    device: str | None = None,
    options: Sequence[str] = (),
    timeout: float | timedelta | None = None,
    worker: str | None = None,
) -> Any:
    """Make a quantum function of a function ``(runtime, …)``, or say more about a worker class.

    What it decorates stays as it is, and can be called or tested like before.

    Parameters
    ----------
    name
        Lower-case letters, digits and hyphens; made from the function's name when not given.
    device
        Where its calls go, unless the invocation names another device.
    options
        Names of execution options, in the order in which they wrap the device, for calls that say
        nothing of options or of a level; a call's ``options=[]`` is without.
    timeout
        Seconds (or a timedelta) from acceptance within which it is to finish.
    worker
        The worker that has its libraries, such as ``"qiskit"``.

    Raises
    ------
    InvalidFunction
        If the name, the options or the timeout cannot be.

    Examples
    --------
    >>> @quantum_function(name="bell-pair", device="sv1", timeout=3600)
    ... def bell(runtime, shots: int = 100): ...
    """

    def mark(subject: _T) -> _T:
        setattr(subject, _MARK, _declared(subject, name, device, options, timeout, worker))
        return subject

    return mark if target is None else mark(target)


def declaration_of(target: Any) -> Declaration:
    """What is declared of a worker class, of one of its objects, or of a decorated function.

    Raises
    ------
    InvalidFunction
        If the target is none of these.
    """
    subject = target if isinstance(target, type) or _is_function(target) else type(target)
    declared = vars(subject).get(_MARK)
    if isinstance(declared, Declaration):
        return declared
    if not (isinstance(subject, type) and issubclass(subject, RuntimeWorkerBase)):
        raise InvalidFunction(
            f"{target!r} is not a quantum function.",
            remedy="Decorate it with @quantum_function, or derive it from RuntimeWorkerBase.",
        )
    return _declared(subject, None, None, (), None, None)


def is_declared(target: Any) -> bool:
    """Whether the target was decorated, or is a worker class that can be made."""
    if isinstance(target, type):
        is_worker = issubclass(target, RuntimeWorkerBase) and target is not RuntimeWorkerBase
        return is_worker and not getattr(target, "__abstractmethods__", None)
    return _is_function(target) and _MARK in vars(target)


def runnable(target: Any) -> Callable[..., Any]:
    """The callable ``(runtime, **inputs)`` of a target; a class is made into an object first."""
    declaration_of(target)
    if _is_function(target):
        function: Callable[..., Any] = target
        return function
    worker = target() if isinstance(target, type) else target
    run: Callable[..., Any] = worker.run
    return run


def kebab_case(name: str) -> str:
    """``VqeH2`` and ``vqe_h2`` as ``vqe-h2``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _is_function(target: Any) -> bool:
    return callable(target) and hasattr(target, "__code__")


def _declared(
    subject: Any,
    name: str | None,
    device: str | None,
    options: Sequence[str],
    timeout: float | timedelta | None,
    worker: str | None,
) -> Declaration:
    name = kebab_case(getattr(subject, "__name__", "")) if name is None else name
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise InvalidFunction(
            f"{name!r} cannot be the name of a quantum function.",
            remedy="Give name= up to 63 lower-case letters, digits and hyphens.",
        )
    if isinstance(options, str) or not all(isinstance(option, str) for option in options):
        raise InvalidFunction(
            "Options are a list of names.", remedy='Write options=["readout-mitigation"].'
        )
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if seconds is not None and not seconds >= 1:
        raise InvalidFunction(
            f"A timeout of {seconds} s is none.", remedy="Give seconds, at least 1."
        )
    return Declaration(
        name, device, tuple(options), None if seconds is None else int(seconds), worker
    )
