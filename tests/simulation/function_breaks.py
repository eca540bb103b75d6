"""Deliberate breaks of what keeps functions, each of which the simulation must find."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bellpair_core.logic.runs.spending import Spending
from bellpair_core.model.device import DeviceKind
from bellpair_core.model.errors import LedgerConflict
from bellpair_core.model.journal import Line
from bellpair_core.model.pair import OperationKind

from .breaks import Break, a_launch_runs_anew
from .function_clients import Wish
from .functions import HANDLERS, Process
from .plan import operate
from .world import World


def functions_run(world: World) -> None:
    """No break: there are functions in the schedule, with caps and checkpoints."""
    random = world.random
    for device in ("ion-11", "square-20", "sv1"):
        wish = Wish(device, calls=(1, 2, 1), checkpoint=1, cap=random.choice((None, 0.5)))
        world.add_function(wish, starts=random.random() * 10, cancels=None)


def the_journal_has_no_fence(world: World) -> None:
    """The last writer of a line wins."""

    def append(job_id: str, line: Line) -> None:
        log = world.journal.logs.setdefault(job_id, [])
        log[line.number - 1 : line.number] = [line]
        world.referee.calls.appended(job_id, world.ledger.writer)

    world.journal.append = append  # type: ignore[method-assign]


def a_call_is_made_before_its_intent(world: World) -> None:
    """The intent is still on its way when the tasks are made."""
    conditional = world.journal.append

    def append(job_id: str, line: Line) -> None:
        if line.call is None:
            conditional(job_id, line)
            return

        def written() -> None:
            with suppress(LedgerConflict):
                conditional(job_id, line)

        world.scheduler.after(0.5, written)

    world.journal.append = append  # type: ignore[method-assign]


def any_ticket_is_taken(world: World) -> None:
    """Who knows a run's number may speak for it."""

    def broker(process: Process, request: dict[str, Any]) -> Any:
        begun = world.journal.line(request["job_id"], request["run"])
        ticket = next(
            known
            for known in world.tickets
            if begun and hashlib.sha256(known.encode()).hexdigest() == begun.ticket
        )
        return HANDLERS["broker"](process, {**request, "ticket": ticket})

    world.handlers["broker"] = broker


def a_checkpoint_is_not_read(world: World) -> None:
    """A journal is read from behind its last checkpoint, and not from it."""
    _with_lines(world, lambda line: {"base": line.base + 1} if line.base else {})


def what_is_spent_is_not_kept(world: World) -> None:
    """Each call counts from nothing what was spent."""
    _with_lines(world, lambda line: {"spent_usd": 0.0})


def _with_lines(world: World, changes: Callable[[Line], dict[str, Any]]) -> None:
    conditional = world.journal.append

    def append(job_id: str, line: Line) -> None:
        conditional(job_id, line.model_copy(update=changes(line)))

    world.journal.append = append  # type: ignore[method-assign]


def caps_hold_nobody(world: World) -> None:
    """Whatever a call costs, it may be made."""

    class Generous(Spending):
        def reserve(self, *_: Any) -> None:
            return

    def broker(process: Process, request: dict[str, Any]) -> Any:
        process.spending = Generous(process.journal, process.clock, world.tenant)
        return HANDLERS["broker"](process, request)

    world.handlers["broker"] = broker


def a_run_is_told_nothing(world: World) -> None:
    """A run begins without the results of the calls that were made."""

    def broker(process: Process, request: dict[str, Any]) -> Any:
        answer = HANDLERS["broker"](process, request)
        return {**answer, "operations": []} if request["op"] == "open" else answer

    world.handlers["broker"] = broker


def a_qpu_is_taken_for_a_simulator(world: World) -> None:
    """A call on hardware is made anew when its service is silent."""
    a_region_is_lost(world)
    for region in world.regions.values():
        region.devices = [
            device.model_copy(update={"kind": DeviceKind.SIMULATOR}) for device in region.devices
        ]
        offered = tuple(
            device.model_copy(update={"region": None}) for device in region.settings.devices
        )
        region.settings = region.settings.model_copy(update={"devices": offered})


def a_replay_gives_other_results(world: World) -> None:
    """Each run hears of other results than the one before."""
    told = 0

    def broker(process: Process, request: dict[str, Any]) -> Any:
        nonlocal told
        answer = HANDLERS["broker"](process, request)
        told += 1
        for operation in answer.get("operations", ()) if request["op"] == "open" else ():
            details = operation.get("ChainedInvokeDetails") or {}
            if "Result" in details:
                other = details["Result"].replace('"00":', f'"{told}":')
                operation["ChainedInvokeDetails"] = {"Result": other}
        return answer

    world.handlers["broker"] = broker


def a_region_is_lost(world: World) -> None:
    """No break: the active region is lost with its device service, and the other one promoted."""
    random, scheduler = world.random, world.scheduler
    active = world.regions[world.ledger.pair_record.active]
    away = f"devices of {active.name}"

    def lose() -> None:
        world.kill(active)
        world.network.down.add(away)
        operate(world, OperationKind.FAILOVER)

    scheduler.at(5 + random.random() * 15, lose)


FUNCTION_BREAKS: dict[Break, str] = {
    the_journal_has_no_fence: "was written over",
    a_call_is_made_before_its_intent: "which is no intent of it",
    any_ticket_is_taken: "no run may ask for",
    a_checkpoint_is_not_read: "and there were 1",
    what_is_spent_is_not_kept: "its cap is",
    caps_hold_nobody: "its cap is",
    a_run_is_told_nothing: "and there were 1",
    a_qpu_is_taken_for_a_simulator: "a QPU ran the first",
    a_replay_gives_other_results: "another one",
    a_launch_runs_anew: "another token than its intent's",
}
"""Each with words of what the referee says of it."""
