"""The stage that leaves a function waiting, outside of any process, for the tasks of its call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellpair_core.logic.jobs.amend_job import amend_job, owned_job
from bellpair_core.logic.jobs.function_places import give_place_back
from bellpair_core.logic.jobs.waiting_note import PAYLOADS_AWAY
from bellpair_core.logic.journal.fold_journal import PendingCall
from bellpair_core.logic.journal.kept_journals import KeptJournals
from bellpair_core.model.job import Job, JobStatus, Parked
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Journal, Ledger, Workflows

from .call_desk import CallDesk
from .settle_call import CallWatch


def park_function(
    job_id: str,
    epoch: int,
    attempt: int,
    wake_token: str,
    *,
    ledger: Ledger,
    journal: Journal,
    workflows: Workflows,
    clock: Clock,
    desk: CallDesk,
    spent: Callable[[], Usage] = Usage,
    journals: KeptJournals | None = None,
) -> str:
    """Leave word whom to wake when the call's tasks are over; wake it here if they are.

    The word is in the job's record before the tasks are asked for. So a task that ends before is
    seen here, and the event of one that ends later finds the word. When nothing wakes the
    execution, it looks again after a while. What waits holds no place among the functions at work.

    Parameters
    ----------
    spent
        What was consumed since it was last asked; goes on the job's account with the word.
    journals
        What a warm process read before.

    Returns
    -------
    str
        What it waits for, for the log.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`.
    """
    job = owned_job(ledger, job_id, epoch, attempt)
    journals = journals or KeptJournals(journal)
    waits_for = _Waiting(ledger, journal, journals, clock, desk, spent).look(job, wake_token)
    if waits_for is None:
        workflows.answer(wake_token, {"woken": "there is something to go on with"})
        return "nothing"
    if give_place_back(ledger, job):
        desk.wakeups.wake(job.queue)
    return waits_for


@dataclass(frozen=True)
class _Waiting:
    ledger: Ledger
    journal: Journal
    journals: KeptJournals
    clock: Clock
    desk: CallDesk
    spent: Callable[[], Usage]

    def look(self, job: Job, wake_token: str) -> str | None:
        """What the function waits for; ``None`` where its next turn may begin now."""
        if job.result is not None or job.cancel_requested or job.status is JobStatus.PAUSED:
            return None
        folded = self.journals.read(job.id)
        pending = sorted(folded.pending.values(), key=lambda one: one.line)
        now = self.clock()
        if now >= job.ends_by:
            return None
        if not pending and not folded.timers(now):
            # The turn that noted this looked just now, and the next looks again.
            return job.waiting_for if job.waiting_for == PAYLOADS_AWAY else None
        if any(one.launched is None for one in pending):
            # Whoever made the call died over it; the next turn looks after it.
            return None
        made = [one for one in pending if _launched(one)]
        if not made:
            return "a device that takes tasks" if pending else "time to pass"
        return self._for_tasks(job, made, wake_token)

    def _for_tasks(self, job: Job, made: Sequence[PendingCall], wake_token: str) -> str | None:
        first, consumed = made[0], self.spent()
        parked = Parked(call=first.line, wake_token=wake_token, tasks=_launched(first))

        def with_word(job: Job) -> Job:
            if job.parked == parked:
                return job
            return job.moved(self.clock(), parked=parked, usage=job.usage + consumed)

        job = amend_job(self.ledger, job, with_word, attempt=job.attempt)
        for one in made:
            watch = CallWatch(self.desk, job, one)
            over = watch.all_over()
            if one.line == first.line:
                for place in watch.over:
                    noted = self.journal.note_over(job.id, one.line, place)
                    over = over or noted >= parked.tasks
            # Where more is to be launched than the device takes, the next turn has just tried.
            if over and one.launched and None not in one.launched.arns:
                return None
        return f"{parked.tasks} tasks of the call on line {first.line}"


def _launched(pending: PendingCall) -> int:
    """How many of the call's tasks were made."""
    arns = pending.launched.arns if pending.launched else ()
    return sum(arn is not None for arn in arns)
