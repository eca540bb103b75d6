"""What a running function may ask of the platform, for its own job only.

A run shows the ticket that it was begun with. Whatever it has written down goes behind the end
of the journal that it knows (its tail); once another run has begun, that end is taken, and the
old run is fenced before it can spend anything. A request may be repeated at any time: what the
first one did is found in the journal, and done no second time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from bellpair_core.logic.jobs.amend_job import amend_job, owned_job
from bellpair_core.logic.jobs.waiting_note import note_waiting
from bellpair_core.logic.journal.fold_journal import (
    CHECKPOINT,
    SAMPLE,
    Folded,
    Operation,
    as_of,
    ended_call,
    invoked,
    started_call,
)
from bellpair_core.logic.journal.journal_log import JournalWriter, Overtaken, read_journal
from bellpair_core.model.device import DeviceKind
from bellpair_core.model.errors import ErrorCode, Fenced, JobFailed
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.journal import CallResult, Line, Progress
from bellpair_core.model.limits import (
    CALLS_MAX,
    CHECKPOINT_BYTES_MAX,
    FUNCTION_OUTPUT_BYTES_MAX,
)
from bellpair_core.ports import Blobs, Clock, Journal, Ledger
from bellpair_core.settings import Settings

from .look_after_calls import CallBook
from .quantum_call import CallPlanner, CallRefused, Prepared, at_line
from .settle_call import CallDesk, CallWatch
from .spending import CapReached, Spending

Key = TypeVar("Key")
Value = TypeVar("Value")

_ANSWER_BYTES_MAX = 4_500_000
"""Of one answer; Lambda takes 6 MB, and what is quoted grows a little."""

_WAITED_FOR = timedelta(seconds=20)
"""Waits and pauses before a repetition are waited for here up to this long."""

_FIRST_PAUSE_S, _PAUSE_MAX_S, _PAUSE_GROWTH = 0.004, 0.25, 1.5
_QPU_PATIENCE_S = 1.0
_MESSAGE_CHARACTERS_MAX = 4000
_KEPT_MAX = 16
"""Jobs whose journals' ends and foldings a warm process keeps."""

JOB_CANCELLED, JOB_PAUSED, FENCED = "job-cancelled", "job-paused", "fenced"
"""Codes of refusals that are no errors of the function."""


class Refusal(Exception):
    """Nothing more is taken of this run.

    Attributes
    ----------
    answer
        What the run hears.
    """

    def __init__(self, code: str, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.answer = {"refused": {"code": code, "message": message, "remedy": remedy}}


@dataclass
class _Session:
    """One request, and what it is about."""

    job: Job
    run: int
    tail: int
    request: Mapping[str, Any]
    writer: JournalWriter
    book: CallBook

    @property
    def output(self) -> str:
        return str(self.request.get("output") or "")

    @property
    def end(self) -> Line:
        assert self.writer.end is not None
        return self.writer.end

    def news(self) -> dict[str, Any]:
        """How far the function says that it is, where that is new."""
        told = self.request.get("progress")
        if not told:
            return {}
        progress = Progress(
            fraction=min(1.0, max(0.0, float(told["fraction"]))),
            message=str(told.get("message", ""))[:_MESSAGE_CHARACTERS_MAX],
        )
        return {} if progress == self.end.progress else {"progress": progress}


@dataclass
class _Made:
    """A call on its way: who looks after it, or what became of it already."""

    update: Mapping[str, Any]
    watch: CallWatch | None = None
    result: CallResult | None = None
    patience_s: float = 0.0


class Broker:
    """Answers runs' requests.

    Parameters
    ----------
    planner, desk, spending
        What makes calls, looks after them and holds them to their caps.
    pause
        Waits for so many seconds.
    patience_s
        How long a call on a simulator is waited for here before the function is suspended.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        journal: Journal,
        blobs: Blobs,
        clock: Clock,
        settings: Settings,
        planner: CallPlanner,
        desk: CallDesk,
        spending: Spending,
        pause: Callable[[float], None],
        patience_s: float = 5.0,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._blobs = blobs
        self._clock = clock
        self._settings = settings
        self._planner = planner
        self._desk = desk
        self._spending = spending
        self._pause = pause
        self._patience_s = patience_s
        self._begun: OrderedDict[tuple[str, int], Line] = OrderedDict()
        self._ends: OrderedDict[str, Line] = OrderedDict()
        self._folds: OrderedDict[str, Folded] = OrderedDict()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request.

        Parameters
        ----------
        request
            ``{"job_id", "run", "ticket", "tail", "op", "output"?, "progress"?, …}``; ``op`` is
            one of ``open``, ``state``, ``checkpoint``, ``note``, ``finish`` and ``fail``.

        Returns
        -------
        dict
            ``{"tail", …}``, or ``{"refused": {"code", "message", "remedy"}}``, which is final.

        Raises
        ------
        TransientFault
            When the same request may be answered later.
        """
        job_id = str(request["job_id"])
        try:
            return self._answer(job_id, request)
        except Refusal as refusal:
            return refusal.answer
        except Fenced as fence:
            self._forget(job_id)
            return Refusal(FENCED, str(fence)).answer
        except BaseException:
            # What was known of the journal may be half of what was done.
            self._forget(job_id)
            raise

    def _answer(self, job_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
        begun = self._admitted(job_id, int(request["run"]), str(request["ticket"]))
        job = owned_job(self._ledger, job_id, begun.epoch, begun.attempt)
        if job.function is None:
            raise Fenced(f"job {job_id} runs no function")
        op = str(request["op"])
        if op not in ("finish", "fail"):
            self._require_going_on(job)
        if op == "open":
            return self._open(job, job.function, begun)
        session = self._session(job, begun, request)
        try:
            match op:
                case "state":
                    answer = self._state(session, str(request["marker"]))
                case "checkpoint":
                    answer = self._checkpoint(session, list(request.get("updates") or ()))
                case "note":
                    answer = self._note(session)
                case "finish":
                    answer = self._finish(session, str(request["value"]))
                case "fail":
                    answer = self._fail(session, request.get("error") or {})
                case other:
                    raise Refusal(FENCED, f"{other!r} is nothing that can be asked for")
        except JobFailed as failure:
            self._close(session, str(failure))
            code, text, remedy = JobFailed.parse(str(failure))
            raise Refusal(code.value, text, remedy) from None
        self._remember(session)
        return {"tail": session.end.number, **answer}

    # Who asks

    def _admitted(self, job_id: str, run: int, ticket: str) -> Line:
        """The line that began the run whose ticket this is."""
        key = job_id, run
        begun = self._begun.get(key) or self._journal.line(job_id, run)
        digest = hashlib.sha256(ticket.encode()).hexdigest()
        if begun is None or not begun.ticket or not hmac.compare_digest(begun.ticket, digest):
            raise Fenced(f"job {job_id} has no such run")
        _keep(self._begun, key, begun)
        return begun

    def _require_going_on(self, job: Job) -> None:
        if job.cancel_requested:
            raise Refusal(JOB_CANCELLED, f"Job {job.id} is to be cancelled.")
        if self._clock() >= job.ends_by:
            raise Refusal(
                ErrorCode.FUNCTION_TIMED_OUT.value,
                f"The function was to be finished by {job.ends_by.isoformat(timespec='seconds')}.",
                ErrorCode.FUNCTION_TIMED_OUT.remedy,
            )

    def _session(self, job: Job, begun: Line, request: Mapping[str, Any]) -> _Session:
        tail = int(request["tail"])
        end = self._ends.get(job.id)
        if end is None or end.number != tail:
            end = self._journal.line(job.id, tail)
        if end is None or end.run != begun.number:
            raise Fenced(f"run {begun.number} of job {job.id} did not write line {tail}")
        nonce = f"{begun.number}-{tail}-{_digest(request)}"
        writer = JournalWriter(self._journal, self._clock, job.id, end, nonce)
        book = CallBook(job, writer, self._desk, self._spending, self._settings)
        return _Session(job, begun.number, tail, request, writer, book)

    # What is asked

    def _open(self, job: Job, function: Invocation, begun: Line) -> dict[str, Any]:
        if job.status is JobStatus.PAUSED:
            raise Refusal(JOB_PAUSED, f"Job {job.id} is paused.")
        folded = read_journal(self._journal, job.id)
        if folded.end is None or folded.end.run != begun.number or folded.end.ended:
            raise Fenced(f"another run of job {job.id} has begun, or it is over")
        _keep(self._folds, job.id, folded)
        _keep(self._ends, job.id, folded.end)
        answer: dict[str, Any] = {
            "tail": folded.end.number,
            "package": base64.b64encode(self._blobs.get(job.program)).decode(),
            "entry": function.entry,
            "inputs": json.loads(self._blobs.get(function.inputs)),
            "seed": function.seed,
            "state": self._kept_state(folded),
            "checkpoints": folded.checkpoints,
            "options": list(function.options),
            "device": job.device,
            "worker": function.worker,
            "accepted_at": job.accepted_at.isoformat(),
            "deadline": job.ends_by.isoformat(),
        }
        room = _ANSWER_BYTES_MAX - len(json.dumps(answer))
        operations, marker = self._page(folded, 0, room)
        return {**answer, "operations": operations, "marker": marker}

    def _kept_state(self, folded: Folded) -> Any:
        return json.loads(self._blobs.get(folded.checkpoint)) if folded.checkpoint else None

    def _state(self, session: _Session, marker: str) -> dict[str, Any]:
        first = int(marker) if marker.isdigit() else 0
        operations, following = self._page(
            self._folded(session), first, _ANSWER_BYTES_MAX, alone=True
        )
        return {"operations": operations, "marker": following}

    def _page(
        self, folded: Folded, first: int, room: int, *, alone: bool = False
    ) -> tuple[list[Operation], str | None]:
        """Operations from the one of a number on, as many as there is room for.

        Parameters
        ----------
        alone
            Whether the first is given in any case: there is no page with more room.
        """
        page: list[Operation] = []
        current = folded.at(self._clock())
        for number in range(first, len(current)):
            operation = self._with_result(folded, current[number])
            room -= len(json.dumps(operation))
            if room < 0 and (page or not alone):
                return page, str(number)
            page.append(operation)
        return page, None

    def _with_result(self, folded: Folded, operation: Operation) -> Operation:
        ref = folded.values.get(operation["Id"])
        if ref is None:
            return operation
        return operation | {"ChainedInvokeDetails": {"Result": self._blobs.get(ref).decode()}}

    def _note(self, session: _Session) -> dict[str, Any]:
        rest = session.writer.write_output(session.output)
        news = session.news()
        if rest or news:
            session.writer.write_updates((), session.output, **news)
        return {}

    def _checkpoint(self, session: _Session, updates: Sequence[dict[str, Any]]) -> dict[str, Any]:
        writer = session.writer
        calls = [update for update in updates if update["Type"] == "CHAINED_INVOKE"]
        plain = [update for update in updates if update["Type"] != "CHAINED_INVOKE"]
        writer.write_output(session.output)
        if plain:
            writer.write_updates(plain, session.output, **session.news())
        made = [self._begin(session, update) for update in calls]
        if not updates:
            made += self._taken_up(session)
        self._await_calls(session, made)
        if not plain and not calls:
            self._note(session)
        operations = [self._told(one, session) for one in made]
        if plain or not updates:
            operations += self._after(session, plain)
        return {"operations": operations}

    # Steps, waits and contexts

    def _after(self, session: _Session, plain: Sequence[Mapping[str, Any]]) -> list[Operation]:
        """The operations that updates changed; those that time changed, where there are none."""
        folded = self._folded(session)
        named = {update["Id"] for update in plain}
        if not named:
            now = self._clock()
            return [
                changed
                for operation in folded.operations.values()
                if (changed := as_of(operation, now)) is not operation
            ]
        touched = [one for key, one in folded.operations.items() if key in named]
        now = self._clock()
        timers = Folded(operations={one["Id"]: one for one in touched}).timers(now)
        if timers and timers[0] - now <= _WAITED_FOR:
            # Not one millisecond too early: the function would be suspended for it.
            self._pause((timers[0] - now).total_seconds() + 0.001)
        return [as_of(operation, self._clock()) for operation in touched]

    def _folded(self, session: _Session) -> Folded:
        """What the journal comes to, with what this request has written."""
        job_id = session.job.id
        known = self._folds.get(job_id)
        if known is not None and known.end is not None and known.end.number <= session.end.number:
            missing = [line for line in session.writer.mine if line.number > known.end.number]
            if known.end.number >= session.tail:
                for line in missing:
                    known.take(line)
                return known
        folded = read_journal(self._journal, job_id)
        if folded.end is None or folded.end.run != session.run:
            raise Overtaken(f"another run of job {job_id} has begun")
        _keep(self._folds, job_id, folded)
        return folded

    # Calls

    def _begin(self, session: _Session, update: Mapping[str, Any]) -> _Made:
        """Write down that something is invoked, and begin it."""
        named = str((update.get("ChainedInvokeOptions") or {}).get("FunctionName"))
        if named == CHECKPOINT:
            return self._keep_state(session, update)
        if named != SAMPLE:
            text = f"There is no function {named!r} to be invoked."
            error = CallRefused(ErrorCode.CALL_FAILED, text, "Use runtime.sampler.").error
            return self._refuse(session, update, error)
        return self._promise(session, update)

    def _promise(self, session: _Session, update: Mapping[str, Any]) -> _Made:
        """Write the call's intent, unless it is there; who looks after the call from now on."""
        writer, operation = session.writer, str(update["Id"])
        prepared: Prepared | None = None
        while True:
            if (result := session.book.result_of(operation)) is not None:
                return _Made(update, result=result)
            if (pending := session.book.pending(operation)) is not None:
                return _Made(update, self._desk.watch(session.job, pending))
            if session.job.status is JobStatus.PAUSED:
                return _Made(update)
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
                self._spending.reserve(session.job, end.spent_usd, usd)
            except CapReached as reached:
                # A twin may have come this far, and have written the intent.
                if writer.catch_up():
                    continue
                self._pause_job(session, str(reached))
                continue
            number = writer.next_number
            call = at_line(prepared.call, self._settings.stage, session.job.id, number)
            call = call.model_copy(update={"index": end.calls})
            try:
                written = writer.append(
                    call=call,
                    calls=end.calls + 1,
                    spent_usd=round(end.spent_usd + usd, 9),
                    output=writer.rest_of(session.output),
                    **session.news(),
                )
            except Overtaken:
                self._spending.adjust(session.job, -usd)
                raise
            if not written:
                self._spending.adjust(session.job, -usd)
                continue
            pending = session.book.pending(operation)
            assert pending is not None
            return _Made(update, self._desk.watch(session.job, pending, prepared.programs))

    def _refuse(self, session: _Session, update: Mapping[str, Any], error: dict[str, str]) -> _Made:
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
        return _Made(update, result=known)

    def _keep_state(self, session: _Session, update: Mapping[str, Any]) -> _Made:
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
        return _Made(update)

    def _taken_up(self, session: _Session) -> list[_Made]:
        """The calls that wait for their results while other branches go on."""
        found = self._folded(session).pending.values()
        return [
            _Made({"Id": one.call.operation}, self._desk.watch(session.job, one)) for one in found
        ]

    def _await_calls(self, session: _Session, made: Sequence[_Made]) -> None:
        """Look after calls for as long as results may be had soon; write down what there is."""
        began, pause = self._clock(), _FIRST_PAUSE_S
        waiting = [one for one in made if one.watch is not None and one.result is None]
        for one in waiting:
            one.patience_s = self._patience(one)
        try:
            while True:
                for one in waiting:
                    assert one.watch is not None
                    one.result, one.watch = session.book.look(one.watch)
                passed = (self._clock() - began).total_seconds()
                waiting = [one for one in waiting if one.result is None]
                if not any(_worth_waiting(one, passed) for one in waiting):
                    break
                self._pause(pause)
                pause = min(_PAUSE_MAX_S, pause * _PAUSE_GROWTH)
            for one in waiting:
                assert one.watch is not None
                session.book.keep_launched(one.watch.pending)
        except Overtaken:
            self._let_go(session, made)
            raise
        self._note_why(session, waiting)

    def _let_go(self, session: _Session, made: Sequence[_Made]) -> None:
        """Another run has the calls now; only where the job is over does nobody want them."""
        job = self._ledger.job(session.job.id)
        if job is not None and job.status.terminal:
            for one in made:
                if one.watch is not None and one.result is None:
                    one.watch.cancel_known()

    def _note_why(self, session: _Session, waiting: Sequence[_Made]) -> None:
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

    def _patience(self, made: _Made) -> float:
        assert made.watch is not None
        device = self._desk.device(made.watch.pending.call.device)
        if device is None or device.kind is DeviceKind.SIMULATOR:
            return self._patience_s
        return 0.0 if device.queue_depth else min(_QPU_PATIENCE_S, self._patience_s)

    def _told(self, made: _Made, session: _Session) -> Operation:
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

    def _pause_job(self, session: _Session, why: str) -> None:
        """Pause the job: nothing more is spent until its owner raises the cap."""

        def paused(job: Job) -> Job:
            if job.status is JobStatus.PAUSED or job.cancel_requested:
                return job
            return job.moved(
                self._clock(), JobStatus.PAUSED, message=why, waiting_for=why, parked=None
            )

        session.job = amend_job(self._ledger, session.job, paused, attempt=session.job.attempt)

        self._require_going_on(session.job)

    # Ends

    def _finish(self, session: _Session, value: str) -> dict[str, Any]:
        size = len(value.encode())
        if size > FUNCTION_OUTPUT_BYTES_MAX:
            raise JobFailed(
                ErrorCode.LIMIT_EXCEEDED,
                f"The function's output has {size} bytes as JSON; the limit is"
                f" {FUNCTION_OUTPUT_BYTES_MAX}.",
                "Return a summary.",
            )
        try:
            json.loads(value)
        except ValueError:
            raise JobFailed(
                ErrorCode.OUTPUT_INVALID, "What the function returned is not JSON."
            ) from None
        session.writer.write_output(session.output)
        ref = self._blobs.put(value.encode())
        # The journal is closed first: whoever finds it closed has nothing left to run.
        while session.end.ended is None:
            output = session.writer.rest_of(session.output)
            session.writer.append(ended="finished", returned=ref, output=output, **session.news())
        keep_result(session.job, session.end, self._ledger, self._clock)
        return {}

    def _fail(self, session: _Session, error: Mapping[str, Any]) -> dict[str, Any]:
        code = str(error.get("code"))
        known = {one.value: one for one in ErrorCode}
        failure = JobFailed(
            known.get(code, ErrorCode.FUNCTION_FAILED),
            str(error.get("message", ""))[:_MESSAGE_CHARACTERS_MAX],
            str(error["remedy"])[:_MESSAGE_CHARACTERS_MAX] if error.get("remedy") else None,
        )
        session.writer.write_output(session.output)
        self._close(session, str(failure))
        return {}

    def _close(self, session: _Session, failure: str) -> None:
        while session.end.ended is None:
            output = session.writer.rest_of(session.output)
            session.writer.append(ended="failed", failure=failure, output=output)

    # What a warm process keeps

    def _remember(self, session: _Session) -> None:
        job_id = session.job.id
        _keep(self._ends, job_id, session.end)
        folded = self._folds.get(job_id)
        if folded is None:
            return
        if folded.end is None or folded.end.number < session.tail:
            del self._folds[job_id]
            return
        for line in session.writer.mine:
            if line.number > folded.end.number:
                folded.take(line)

    def _forget(self, job_id: str) -> None:
        self._ends.pop(job_id, None)
        self._folds.pop(job_id, None)


def _worth_waiting(made: _Made, passed: float) -> bool:
    """Whether a call's result may be had soon."""
    watch = made.watch
    return watch is not None and watch.why is None and passed < made.patience_s


def keep_result(job: Job, end: Line, ledger: Ledger, clock: Clock) -> Job:
    """Put into the job's record what its journal says that the function returned.

    Raises
    ------
    Fenced, TransientFault
        As `amend_job`.
    """

    def with_result(job: Job) -> Job:
        if job.result is not None:
            return job
        return job.moved(
            clock(),
            JobStatus.PROCESSING,
            message="the function returned",
            result=end.returned,
            parked=None,
            waiting_for=None,
        )

    return amend_job(ledger, job, with_result, attempt=job.attempt)


def _digest(request: Mapping[str, Any]) -> str:
    """Tells a repeated request from another one with the same tail."""
    asked = {key: value for key, value in request.items() if key not in ("job_id", "run", "ticket")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT_MAX:
        kept.popitem(last=False)
