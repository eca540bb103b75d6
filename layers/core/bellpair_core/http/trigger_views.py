"""Triggers as the API shows them: plain JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bellpair_core.logic.triggers.redrive_trigger import Redriven
from bellpair_core.logic.triggers.try_trigger import Trial
from bellpair_core.model.errors import BellpairError
from bellpair_core.model.trigger import INBOX_FOLDER, InboxSource, Trigger
from bellpair_core.settings import Settings


def trigger_view(trigger: Trigger, settings: Settings) -> dict[str, Any]:
    """A trigger, with the addresses of what it waits for."""
    inbox: dict[str, str] = {}
    if isinstance(trigger.source, InboxSource):
        folder = f"{INBOX_FOLDER}/{trigger.tenant}"
        inbox = {
            region: f"s3://{bucket}/{folder}/{trigger.source.prefix}"
            for region, bucket in settings.inbox_buckets.items()
        }
    return {
        "name": trigger.name,
        "source": trigger.source.model_dump(mode="json", exclude_none=True),
        "function": trigger.function,
        "inputs": dict(trigger.inputs),
        "circuit": trigger.circuit.model_dump(mode="json") if trigger.circuit else None,
        "device": trigger.device,
        "max_cost_usd": trigger.max_cost_usd,
        "paused": trigger.paused,
        "created_at": _time(trigger.created_at),
        "armed_at": _time(trigger.armed_at),
        "inbox": inbox,
    }


def triggers_view(triggers: Sequence[Trigger], settings: Settings) -> dict[str, Any]:
    """A tenant's triggers."""
    return {"triggers": [trigger_view(trigger, settings) for trigger in triggers]}


def deleted_trigger_view(trigger: Trigger) -> dict[str, Any]:
    """A trigger that is gone."""
    return {"name": trigger.name, "deleted": True}


def trial_view(trial: Trial) -> dict[str, Any]:
    """What would come of something."""
    problem, firing = trial.problem, trial.firing
    return {
        "name": trial.trigger.name,
        "waits_for_this": trial.waits,
        "paused": trial.trigger.paused,
        "inputs": dict(firing.inputs) if firing is not None else None,
        "problem": None if problem is None else _problem(problem),
        "next_times": [_time(at) for at in trial.times],
    }


def _problem(problem: BellpairError) -> dict[str, Any]:
    said = {"code": problem.code.value, "message": problem.detail, "remedy": problem.remedy}
    return {**said, "errors": problem.members.get("errors", [])}


def redriven_view(done: Redriven) -> dict[str, Any]:
    """What was given to a trigger again."""
    return {
        "name": done.trigger.name,
        "redriven": done.redriven,
        "lost": done.lost,
        "more": done.more,
        "in_flight": done.in_flight,
        "before": _time(done.before),
        "regions_away": list(done.away),
        "reasons": [
            {"code": each.code, "message": each.detail, "remedy": each.remedy}
            for each in done.reasons
        ],
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
