"""The stage that says what comes next for a function: another run, more waiting, or its end."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bellpair_core.logic.jobs.amend_job import amend_job, owned_job
from bellpair_core.logic.jobs.function_places import give_place_back, take_place_again
from bellpair_core.logic.jobs.pause_job import pause_job
from bellpair_core.logic.jobs.waiting_note import PAYLOADS_AWAY, note_waiting
from bellpair_core.logic.journal.fold_journal import Folded
from bellpair_core.logic.journal.journal_log import (
    JournalWriter,
    Overtaken,
    following,
)
from bellpair_core.logic.journal.kept_journals import KeptJournals
from bellpair_core.model.errors import (
    ErrorCode,
    Fenced,
    JobCancelled,
    JobFailed,
    LedgerConflict,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.journal import Line
from bellpair_core.model.limits import BROKER_TIME, LOOPS_MAX, RUNS_WITHOUT_PROGRESS_MAX
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Journal, Ledger, Workflows
from bellpair_core.settings import Settings

from .call_desk import CallDesk
from .keep_result import keep_result
from .look_after_calls import CallBook
from .settle_call import CallWatch
from .spending import CapReached, Spending

_TRIES = 5
_SETTLE = "settle-"
_LOOKED_BACK = 64
_SHOWN_CHARACTERS = 500

_NO_FAULT_OF_ITS = frozenset(
    {
        "TransientFault",
        "broker-unreachable",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    }
)
"""Ends of runs that the platform brought about; no function fails by them."""

_BROKER_FAILED = "broker-failed"
"""The broker was there, and failed at the same request each time."""

_OUT_OF_TIME = frozenset(
    {"function-timed-out", "Sandbox.Timedout", "States.Timeout", "Lambda.Unknown"}
)


@dataclass(frozen=True)
class Resumption:
    """What it takes to resume functions.

    Attributes
    ----------
    new_ticket
        Makes a run's ticket; nobody can guess it.
    spent
        What was consumed since it was last asked; goes on the journal's lines.
    """

    ledger: Ledger
    journal: Journal
    workflows: Workflows
    clock: Clock
    settings: Settings
    desk: CallDesk
    spending: Spending
    new_ticket: Callable[[], str] = field(default=lambda: secrets.token_urlsafe(32))
    spent: Callable[[], Usage] = Usage

    def resume(
        self,
        job_id: str,
        epoch: int,
        attempt: int,
        *,
        turn: int = 0,
        crash: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Settle what the function waits for, and say what is next.

        Safe to repeat, and to run twice at once: each result is one line of the journal, and a
        run begins by a line that takes the end from whoever had it.

        Parameters
        ----------
        turn
            How many turns this execution has had; many go on in another one.
        crash
            What the run before came to, ``{"Error", "Cause"}``; ``None`` where it ended in order.

        Returns
        -------
        dict
            ``{"next"}`` is ``"run"`` (with ``run``, ``ticket``, ``worker``, ``tenant``),
            ``"wait"``, ``"finish"`` or ``"leave"``.

        Raises
        ------
        JobFailed, JobCancelled
            When the job is to end.
        Fenced
            When another execution or region has the job.
        TransientFault
            When what it needs is out of reach now.
        """
        for _ in range(_TRIES):
            job = owned_job(self.ledger, job_id, epoch, attempt)
            try:
                return self._next(job, turn, crash or None)
            except (Overtaken, LedgerConflict):
                # Somebody wrote meanwhile: what is there now has that.
                self._journals.forget(job_id)
            except BaseException:
                self._journals.forget(job_id)
                raise
        raise TransientFault(f"the journal of job {job_id} kept changing")

    @cached_property
    def _journals(self) -> KeptJournals:
        return KeptJournals(self.journal)

    def _next(self, job: Job, turn: int, crash: Mapping[str, Any] | None) -> dict[str, Any]:
        if job.function is None:
            raise JobFailed(ErrorCode.INTERNAL, f"Job {job.id} runs no function.")
        if job.result is not None:
            return {"next": "finish"}
        folded = self._journals.read(job.id)
        _require_latest(job, folded)
        if folded.end is not None and folded.end.ended == "finished":
            keep_result(job, folded.end, self.ledger, self.clock)
            return {"next": "finish"}
        if folded.end is not None and folded.end.failure is not None:
            self._cancel_calls(job, folded)
            raise _as_it_was(folded.end.failure)
        if job.cancel_requested:
            self._cancel_calls(job, folded)
            raise JobCancelled(f"job {job.id} is to be cancelled")
        if self.clock() >= job.ends_by:
            self._cancel_calls(job, folded)
            raise JobFailed(
                ErrorCode.FUNCTION_TIMED_OUT,
                f"The function was to be finished by {job.ends_by.isoformat(timespec='seconds')}.",
            )
        if job.status is JobStatus.PAUSED:
            return self._left(job)
        if turn >= LOOPS_MAX:
            self._hand_on(job)
            return {"next": "leave"}
        return self._turn(job, folded, turn, crash)

    def _turn(
        self, job: Job, folded: Folded, turn: int, crash: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        nonce = f"turn-{job.epoch}-{job.attempt}-{turn}"
        away = self._payloads_away(job, folded)
        job, folded, settled = self._settle(job, folded, PAYLOADS_AWAY if away else None)
        if job.status is JobStatus.PAUSED:
            return self._left(job)
        if away:
            return {"next": "wait"}
        if not settled and self._only_waits(job, folded, crash, nonce):
            return {"next": "wait"}
        return self._begin(job, folded, turn, nonce, crash)

    def _left(self, job: Job) -> dict[str, Any]:
        """Leave a job that is paused: its place among the functions at work is another's now."""
        if give_place_back(self.ledger, job):
            self.desk.wakeups.wake(job.queue)
        return {"next": "leave"}

    # What it waits for

    def _payloads_away(self, job: Job, folded: Folded) -> bool:
        """Whether what a run would begin with is out of reach, having had one copy only."""
        assert job.function is not None
        needed = [job.program, job.function.inputs, folded.checkpoint, *folded.values.values()]
        try:
            for ref in needed:
                if ref is not None and ref.single_copy:
                    self.desk.blobs.get(ref)
        except TransientFault:
            return True
        return False

    def _settle(self, job: Job, folded: Folded, why: str | None) -> tuple[Job, Folded, bool]:
        """Look after each pending call once; whether one of them got its result.

        Parameters
        ----------
        why
            What the job waits for whatever becomes of its calls.
        """
        nonce = f"{_SETTLE}{secrets.token_hex(8)}"
        writer = JournalWriter(self.journal, self.clock, job.id, folded.end, nonce, self.spent)
        book = CallBook(job, writer, self.desk, self.spending, self.settings)
        settled = False
        capped: CapReached | None = None
        for pending in list(folded.pending.values()):
            try:
                result, watch = book.look(CallWatch(self.desk, job, pending))
            except CapReached as reached:
                # It would have to be made anew; the others are looked after all the same.
                capped = reached
                continue
            if result is None and watch.pending.line != pending.line:
                # It was made anew just now; its tasks are to begin before anybody waits.
                result, watch = book.look(watch)
            if result is not None:
                settled = True
                continue
            why = why or watch.why
            if watch.launched != pending.launched:
                book.keep_launched(watch.pending)
        job = self._paused(job, capped) if capped else self._noted(job, why)
        for line in writer.mine:
            folded.take(line)
        return job, folded, settled

    def _paused(self, job: Job, why: CapReached) -> Job:
        job = pause_job(self.ledger, self.clock, job, str(why), why.needs_usd)
        if job.status is not JobStatus.PAUSED:
            raise LedgerConflict(f"job {job.id} is to be cancelled")
        return job

    def _noted(self, job: Job, why: str | None) -> Job:
        if why == job.waiting_for:
            return job
        if why is not None:
            note_waiting(self.ledger, self.clock, job, why, attempt=job.attempt)
            return job

        def unnoted(job: Job) -> Job:
            return job.moved(self.clock(), waiting_for=None) if job.waiting_for else job

        return amend_job(self.ledger, job, unnoted, attempt=job.attempt)

    def _only_waits(
        self, job: Job, folded: Folded, crash: Mapping[str, Any] | None, nonce: str
    ) -> bool:
        """Whether another run would only come to where the last one is waiting."""
        now = self.clock()
        timers = folded.timers(now)
        if not folded.pending and not timers:
            return False
        begun = self._begun(job, folded)
        if begun is None or crash is not None or begun.nonce == nonce:
            return False
        end = folded.end
        assert end is not None
        # What was due when the run wrote its last line, the run has seen.
        seen = begun.at if end.nonce.startswith(_SETTLE) else end.at
        if len(folded.timers(seen)) > len(timers) or self._settled_since(job, folded, begun):
            return False
        if (begun.epoch, begun.attempt) == (job.epoch, job.attempt):
            return True
        # The last run may have been stopped anywhere. With one thing to wait for and no branches
        # it had come to just there.
        return not folded.branches and len(folded.pending) + len(timers) == 1

    def _settled_since(self, job: Job, folded: Folded, begun: Line) -> bool:
        """Whether a call got its result when nobody ran: by who died before the run began."""
        assert folded.end is not None
        last = self.journal.lines(job.id, max(begun.number, folded.end.number - _LOOKED_BACK))
        for line in reversed(last):
            if not line.nonce.startswith(_SETTLE):
                return False
            if line.result is not None:
                return True
        return False

    def _cancel_calls(self, job: Job, folded: Folded) -> None:
        """Cancel what nobody wants any more; the job's end does not wait for a silent service."""
        for pending in folded.pending.values():
            watch = CallWatch(self.desk, job, pending)
            try:
                watch.cancel()
            except TransientFault:
                watch.cancel_known()

    # What is next

    def _begin(
        self, job: Job, folded: Folded, turn: int, nonce: str, crash: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        assert job.function is not None
        worker = self.settings.workers.get(job.function.worker)
        if worker is None:
            raise JobFailed(
                ErrorCode.WORKER_UNKNOWN,
                f"There is no worker {job.function.worker!r} any more; there are"
                f" {', '.join(sorted(self.settings.workers)) or 'none'}.",
            )
        idle = self._idle(job, folded, nonce, crash)
        if idle >= RUNS_WITHOUT_PROGRESS_MAX:
            raise _no_further(idle, crash)
        ticket = self.new_ticket()
        number = folded.end.number + 1 if folded.end else 1
        line = following(
            folded.end,
            self.clock(),
            nonce,
            epoch=job.epoch,
            attempt=job.attempt,
            run=number,
            idle=idle,
            ticket=hashlib.sha256(ticket.encode()).hexdigest(),
            turn=turn,
            consumed=self.spent() + self._of_turns(job, folded, turn),
        )
        if folded.end is not None:
            # Before a first run the dispatcher took it; later, it was given back at each wait.
            take_place_again(self.ledger, job)
        self.journal.append(job.id, line)
        return {
            "next": "run",
            "run": number,
            "ticket": ticket,
            "worker": worker,
            "tenant": job.tenant,
        }

    def _of_turns(self, job: Job, folded: Folded, turn: int) -> Usage:
        """What the state machine takes for this turn, and for those since the last run's."""
        begun, since, entered = self._begun(job, folded), turn, 4 * turn
        if begun is not None and (begun.epoch, begun.attempt) == (job.epoch, job.attempt):
            since = max(0, turn - begun.turn)
            entered = max(0, 4 * since - 2)
        # Prepare, Decide, Run, Read and Outcome of this turn; Park and Again of the last run's,
        # and of each that only looked Prepare and Decide, too. The worker, and of each turn
        # before this `resume` and `park`.
        return Usage(state_transitions=5 + entered, lambda_requests=1 + 2 * since)

    def _idle(self, job: Job, folded: Folded, nonce: str, crash: Mapping[str, Any] | None) -> int:
        """How many runs in a row have come to nothing."""
        begun, end = self._begun(job, folded), folded.end
        if begun is None or end is None or end.steps > begun.steps:
            return 0
        mine = (begun.epoch, begun.attempt) == (job.epoch, job.attempt)
        excused = crash is not None and str(crash.get("Error")) in _NO_FAULT_OF_ITS
        # A turn that is repeated has its run counted already; what stopped an execution from
        # outside is not the function's doing.
        counts = mine and begun.nonce != nonce and not excused
        return begun.idle + counts

    def _begun(self, job: Job, folded: Folded) -> Line | None:
        """The line that began the last run."""
        if folded.end is None:
            return None
        if folded.end.number == folded.end.run:
            return folded.end
        return self.journal.line(job.id, folded.end.run)

    def _hand_on(self, job: Job) -> None:
        """Let the job go on in another execution, with a history of its own."""

        handed = job.moved(
            self.clock(),
            event="continued",
            message="in another execution",
            attempt=job.attempt + 1,
            parked=None,
        )
        # Not `amend_job`: after a conflict the whole turn is thought about anew. Should this
        # process die before the start, the sweeper starts the execution.
        self.ledger.replace(job, handed)
        self.workflows.start(handed)


def _require_latest(job: Job, folded: Folded) -> None:
    """Leave a journal alone that another execution took over after the record was read.

    Raises
    ------
    Fenced
    """
    end = folded.end
    if end is not None and (end.epoch, end.attempt) > (job.epoch, job.attempt):
        raise Fenced(f"execution {end.attempt} of epoch {end.epoch} goes on with job {job.id}")


def _as_it_was(failure: str) -> JobFailed:
    code, text, remedy = JobFailed.parse(failure)
    return JobFailed(code, text, remedy)


def _no_further(runs: int, crash: Mapping[str, Any] | None) -> JobFailed:
    name = str((crash or {}).get("Error", ""))
    if name == _BROKER_FAILED and "Sandbox.Timedout" in str((crash or {}).get("Cause", "")):
        return JobFailed(
            ErrorCode.LIMIT_EXCEEDED,
            f"What the function asked for took longer than {BROKER_TIME.total_seconds():g} s, which"
            f" is the limit, in each of {runs} runs. Mostly it is a circuit that takes so long to"
            " be compiled.",
            "Ask for smaller circuits, or for fewer in one call.",
        )
    if name == _BROKER_FAILED:
        return JobFailed(
            ErrorCode.INTERNAL,
            f"The platform failed at what the function asked for, in each of {runs} runs:"
            f" {str((crash or {}).get('Cause', ''))[:_SHOWN_CHARACTERS]}.",
            "Put fewer circuits into one call, or less into one step. If it lasts, report the"
            " job's id.",
        )
    if name in _OUT_OF_TIME or crash is None:
        return JobFailed(
            ErrorCode.FUNCTION_TIMED_OUT,
            f"The function came no further in {runs} runs: each ran out of the worker's time.",
        )
    cause = _cause(str((crash or {}).get("Cause", "")))[:_SHOWN_CHARACTERS]
    return JobFailed(
        ErrorCode.FUNCTION_CRASHED,
        f"The function came no further in {runs} runs, and then its process ended: {cause or name}",
    )


def _cause(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return text
    return str(told.get("errorMessage", text)) if isinstance(told, dict) else text
