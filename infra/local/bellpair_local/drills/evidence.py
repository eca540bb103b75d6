"""All that a drill has seen, and the account that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bellpair_local.drills import accounting
from bellpair_local.drills.accounting import NOTHING, Away
from bellpair_local.drills.function_account import (
    FunctionAccount,
    LostRun,
    account_of_run,
    repeats,
)
from bellpair_local.drills.records import (
    FINAL,
    HealthSample,
    JobSeen,
    Mark,
    Operation,
    Submission,
    TaskSeen,
)


@dataclass(frozen=True)
class Takeover:
    """A change of the active region, and what it answered.

    Attributes
    ----------
    since
        When the outage began, or the operator asked for the change.
    accepting_at
        When the new active region first answered that it accepts.
    operation
        The pair's record of it, or ``None`` where none was seen.
    planned
        Whether an operator asked for it.
    """

    since: float
    region: str
    accepting_at: float
    operation: Operation | None
    planned: bool = False

    @property
    def detection_s(self) -> float | None:
        """From the outage to the decision to promote."""
        if self.planned or self.operation is None:
            return None
        return _span(self.since, self.operation.steps.get("promoting"))

    @property
    def promotion_s(self) -> float:
        """From the outage to the new active region's first word that it accepts."""
        return self.accepting_at - self.since

    @property
    def pause_s(self) -> float | None:
        """How long acceptance was paused by the protocol itself.

        A planned change pauses first; an unplanned one begins with its promoting write. Both end
        when the new region, after that write, has read in the record that it accepts.
        """
        if self.operation is None:
            return None
        steps = self.operation.steps
        return _span(steps.get("paused" if self.planned else "promoting"), steps.get("resumed"))

    @property
    def adoption_s(self) -> float | None:
        """From the promotion to the last adopted job."""
        if self.operation is None:
            return None
        return _span(self.operation.steps.get("promoted"), self.operation.steps.get("adopted"))


@dataclass(frozen=True)
class Evidence:
    """What was seen from outside.

    Attributes
    ----------
    began, ended
        Of the whole observation.
    held
        Spans in which the clients were held back.
    first_over, last
        Each job when it was first seen to be over, and at the very end.
    listed
        The ids of all the tenant's jobs, promised or not.
    replayed
        For each replayed submission the id it was first given and the one that the replay gave.
    operations
        The operations on the pair that had a step since the beginning, in that order.
    away
        What could not be reached at the end.
    waiting_at_loss
        How many jobs waited for a region's devices while it was lost.
    notes
        What one drill alone has to tell, by name.
    lost_run
        The function that a region was lost under, if the drill has one.
    """

    began: float
    ended: float
    submissions: Sequence[Submission]
    held: Sequence[tuple[float, float]]
    health: Sequence[HealthSample]
    takeovers: Sequence[Takeover]
    first_over: Mapping[str, JobSeen]
    last: Mapping[str, JobSeen]
    listed: frozenset[str]
    tasks: Sequence[TaskSeen]
    replayed: Sequence[tuple[str, str]]
    marks: Sequence[Mark]
    epoch_before: int
    epoch_after: int
    operations: Sequence[Operation] = ()
    away: Away = NOTHING
    waiting_at_loss: int | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    lost_run: LostRun | None = None

    @property
    def doubled(self) -> list[TaskSeen]:
        """The tasks of the drill's jobs that should not have been made.

        A function makes many, which are held against those of its undisturbed run.
        """
        ours = self.tasks_of_ours
        if self.lost_run is None:
            return accounting.duplicate_tasks(ours)
        of_runs = [task for task in self.tasks if task.job_id in self.lost_run.job_ids]
        others = [task for task in ours if task.job_id not in self.lost_run.job_ids]
        found = [
            *accounting.duplicate_tasks(others),
            *accounting.doubled_tokens(of_runs),
            *repeats(self.lost_run, of_runs).doubled,
        ]
        return list({task.arn: task for task in found}.values())

    @property
    def tasks_of_ours(self) -> list[TaskSeen]:
        """The tasks of the tenant's jobs, as far as they are part of the account."""
        known = self.listed.union(self.promised)
        return [task for task in self.tasks if task.job_id in known]

    @property
    def promised(self) -> list[str]:
        """The ids of the jobs that clients were promised."""
        return [made.job_id for made in self.submissions if made.job_id is not None]


@dataclass(frozen=True)
class Account:
    """The figures of a drill.

    Attributes
    ----------
    accepted
        Jobs promised to clients; the following counts are of these.
    waiting
        Jobs that wait for a device that cannot be reached.
    lost
        Promised jobs that the ledger does not have, or that neither ended nor wait.
    duplicate_tasks
        Tasks that should not have been made.
    client_errors
        Submissions that the client library gave up on.
    refused
        Submissions for a device that was known to be offline.
    unpromised
        Jobs that the ledger has and no client was promised: an answer was lost for good.
    unavailable_s
        Longest gap between successful submissions.
    jobs_per_s
        Jobs that ended, a second of the whole observation.
    stale_accepts
        Answers "I accept" of a region that had been overtaken before it was asked.
    run
        Of a function that a region was lost under.
    """

    accepted: int
    succeeded: int
    failed: int
    cancelled: int
    waiting: int
    waiting_at_loss: int | None
    lost: int
    duplicate_tasks: int
    client_errors: int
    refused: int
    unpromised: int
    replays: int
    replay_mismatches: int
    retried_attempts: int
    unavailable_s: float
    detection_s: float | None
    promotion_s: float | None
    pause_s: float | None
    adoption_s: float | None
    adopted: int | None
    epoch_before: int
    epoch_after: int
    epochs_fallen: int
    split_brain: int
    stale_accepts: int
    terminal_changed: int
    tasks: int
    seconds: float
    jobs_per_s: float
    run: FunctionAccount | None = None


def account(seen: Evidence) -> Account:
    """Count."""
    promised = seen.promised
    outcomes = accounting.outcomes(promised, seen.last)
    waiting = [
        job_id
        for job_id in promised
        if job_id in seen.last and accounting.waits(seen.last[job_id], seen.away)
    ]
    seconds = seen.ended - seen.began
    return Account(
        accepted=len(set(promised)),
        succeeded=outcomes["succeeded"],
        failed=outcomes["failed"],
        cancelled=outcomes["cancelled"],
        waiting=len(waiting),
        waiting_at_loss=seen.waiting_at_loss,
        lost=len(accounting.lost_jobs(promised, seen.last, seen.away)),
        duplicate_tasks=len(seen.doubled),
        client_errors=sum(made.error is not None for made in seen.submissions),
        refused=sum(made.refused is not None for made in seen.submissions),
        unpromised=len(seen.listed.difference(promised)),
        replays=len(seen.replayed),
        replay_mismatches=sum(first != second for first, second in seen.replayed),
        retried_attempts=sum(len(made.attempts) for made in seen.submissions),
        unavailable_s=round(accounting.longest_gap(seen.submissions, seen.held), 3),
        detection_s=_longest(takeover.detection_s for takeover in seen.takeovers),
        promotion_s=_longest(takeover.promotion_s for takeover in seen.takeovers),
        pause_s=_longest(takeover.pause_s for takeover in seen.takeovers),
        adoption_s=_longest(takeover.adoption_s for takeover in seen.takeovers),
        adopted=_total(seen.takeovers),
        epoch_before=seen.epoch_before,
        epoch_after=seen.epoch_after,
        epochs_fallen=accounting.epochs_fallen(seen.health),
        split_brain=len(accounting.split_brain(seen.health, seen.submissions)),
        stale_accepts=len(accounting.stale_accepting(seen.health)),
        terminal_changed=len(accounting.changed_after_end(seen.first_over, seen.last)),
        tasks=len(seen.tasks_of_ours),
        seconds=round(seconds, 1),
        jobs_per_s=round(sum(outcomes[status] for status in FINAL) / seconds, 2),
        run=account_of_run(seen.lost_run, seen.tasks) if seen.lost_run else None,
    )


def _span(began: float | None, ended: float | None) -> float | None:
    return None if began is None or ended is None else max(0.0, ended - began)


def _longest(spans: Any) -> float | None:
    known = [span for span in spans if span is not None]
    return round(max(known), 3) if known else None


def _total(takeovers: Sequence[Takeover]) -> int | None:
    known = [t.operation.adopted for t in takeovers if t.operation and t.operation.adopted]
    return sum(known) if known else None
