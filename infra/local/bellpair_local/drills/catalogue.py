"""The drills by name, and the figures that each must reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bellpair_local.drills import (
    device_drills,
    expo,
    operator_drills,
    partition_drill,
    region_drills,
    zone_drills,
)
from bellpair_local.drills.closing import close
from bellpair_local.drills.evidence import Account, account
from bellpair_local.drills.figures import Figure, at_least, at_most, exactly
from bellpair_local.drills.function_loss import lose_region_during
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.rehearsal import Rehearsal
from bellpair_local.drills.report import Report

UNAVAILABLE_S = 10.0
PAUSE_S = 0.5
SWITCH_S = 60.0
REPEATED_MAX = 1
"""Calls that may be made again: the one that was under way when its region was lost."""
DURING_RATE = 2.0
"""Submissions a second beside a function: a stream that is there before, at and after the loss."""

Limits = Callable[[Account, Mapping[str, Any], Plan], Sequence[Figure]]


@dataclass(frozen=True)
class Drill:
    """A drill.

    Attributes
    ----------
    summary
        What it does, in a line.
    hold
        Holds it, up to the point where all is submitted or soon will be.
    limits
        The figures asked for: from the account, the drill's own notes and the plan.
    jobs
        Submissions, unless another number is asked for.
    """

    name: str
    summary: str
    hold: Callable[[Rehearsal], None]
    limits: Limits
    jobs: int = 100


def region_loss_during(function: str) -> Drill:
    """The loss of a region in the middle of a function's loop.

    Parameters
    ----------
    function
        The name of one of the examples.

    Raises
    ------
    LocalCloudError
        If there is none of this name.
    """
    return replace(
        DRILLS["region-loss"],
        hold=lose_region_during(function),
        limits=_function_loss,
        jobs=60,
    )


def held(drill: Drill, rehearsal: Rehearsal, plan: Plan) -> Report:
    """Hold a drill and report on it.

    Raises
    ------
    BellpairError
        If the platform does not answer where it must.
    LocalCloudError
        If something cannot be broken, or does not get well.
    """
    device_drills.keep_busy(rehearsal)
    drill.hold(rehearsal)
    seen = close(rehearsal)
    rehearsal.mends(device_drills.BUSY)
    counted = account(seen)
    figures = [
        *_always(counted, healed=rehearsal.heal),
        *drill.limits(counted, seen.notes, plan),
    ]
    return Report(drill.name, plan, seen, counted, figures)


def _always(told: Account, *, healed: bool) -> list[Figure]:
    """Nothing is lost, nothing paid for twice, and no two regions accept."""
    zeros = {
        "lost": told.lost,
        "failed": told.failed,
        "cancelled": told.cancelled,
        "duplicate_tasks": told.duplicate_tasks,
        "client_errors": told.client_errors,
        "replay_mismatches": told.replay_mismatches,
        "split_brain": told.split_brain,
        "stale_accepts": told.stale_accepts,
        "epochs_fallen": told.epochs_fallen,
        "terminal_changed": told.terminal_changed,
    }
    if healed:
        zeros["waiting"] = told.waiting
    return [exactly(name, value, 0) for name, value in zeros.items()]


def _promotions(told: Account, number: int) -> Figure:
    return exactly("promotions", told.epoch_after - told.epoch_before, number)


def _region_loss(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    return [
        _promotions(told, 1),
        at_most("unavailable_s", told.unavailable_s, UNAVAILABLE_S),
        at_most("pause_s", told.pause_s, PAUSE_S),
    ]


def _function_loss(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    run = told.run
    assert run is not None, "the drill leaves a run"
    return [
        *_region_loss(told, notes, plan),
        exactly("trajectory_identical", int(run.trajectory_identical), 1),
        at_most("calls_repeated", run.calls_repeated, REPEATED_MAX),
        at_least("calls_at_loss", run.calls_at_loss, 1),
        at_least("calls_after_loss", run.calls - run.calls_at_loss, 1),
    ]


def _zombie(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    return [
        _promotions(told, 1),
        at_most("pause_s", told.pause_s, PAUSE_S),
        at_least("knows_that_it_is_passive", notes.get("knows_that_it_is_passive"), 1),
    ]


def _partition(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    return [
        *_zombie(told, notes, plan),
        exactly("promotions_while_parted", notes.get("promotions_while_parted"), 0),
        at_least("accepted_while_parted", notes.get("accepted_while_parted"), 1),
    ]


def _no_promotion(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    return [_promotions(told, 0)]


def _planned(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    # What is drained may take its time, up to the operator's limit; nobody loses anything by it.
    return [_promotions(told, 1), at_most("pause_s", told.pause_s, SWITCH_S)]


def _qpu_loss(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    states = notes.get("breaker_states") or []
    return [
        _promotions(told, 0),
        at_least("breaker_opened", states.count("open"), 1),
        exactly("breaker_closed", int(bool(states) and states[-1] == "closed"), 1),
        at_least("redirected", notes.get("redirected"), 1),
        exactly("not_compiled_anew", notes.get("not_compiled_anew"), 0),
        exactly(
            "waiting_silently",
            (told.waiting_at_loss or 0) - (notes.get("waiting_jobs_that_say_so") or 0),
            0,
        ),
    ]


def _event_loss(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    return [_promotions(told, 0), at_least("events_repeated", notes.get("events_repeated"), 1)]


def _expo(told: Account, notes: Mapping[str, Any], plan: Plan) -> list[Figure]:
    return [
        _promotions(told, 1),
        at_most("unavailable_s", told.unavailable_s, UNAVAILABLE_S),
        at_most("pause_s", told.pause_s, PAUSE_S),
        at_most("seconds", told.seconds, expo.seconds_allowed(plan)),
    ]


_ALL = (
    Drill(
        "region-loss",
        "Kill the active region under load; heal it afterwards.",
        region_drills.region_loss,
        _region_loss,
        jobs=300,
    ),
    Drill(
        "region-freeze",
        "Stop the active region, and let it run again when it has been replaced.",
        region_drills.region_freeze,
        _zombie,
    ),
    Drill(
        "zone-loss",
        "Kill a third of the active region's workers, three times.",
        zone_drills.zone_loss,
        _no_promotion,
        jobs=300,
    ),
    Drill(
        "partition",
        "Cut the active region from the ledger, later from its peer.",
        partition_drill.partition,
        _partition,
    ),
    Drill(
        "switchover",
        "Have an operator switch the active region.",
        operator_drills.switchover,
        _planned,
    ),
    Drill(
        "failback",
        "Have an operator switch back to the primary region.",
        operator_drills.failback,
        _planned,
    ),
    Drill(
        "qpu-loss",
        "Take a QPU offline with tasks in its queue; bring it back later.",
        device_drills.qpu_loss,
        _qpu_loss,
    ),
    Drill(
        "event-loss",
        "Drop the devices' events, then repeat them in any order.",
        device_drills.event_loss,
        _event_loss,
    ),
    Drill(
        "expo",
        "The exhibition's jobs, with two zones, a region and a QPU lost on the way.",
        expo.expo,
        _expo,
        jobs=2000,
    ),
)
DRILLS: Mapping[str, Drill] = {drill.name: drill for drill in _ALL}
