"""Many circuits in one job: results in order, and one that fails leaves the others alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bellpair.errors import BellpairError
from bellpair.functions.errors import CallFailed, FunctionError, InvalidCall, LimitExceeded
from bellpair.functions.json_forms import json_form
from bellpair.functions.limits import CALL_BITS_MAX, CALL_BYTES_MAX, CALL_PROGRAMS_MAX
from bellpair.functions.plan import Call
from bellpair.functions.text_circuits import declared_bits

if TYPE_CHECKING:
    from bellpair.functions.runtime import Runtime

Pub = Mapping[str, Any]


def run_batch(
    runtime: Runtime, pubs: Sequence[Pub], planned: Callable[[Pub], Call[Any]]
) -> dict[str, Any]:
    """Run pubs in as few calls as they go into.

    Parameters
    ----------
    planned
        The call of one pub; it may raise what is wrong with it.

    Returns
    -------
    dict
        ``results``, one for each pub in order: ``{"status": "succeeded", …}`` or
        ``{"status": "failed", "error": {"code", "message", "remedy"}}``; how many ``failed``;
        ``circuits``, ``shots`` and ``cost_usd`` of all together, and ``device``.

    Raises
    ------
    BellpairError
        The first pub's error, where all failed.
    """
    if not pubs:
        raise InvalidCall("There is no circuit.", remedy='Give one, such as [{"circuit": …}].')
    outcomes: dict[int, Any] = {number: _attempted(planned, pub) for number, pub in enumerate(pubs)}
    calls = {number: one for number, one in outcomes.items() if isinstance(one, Call)}
    done, cost = 0, 0.0
    for batch in _batches(calls):
        asked = batch
        while asked:
            results = _gathered(runtime, [calls[number] for number in asked])
            outcomes.update(zip(asked, results, strict=True))
            cost += max((getattr(result, "cost_usd", 0.0) for result in results), default=0.0)
            asked = _to_be_repeated(asked, outcomes)
        done += len(batch)
        runtime.progress(done / len(calls), f"{done} of {len(calls)} circuits")
    errors = [one for one in outcomes.values() if isinstance(one, BellpairError)]
    if len(errors) == len(outcomes):
        raise errors[0]
    good = [one for one in outcomes.values() if not isinstance(one, BellpairError)]
    return {
        "results": [_told(one, alone=len(pubs) == 1) for one in outcomes.values()],
        "failed": len(errors),
        "circuits": sum(one.circuits for one in good),
        "shots": sum(getattr(one, "shots_used", one.shots) for one in good),
        "cost_usd": cost,
        "device": good[0].device,
    }


def stack_of(
    pub: Pub, options: list[str | dict[str, Any]] | None, level: int | None
) -> dict[str, Any]:
    """The options or the level of a pub: its own, or else the job's."""
    if pub.get("options") is None and pub.get("level") is None:
        return {"options": options, "level": level}
    return {"options": pub.get("options"), "level": pub.get("level")}


def _attempted(planned: Callable[[Pub], Call[Any]], pub: Pub) -> Call[Any] | BellpairError:
    try:
        return planned(pub)
    except BellpairError as error:
        return error


def _gathered(runtime: Runtime, calls: Sequence[Call[Any]]) -> list[Any]:
    try:
        return runtime.gather(calls, return_errors=True)
    except LimitExceeded as error:
        # Several calls are no more than one takes, so this is one that is too much by itself.
        return [error] * len(calls)


def _to_be_repeated(asked: Sequence[int], outcomes: Mapping[int, Any]) -> list[int]:
    """The calls that failed for others' sake, which are fewer each time; else none."""
    again = [
        number
        for number in asked
        if isinstance(outcomes[number], CallFailed) and outcomes[number].again
    ]
    return again if len(again) < len(asked) else []


def _batches(calls: Mapping[int, Call[Any]]) -> Iterator[list[int]]:
    """The calls' numbers, as many together as one quantum call takes."""
    batch: list[int] = []
    filled: tuple[int, ...] = (0, 0, 0)
    for number, call in calls.items():
        size = _size(call)
        together = tuple(a + b for a, b in zip(filled, size, strict=True))
        if batch and any(
            part > limit
            for part, limit in zip(
                together, (CALL_PROGRAMS_MAX, CALL_BYTES_MAX, CALL_BITS_MAX), strict=True
            )
        ):
            yield batch
            batch, together = [], size
        batch.append(number)
        filled = together
    if batch:
        yield batch


def _size(call: Call[Any]) -> tuple[int, ...]:
    """Circuits, bytes of OpenQASM, and bits that are read, of one call."""
    return (
        len(call.programs),
        sum(len(program.source.encode()) for program in call.programs),
        sum(program.shots * declared_bits(program.source) for program in call.programs),
    )


def _told(outcome: Any, *, alone: bool) -> dict[str, Any]:
    """What a pub came to; of one that is alone, also what the compiler tells of its circuit."""
    if isinstance(outcome, BellpairError):
        return {
            "status": "failed",
            "error": {
                "code": outcome.code or FunctionError.default_code,
                "message": outcome.detail,
                "remedy": outcome.remedy,
            },
        }
    form: dict[str, Any] = json_form(outcome.to_dict(), "the result")
    successes = [one.get("estimated_success") for one in outcome.metrics if one]
    told = {"status": "succeeded", **form, "estimated_success": successes}
    if alone:
        told["metrics"] = next((dict(one) for one in outcome.metrics if one), None)
    return told
