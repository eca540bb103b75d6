"""The platform as a running quantum function sees it."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from bellpair.functions.errors import CallFailed, InvalidCall, LimitExceeded
from bellpair.functions.estimation import Estimator
from bellpair.functions.fingerprint import fingerprint
from bellpair.functions.json_forms import to_json
from bellpair.functions.limits import CHECKPOINT_BYTES_MAX
from bellpair.functions.plan import Call, payload_of, results_of, results_or_errors
from bellpair.functions.sampling import Sampler
from bellpair.functions.stacks import OptionAsked

if TYPE_CHECKING:
    from aws_durable_execution_sdk_python.context import DurableContext
    from numpy.random import Generator

SAMPLE = "bellpair.sample"
CHECKPOINT = "bellpair.checkpoint"

Result = TypeVar("Result")


class Course(Protocol):
    """What happens once only: it is recorded, and read from the record when repeated."""

    @property
    def replaying(self) -> bool:
        """Whether what happens now has happened before."""
        ...

    @property
    def context(self) -> DurableContext:
        """AWS's own view of it."""
        ...

    def call(self, function: str, payload: Any, name: str) -> Any:
        """Have the service do something, and wait for the result."""
        ...

    def step(self, name: str, function: Callable[[], Any]) -> Any:
        """Do something here; its result has a JSON form."""
        ...

    def turn_page(self) -> None:
        """Number what follows anew, as a run does that begins at the checkpoint just made."""
        ...


class Runtime:
    """The platform, for one job; the first argument of every quantum function.

    What a function gets from here is journalled: when the function is suspended, or its process
    or region is lost, it is begun again and gets the same values again, up to the place where
    it was. Use it from the thread in which the function was called.

    Attributes
    ----------
    sampler
        ``sampler(circuits, parameters=None, shots=1024)``: counts. See `Sampler`.
    estimator
        ``estimator(circuits, observables, parameters=None, precision=1 / 64)``: expectation
        values. See `Estimator`.
    device
        The device that calls go to when they name none; ``None`` where the service decides.

    Parameters
    ----------
    options
        Execution options of calls that say nothing of options or of a level.
    """

    def __init__(
        self,
        course: Course,
        *,
        seed: int,
        state: Any = None,
        checkpoints: int = 0,
        device: str | None = None,
        takes: Collection[str] = (),
        options: Sequence[OptionAsked] = (),
        on_output: Callable[[str], None] = lambda text: None,
        on_progress: Callable[[float, str], None] = lambda fraction, message: None,
    ) -> None:
        self._course = course
        self._seed = seed
        self._state = json.dumps(state)
        self._checkpoints = checkpoints
        self._on_output = on_output
        self._on_progress = on_progress
        self._generator: Generator | None = None
        self._random = random.Random(self._stream("random"))
        self._seeds = random.Random(self._stream("options"))
        self._takes = frozenset(takes)
        self.device = device
        self.sampler = Sampler(self._make, self._option_seed, options)
        self.estimator = Estimator(self._make, self._option_seed, options)

    @property
    def context(self) -> DurableContext:
        """The ``DurableContext`` of AWS's durable-execution SDK, with step, wait, map, parallel.

        Ask for it again after a checkpoint. Quantum calls cannot be made inside its branches.
        """
        return self._course.context

    @property
    def state(self) -> Any:
        """What the last `checkpoint` was given, in its JSON form; ``None`` before the first.

        Each time it is a copy, so changing it changes nothing.
        """
        return json.loads(self._state)

    def gather(
        self, *calls: Call[Any] | Iterable[Call[Any]], return_errors: bool = False
    ) -> list[Any]:
        """Make many calls at once, as one quantum call; their tasks run side by side.

        Parameters
        ----------
        calls
            Made by ``sampler.later(…)`` and ``estimator.later(…)``, as arguments or as one
            iterable. All go to one device, and have at most 1,000 circuits together.
        return_errors
            Whether a call with a circuit that cannot be run gives its `CallFailed` in place of a
            result, and leaves the others alone, as far as that goes.

        Returns
        -------
        list
            Each call's result, as the call itself would have given it, in the calls' order.

        Raises
        ------
        InvalidCall
            When one of them is no call, or they go to several devices.
        CallFailed
            When the device could not run them.
        LimitExceeded
            When they have too many circuits, or too much OpenQASM, together.

        Examples
        --------
        Forty angles at once::

            counts = runtime.gather(runtime.sampler.later(ansatz, [a]) for a in angles)
        """
        flat: list[Any] = []
        for call in calls:
            flat.extend([call] if isinstance(call, Call) else _iterated(call))
        for call in flat:
            if not isinstance(call, Call):
                raise InvalidCall(
                    f"A {type(call).__name__} cannot be gathered.",
                    remedy="Make calls by runtime.sampler.later(…) or runtime.estimator.later(…).",
                )
        if return_errors:
            return self._made_each(flat)
        return self._make("gather", flat)

    def now(self) -> datetime:
        """The time when the function first asked for it at this place; UTC, aware."""
        return datetime.fromtimestamp(self._course.step("now", time.time), UTC)

    def random(self) -> float:
        """A random number from 0 up to 1, made from the job's seed."""
        return self._random.random()

    def rng(self) -> Generator:
        """The job's numpy random generator, made from the job's seed.

        It is the same object whenever it is asked for. Each checkpoint begins a new stream, so
        that a run that begins at the checkpoint draws the same numbers after it.
        """
        if self._generator is None:
            import numpy as np

            self._generator = np.random.Generator(np.random.PCG64(self._stream("rng")))
        return self._generator

    def checkpoint(self, state: Any) -> None:
        """Keep ``state``, and forget the journal so far.

        A run that is repeated from here begins `run` anew with `state` set, instead of
        replaying what was before. So a function that makes checkpoints begins by looking at
        `state`, before its first call and before it draws random numbers.

        Parameters
        ----------
        state
            What has a JSON form, of at most 1 MiB.

        Raises
        ------
        OutputNotJson
            If the state has no JSON form.
        LimitExceeded
            If it is too large; nothing is kept.
        """
        text = to_json(state, "the checkpoint")
        size = len(text.encode())
        if size > CHECKPOINT_BYTES_MAX:
            raise LimitExceeded(
                f"The checkpoint has {size:,} bytes as JSON; at most {CHECKPOINT_BYTES_MAX:,} "
                "are allowed.",
                remedy="Keep only what the loop needs to go on, such as its parameters.",
            )
        payload = {"state": json.loads(text)}
        self._course.call(CHECKPOINT, payload, fingerprint("checkpoint", payload))
        self._checkpoints += 1
        self._state = text
        self._course.turn_page()
        self._random.seed(self._stream("random"))
        self._seeds.seed(self._stream("options"))
        if self._generator is not None:
            fresh = type(self._generator.bit_generator)(self._stream("rng"))
            self._generator.bit_generator.state = fresh.state

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far the function is; shown by `Job.events` and the command line.

        Parameters
        ----------
        fraction
            From 0 to 1.

        Raises
        ------
        InvalidCall
            When it is another number.
        """
        if not 0 <= fraction <= 1:
            raise InvalidCall(
                f"Progress is a fraction, not {fraction!r}.", remedy="Give a number from 0 to 1."
            )
        if not self._course.replaying:
            self._on_progress(float(fraction), str(message))

    def log(self, *values: object) -> None:
        """Write a line to the job's log, once; what is printed goes there as well."""
        if not self._course.replaying:
            self._on_output(" ".join(map(str, values)) + "\n")

    def _make(self, kind: str, calls: list[Call[Any]]) -> list[Any]:
        payload = payload_of(calls, self._takes)
        if not payload["programs"]:
            return results_of(calls, {"results": []})
        return results_of(calls, self._called(kind, calls, payload))

    def _made_each(self, calls: list[Call[Any]]) -> list[Any]:
        payload = payload_of(calls, self._takes, partial=True)
        if not payload["programs"]:
            return results_or_errors(calls, {"results": []})
        try:
            return results_or_errors(calls, self._called("gather", calls, payload))
        except CallFailed as error:
            return [error] * len(calls)

    def _called(self, kind: str, calls: list[Call[Any]], payload: dict[str, Any]) -> Any:
        # What a service takes may change from one run of a function to the next; what the
        # function asks for does not.
        name = fingerprint(kind, payload_of(calls))
        return self._course.call(SAMPLE, payload, name)

    def _option_seed(self) -> int:
        return self._seeds.getrandbits(31)

    def _stream(self, purpose: str) -> int:
        text = f"{self._seed}/{self._checkpoints}/{purpose}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])


def _iterated(calls: Any) -> list[Any]:
    try:
        return list(calls)
    except TypeError:
        return [calls]
