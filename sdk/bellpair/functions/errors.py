"""What can go wrong in a quantum function, as typed exceptions."""

from __future__ import annotations

from typing import Any

from bellpair import errors
from bellpair.errors import BellpairError


class FunctionError(BellpairError):
    """An error of a quantum function; `code` is the one that its job ends with."""

    default_code = "function-failed"

    def __init__(self, detail: str, *, remedy: str | None = None, **members: Any) -> None:
        members.setdefault("code", self.default_code)
        super().__init__(detail, remedy=remedy, **members)


class InvalidCall(FunctionError, ValueError):
    """A quantum call cannot be made as it was written: circuits, observables, shapes, shots."""


class InvalidFunction(FunctionError, errors.InvalidFunction):
    """A module, or what it declares, cannot be a quantum function."""

    default_code = "function-invalid"


class InvalidInputs(FunctionError):
    """The inputs do not fit the function; `errors` lists each with its pointer."""

    default_code = "inputs-invalid"


class CallFailed(FunctionError):
    """A quantum call failed for good, such as by a task that the device could not run.

    A function may catch it and go on otherwise; the failure is journalled like a result.

    Attributes
    ----------
    again
        Whether nothing is wrong with the circuit: its task was not made for another's sake, and
        the same circuit may be asked for again.
    """

    default_code = "call-failed"

    def __init__(
        self, detail: str, *, remedy: str | None = None, again: bool = False, **members: Any
    ) -> None:
        super().__init__(detail, remedy=remedy, **members)
        self.again = again


class NonDeterministicFunction(FunctionError):
    """A repeated function did not make the call that its journal has.

    Attributes
    ----------
    index
        Which operation it was, from 0, counted since the last checkpoint.
    recorded, repeated
        What the journal has, and what the function asked for now: a word for the kind and 16
        digits of the fingerprint; ``None`` where there is no such operation.
    """

    default_code = "non-deterministic-function"

    def __init__(self, index: int, recorded: str | None, repeated: str | None) -> None:
        self.index, self.recorded, self.repeated = index, recorded, repeated
        if repeated is None:
            what = f"it ended, where its journal goes on with {recorded!r}"
        else:
            what = f"it asked for {repeated!r}, where its journal has {recorded!r}"
        super().__init__(
            f"Repeated by its journal, the function took another course at operation {index}: "
            f"{what}.",
            remedy=(
                "What decides about calls may only come from the inputs, from results, and from "
                "runtime.state, runtime.now(), runtime.random() and runtime.rng(): not from "
                "time, random, numpy.random, sets' order, files or other threads. Give "
                "optimisers their seed, such as seed=runtime.rng(). After a checkpoint a function "
                "begins by runtime.state."
            ),
        )


class OutputNotJson(FunctionError):
    """A function returned, or wanted to keep, what has no JSON form."""

    default_code = "output-invalid"


class LimitExceeded(FunctionError):
    """A function went past one of the service's limits."""

    default_code = "limit-exceeded"
