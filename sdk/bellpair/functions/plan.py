"""Calls described but not made yet, and what comes back from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bellpair.functions.errors import CallFailed, InvalidCall, LimitExceeded
from bellpair.functions.limits import CALL_BYTES_MAX, CALL_PROGRAMS_MAX, SHOTS_MAX

Result = TypeVar("Result")


@dataclass(frozen=True)
class Program:
    """OpenQASM text, and how often it is to be run."""

    source: str
    shots: int


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
    """

    counts: Mapping[str, int]
    shots: int
    bits: int


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


def payload_of(calls: Sequence[Call[Any]]) -> dict[str, Any]:
    """What is sent for these calls together.

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
    programs = [
        {"source": program.source, "shots": program.shots}
        for call in calls
        for program in call.programs
    ]
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
    return {"programs": programs, "device": devices.pop() if devices else None}


def results_of(calls: Sequence[Call[Result]], value: Any) -> list[Result]:
    """Each call's own result, from what came back for all of them."""
    try:
        measured = [
            Measured(dict(one["counts"]), int(one["shots"]), int(one["bits"]))
            for one in value["results"]
        ]
        origin = Origin(
            value.get("device"), value.get("calibration_id"), value.get("cost_usd") or 0.0
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CallFailed(
            "The result of the call cannot be read.", remedy="Update bellpair in the worker."
        ) from None
    if len(measured) != sum(len(call.programs) for call in calls):
        raise CallFailed("The result of the call has another number of circuits than the call.")
    results, start = [], 0
    for call in calls:
        end = start + len(call.programs)
        results.append(call.read(measured[start:end], origin))
        start = end
    return results


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
