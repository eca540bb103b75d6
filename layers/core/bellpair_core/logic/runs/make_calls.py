"""Make a run's calls: write down their intents, look after them, say what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bellpair_core.logic.jobs.amend_job import amend_job
from bellpair_core.logic.jobs.pause_job import pause_job
from bellpair_core.logic.jobs.waiting_note import note_waiting
from bellpair_core.logic.journal.fold_journal import (
    CHECKPOINT,
    SAMPLE,
    Folded,
    Operation,
    ended_call,
    invoked,
    started_call,
)
from bellpair_core.logic.journal.journal_log import Overtaken
from bellpair_core.model.device import DeviceKind
from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.journal import CallResult
from bellpair_core.model.limits import CALLS_MAX, CHECKPOINT_BYTES_MAX
from bellpair_core.ports import Blobs, Clock, Ledger
from bellpair_core.settings import Settings

from .call_desk import CallDesk
from .looking_times import LookingTimes
from .quantum_call import CallPlanner, CallRefused, Prepared, at_line
from .run_session import Session, require_going_on
from .settle_call import CallWatch
from .spending import CapReached, Spending

_QPU_PATIENCE_S = 1.0


@dataclass
class Made:
    """A call on its way: who looks after it, or what became of it already."""

    update: Mapping[str, Any]
    watch: CallWatch | None = None
    result: CallResult | None = None
    patience_s: float = 0.0


class CallMaker:
    """Makes the calls that runs ask for, each of them once.

    Parameters
    ----------
    planner, desk, spending
        What makes calls, looks after them and holds them to their caps.
    pause
        Waits for so many seconds.
    patience_s
        How long a call on a simulator is waited for before the function is suspended.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        blobs: Blobs,
        clock: Clock,
        settings: Settings,
        planner: CallPlanner,
        desk: CallDesk,
        spending: Spending,
        pause: Callable[[float], None],
        patience_s: float,
    ) -> None:
        self._ledger = ledger
        self._blobs = blobs
        self._clock = clock
        self._settings = settings
        self._planner = planner
        self._desk = desk
        self._spending = spending
        self._pause = pause
        self._patience_s = patience_s
        self._times = LookingTimes()

    def begin(self, session: Session, update: Mapping[str, Any]) -> Made:
        """Write down that something is invoked, and begin it.

        Parameters
        ----------
        update
            A ``CHAINED_INVOKE`` of the replay engine: a quantum call or a checkpoint.

        Raises
        ------
        JobFailed
            When a limit ends the function.
        Refusal
            When a cap paused a job that was to be cancelled or whose time was over.
        Fenced
            When another run has begun.
        TransientFault
            When the same may be asked for later.
        """
        named = str((update.get("ChainedInvokeOptions") or {}).get("FunctionName"))
        if named == CHECKPOINT:
            return self._keep_state(session, update)
        if named != SAMPLE:
            text = f"There is no function {named!r} to be invoked."
            error = CallRefused(ErrorCode.CALL_FAILED, text, "Use runtime.sampler.").error
            return self._refuse(session, update, error)
        return self._promise(session, update)

    def _promise(self, session: Session, update: Mapping[str, Any]) -> Made:
        """Write the call's intent, unless it is there; who looks after the call from now on."""
        writer, operation = session.writer, str(update["Id"])
        prepared: Prepared | None = None
        while True:
            if (result := session.book.result_of(operation)) is not None:
                return Made(update, result=result)
            if (pending := session.book.pending(operation)) is not None:
                return Made(update, CallWatch(self._desk, session.job, pending))
            if session.job.status is JobStatus.PAUSED:
                return Made(update)
            end = session.end
            if end.calls >= CALLS_MAX:
                raise JobFailed(
                    ErrorCode.LIMIT_EXCEEDED,
                    f"The function has made {CALLS_MAX} quantum calls, which is the limit.",
                    "Put several circuits into one call.",
                )
            try:
                prepared = prepared or self._planner.prepare(session.job, update, end.calls)
            except CallRefused as refused:
                return self._refuse(session, update, refused.error)
            usd = prepared.call.reserved_usd
            try:
                month = self._spending.reserve(session.job, end.spent_usd, usd)
            except CapReached as reached:
                # A twin may have come this far, and have written the intent.
                if writer.catch_up():
                    continue
                self._pause_job(session, reached)
                continue
            number = writer.next_number
            call = at_line(prepared.call, self._settings.stage, session.job.id, number)
            call = call.model_copy(update={"index": end.calls, "month": month})
            try:
                written = writer.append(
                    call=call,
                    calls=end.calls + 1,
                    spent_usd=round(end.spent_usd + usd, 9),
                    output=writer.rest_of(session.output),
                    **session.news(),
                )
            except Overtaken:
                self._spending.adjust(session.job, month, -usd)
                raise
            if not written:
                self._spending.adjust(session.job, month, -usd)
                continue
            pending = session.book.pending(operation)
            assert pending is not None
            return Made(update, CallWatch(self._desk, session.job, pending, prepared.programs))

    def _refuse(self, session: Session, update: Mapping[str, Any], error: dict[str, str]) -> Made:
        """Write down that the call failed before it had an intent."""
        operation = str(update["Id"])
        result = CallResult(
            call=0,
            operation=operation,
            name=str(update.get("Name") or ""),
            parent=update.get("ParentId"),
            error=error,
        )
        while (known := session.book.result_of(operation)) is None:
            calls = session.end.calls + 1
            output = session.writer.rest_of(session.output)
            session.writer.append(result=result, calls=calls, output=output)
        return Made(update, result=known)

    def _keep_state(self, session: Session, update: Mapping[str, Any]) -> Made:
        """Write the function's checkpoint: the journal before it is not needed again."""
        payload = json.loads(str(update.get("Payload") or "null"))
        text = json.dumps((payload or {}).get("state"), separators=(",", ":"))
        if len(text.encode()) > CHECKPOINT_BYTES_MAX:
            raise JobFailed(
                ErrorCode.LIMIT_EXCEEDED,
                f"The checkpoint has {len(text.encode())} bytes as JSON; the limit is"
                f" {CHECKPOINT_BYTES_MAX}.",
                "Keep less in the checkpoint: only what the function cannot make again.",
            )
        ref = self._blobs.put(text.encode())
        while not any(line.checkpoint == ref for line in session.writer.mine):
            session.writer.append(
                checkpoint=ref,
                base=session.writer.next_number,
                checkpoints=session.end.checkpoints + 1,
                output=session.writer.rest_of(session.output),
            )
        return Made(update)

    def taken_up(self, session: Session, folded: Folded) -> list[Made]:
        """The calls that wait for their results while other branches go on."""
        found = folded.pending.values()
        return [
            Made({"Id": one.call.operation}, CallWatch(self._desk, session.job, one))
            for one in found
        ]

    def await_calls(self, session: Session, made: Sequence[Made]) -> None:
        """Look after calls for as long as results may be had soon; write down what there is.

        Raises
        ------
        Overtaken
            When another run has begun, which has the calls now.
        """
        began = self._clock()
        capped: CapReached | None = None
        launched: datetime | None = None
        waiting = [one for one in made if one.watch is not None and one.result is None]
        for one in waiting:
            one.patience_s = self._patience(one)
        try:
            while True:
                for one in waiting:
                    assert one.watch is not None
                    try:
                        one.result, one.watch = session.book.look(one.watch)
                    except CapReached as reached:
                        capped = reached
                now = self._clock()
                launched = launched or now
                at_work_s = (now - launched).total_seconds()
                for one in waiting:
                    if one.result is not None:
                        self._times.took(_device(one), one.watch.took_s if one.watch else 0.0)
                waiting = [one for one in waiting if one.result is None]
                passed = (now - began).total_seconds()
                if capped or not any(_worth_waiting(one, passed) for one in waiting):
                    break
                self._pause(self._times.pause_s([_device(one) for one in waiting], at_work_s))
            for one in waiting:
                assert one.watch is not None
                session.book.keep_launched(one.watch.pending)
        except Overtaken:
            self._let_go(session, made)
            raise
        if capped:
            # A simulator's tasks were lost, and what making them anew costs is not there.
            self._pause_job(session, capped)
        self._note_why(session, waiting)

    def _let_go(self, session: Session, made: Sequence[Made]) -> None:
        """Another run has the calls now; only where the job is over does nobody want them."""
        job = self._ledger.job(session.job.id)
        if job is not None and job.status.terminal:
            for one in made:
                if one.watch is not None and one.result is None:
                    one.watch.cancel_known()

    def _note_why(self, session: Session, waiting: Sequence[Made]) -> None:
        """Keep in the job's record what its calls wait for that is out of reach, if anything."""
        why = next((one.watch.why for one in waiting if one.watch and one.watch.why), None)
        job = session.job
        if job.status is JobStatus.PAUSED or why == job.waiting_for:
            return
        if why is not None:
            note_waiting(self._ledger, self._clock, job, why, attempt=job.attempt)
            return

        def unnoted(job: Job) -> Job:
            return job.moved(self._clock(), waiting_for=None) if job.waiting_for else job

        amend_job(self._ledger, job, unnoted, attempt=job.attempt)

    def _patience(self, made: Made) -> float:
        device = self._desk.device(_device(made))
        if device is None or device.kind is DeviceKind.SIMULATOR:
            return self._patience_s
        return 0.0 if device.queue_depth else min(_QPU_PATIENCE_S, self._patience_s)

    def told(self, made: Made) -> Operation:
        """The operation as the replay engine hears of it."""
        update, now = made.update, self._clock()
        if made.result is not None:
            ref = made.result.value
            text = self._blobs.get(ref).decode() if ref is not None else None
            return ended_call(started_call(made.result, now), made.result, now, text)
        if made.watch is not None:
            return started_call(made.watch.pending.call, now)
        started = invoked(str(update["Id"]), update.get("Name"), update.get("ParentId"), now)
        if (update.get("ChainedInvokeOptions") or {}).get("FunctionName") == CHECKPOINT:
            return started | {
                "Status": "SUCCEEDED",
                "ChainedInvokeDetails": {"Result": "null"},
            }
        return started

    def _pause_job(self, session: Session, why: CapReached) -> None:
        """Pause the job, and hear whether it goes on at all."""
        session.job = pause_job(self._ledger, self._clock, session.job, str(why), why.needs_usd)
        require_going_on(session.job, self._clock())


def _device(made: Made) -> str:
    assert made.watch is not None
    return made.watch.pending.call.device


def _worth_waiting(made: Made, passed: float) -> bool:
    """Whether a call's result may be had soon."""
    watch = made.watch
    return watch is not None and watch.why is None and passed < made.patience_s
