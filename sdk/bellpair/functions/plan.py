"""Calls described but not made yet, and what comes back from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bellpair.functions.errors import CallFailed, InvalidCall, LimitExceeded
from bellpair.functions.limits import CALL_BYTES_MAX, CALL_PROGRAMS_MAX, SHOTS_MAX

Result = TypeVar("Result")


@dataclass(frozen=True)
class Program:
    """OpenQASM text, and how often it is to be run.

    Attributes
    ----------
    source
        OpenQASM 2 or 3.
    shots
        How often it is run.
    values
        Of the inputs that the source declares (``input float …``), in their order, for a program
        that is compiled once for many sets of values; ``None`` where nothing is left open.
    transforms
        What is done to the compiled program's native operations, in this order; each an object
        with a ``name`` and that transform's parameters.
    text
        The source with the values written into it, where there are any: what a service is sent
        that does not take values, and what calls are told apart by.
    """

    source: str
    shots: int
    values: tuple[float, ...] | None = None
    transforms: tuple[Mapping[str, Any], ...] = ()
    text: str | None = None

    @property
    def written(self) -> str:
        """The program with nothing left open.

        Raises
        ------
        InvalidCall
            If it has values, and no text with them.
        """
        if self.values is None:
            return self.source
        if self.text is None:
            raise InvalidCall(
                "The program has values, and no text with them written in.",
                remedy="Update the package that brings the option, or write the values in.",
            )
        return self.text


@dataclass(frozen=True)
class Measured:
    """What one program gave.

    Attributes
    ----------
    counts
        How often each bit string was read; the rightmost character is bit 0 of the first
        classical register.
    shots
        How often it was run.
    bits
        Length of the bit strings.
    readout
        For each bit, the rightmost first: the chances that its qubit is read as 1 where it is 0,
        and as 0 where it is 1, from the calibration that it was compiled against. ``None`` where
        the device tells nothing.
    qubits
        For each bit, the device's qubit that it was read from.
    metrics
        What the compiler tells about its work.
    """

    counts: Mapping[str, int]
    shots: int
    bits: int
    readout: tuple[tuple[float, float] | None, ...] | None = None
    qubits: tuple[int | None, ...] | None = None
    metrics: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Origin:
    """Where results come from, and what their whole call cost in US dollars."""

    device: str | None = None
    calibration_id: str | None = None
    cost_usd: float = 0.0


@dataclass(frozen=True)
class Call(Generic[Result]):
    """A quantum call that `Runtime.gather` makes together with others.

    Made by ``runtime.sampler.later(…)`` and ``runtime.estimator.later(…)``, which check
    everything already.

    Attributes
    ----------
    kind
        ``"sample"`` or ``"estimate"``.
    programs
        What is sent.
    device
        The device asked for by the call itself.
    """

    kind: str
    programs: tuple[Program, ...]
    device: str | None
    read: Callable[[Sequence[Measured], Origin], Result]


VALUES = "values"
"""What a service says it takes that compiles a program once and binds its values later."""

PARTIAL = "partial"
"""What a service says it takes that tells the failure of one circuit in its result."""


def payload_of(
    calls: Sequence[Call[Any]], takes: Collection[str] = (), *, partial: bool = False
) -> dict[str, Any]:
    """What is sent for these calls together.

    Parameters
    ----------
    takes
        What the service takes beside circuits and shots: `VALUES`, `PARTIAL`.
    partial
        Whether the failure of one circuit is to be told in its result, where the service takes
        that, and not to fail them all.

    Raises
    ------
    InvalidCall
        If they ask for several devices.
    LimitExceeded
        If they are too much for one call.
    """
    devices = {call.device for call in calls}
    if len(devices) > 1:
        raise InvalidCall(
            f"Calls made together go to one device, not to {sorted(map(str, devices))}.",
            remedy="Gather the calls of each device by themselves.",
        )
    programs = [_sent(program, late=VALUES in takes) for call in calls for program in call.programs]
    if len(programs) > CALL_PROGRAMS_MAX:
        raise LimitExceeded(
            f"One call has {len(programs):,} circuits, parameters and bases written out; at "
            f"most {CALL_PROGRAMS_MAX:,} are allowed.",
            remedy="Split it into several calls.",
        )
    size = sum(len(str(program["source"]).encode()) for program in programs)
    if size > CALL_BYTES_MAX:
        raise LimitExceeded(
            f"The circuits of one call have {size:,} bytes of OpenQASM; at most "
            f"{CALL_BYTES_MAX:,} are allowed.",
            remedy="Split it into several calls.",
        )
    payload: dict[str, Any] = {"programs": programs, "device": devices.pop() if devices else None}
    if partial and PARTIAL in takes:
        payload["partial"] = True
    return payload


def results_of(calls: Sequence[Call[Result]], value: Any) -> list[Result]:
    """Each call's own result, from what came back for all of them.

    Raises
    ------
    CallFailed
        If a circuit could not be run, or what came back cannot be read.
    """
    results: list[Result] = []
    for result in results_or_errors(calls, value):
        if isinstance(result, CallFailed):
            raise result
        results.append(result)
    return results


def results_or_errors(calls: Sequence[Call[Result]], value: Any) -> list[Result | CallFailed]:
    """Each call's own result, or the error of its first circuit that could not be run; of one that
    may be asked for again only where there is no other.

    Raises
    ------
    CallFailed
        If what came back cannot be read.
    """
    try:
        measured = [_measured(one) for one in value["results"]]
        origin = Origin(
            value.get("device"), value.get("calibration_id"), value.get("cost_usd") or 0.0
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CallFailed(
            "The result of the call cannot be read.", remedy="Update bellpair in the worker."
        ) from None
    if len(measured) != sum(len(call.programs) for call in calls):
        raise CallFailed("The result of the call has another number of circuits than the call.")
    results: list[Result | CallFailed] = []
    start = 0
    for call in calls:
        own = measured[start : start + len(call.programs)]
        start += len(own)
        errors = [one for one in own if isinstance(one, CallFailed)]
        # What is wrong with a circuit goes before what befell it for another's sake.
        error = min(errors, key=lambda one: one.again, default=None)
        good = [one for one in own if not isinstance(one, CallFailed)]
        results.append(error or call.read(good, origin))
    return results


def _sent(program: Program, *, late: bool) -> dict[str, Any]:
    # Members that say nothing are left out: what was recorded before there were any still fits.
    source = program.source if late else program.written
    sent: dict[str, Any] = {"source": source, "shots": program.shots}
    if late and program.values is not None:
        sent["values"] = list(program.values)
    if program.transforms:
        sent["transforms"] = [dict(transform) for transform in program.transforms]
    return sent


def _measured(one: Mapping[str, Any]) -> Measured | CallFailed:
    error = one.get("error")
    if error is not None:
        return CallFailed(
            str(error.get("message") or "The circuit could not be run."),
            remedy=error.get("remedy"),
            code=str(error.get("code") or CallFailed.default_code),
            again=error.get("again") is True,
        )
    readout, qubits = one.get("readout"), one.get("qubits")
    return Measured(
        counts=dict(one["counts"]),
        shots=int(one["shots"]),
        bits=int(one["bits"]),
        readout=readout and tuple(pair and (float(pair[0]), float(pair[1])) for pair in readout),
        qubits=qubits and tuple(qubits),
        metrics=one.get("metrics"),
    )


def checked_shots(shots: Any) -> int:
    """The number of shots, if it is one.

    Raises
    ------
    InvalidCall
        If it isn't a whole number in the service's range.
    """
    whole = getattr(shots, "item", lambda: shots)() if not isinstance(shots, int) else shots
    if not isinstance(whole, int) or isinstance(whole, bool) or not 1 <= whole <= SHOTS_MAX:
        raise InvalidCall(
            f"{shots!r} cannot be a number of shots.",
            remedy=f"Give a whole number from 1 to {SHOTS_MAX:,}.",
        )
    return whole
