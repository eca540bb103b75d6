"""What a running function may ask of the platform, for its own job only.

A run shows the ticket that it was begun with. Whatever it has written down goes behind the end
of the journal that it knows (its tail); once another run has begun, that end is taken, and the
old run is fenced before it can spend anything. A request may be repeated at any time: what the
first one did is found in the journal, and done no second time.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from bellpair_core.logic.jobs.amend_job import owned_job
from bellpair_core.logic.journal.fold_journal import (
    Folded,
    Operation,
    as_of,
    started_call,
    updated,
)
from bellpair_core.logic.journal.journal_log import JournalWriter
from bellpair_core.model.errors import ErrorCode, Fenced, JobFailed
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.journal import Line
from bellpair_core.model.limits import FUNCTION_OUTPUT_BYTES_MAX
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, Clock, Journal, Ledger
from bellpair_core.settings import Settings

from .call_desk import CallDesk
from .consumption import Consumption
from .keep_result import keep_result
from .look_after_calls import CallBook
from .make_calls import CallMaker, Made
from .quantum_call import TAKES, CallPlanner
from .run_session import (
    FENCED,
    JOB_PAUSED,
    MESSAGE_CHARACTERS_MAX,
    Refusal,
    Session,
    require_going_on,
)
from .spending import Spending
from .warm_journals import WarmJournals

_ANSWER_BYTES_MAX = 4_500_000
"""Of one answer; Lambda takes 6 MB, and what is quoted grows a little."""

_WAITED_FOR = timedelta(seconds=20)
"""Waits and pauses before a repetition are waited for here up to this long."""


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
    spent
        What was consumed since it was last asked; goes on the journal's lines.
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
        spent: Callable[[], Usage] = Usage,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._blobs = blobs
        self._clock = clock
        self._settings = settings
        self._desk = desk
        self._spending = spending
        self._pause = pause
        self._journals = WarmJournals(journal)
        self._consumption = Consumption(spent)
        self._calls = CallMaker(
            ledger=ledger,
            blobs=blobs,
            clock=clock,
            settings=settings,
            planner=planner,
            desk=desk,
            spending=spending,
            pause=pause,
            patience_s=patience_s,
        )

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
        self._consumption.begin(job_id)
        try:
            return self._answer(job_id, request)
        except Refusal as refusal:
            return refusal.answer
        except Fenced as fence:
            self._journals.forget(job_id)
            return Refusal(FENCED, str(fence)).answer
        except BaseException:
            # What was known of the journal may be half of what was done.
            self._journals.forget(job_id)
            raise
        finally:
            self._consumption.end(job_id)

    def _answer(self, job_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
        begun = self._journals.admitted(job_id, int(request["run"]), str(request["ticket"]))
        job = owned_job(self._ledger, job_id, begun.epoch, begun.attempt)
        if job.function is None:
            raise Fenced(f"job {job_id} runs no function")
        op = str(request["op"])
        if op not in ("finish", "fail"):
            require_going_on(job, self._clock())
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
        self._journals.remember(session)
        return {"tail": session.end.number, **answer}

    def _session(self, job: Job, begun: Line, request: Mapping[str, Any]) -> Session:
        tail = int(request["tail"])
        end = self._journals.end(job.id, begun.number, tail)
        nonce = f"{begun.number}-{tail}-{_digest(request)}"
        spent = partial(self._consumption.take, job.id)
        writer = JournalWriter(self._journal, self._clock, job.id, end, nonce, spent)
        book = CallBook(job, writer, self._desk, self._spending, self._settings)
        return Session(job, begun.number, tail, request, writer, book)

    # What is asked

    def _open(self, job: Job, function: Invocation, begun: Line) -> dict[str, Any]:
        if job.status is JobStatus.PAUSED:
            raise Refusal(JOB_PAUSED, f"Job {job.id} is paused.")
        folded, end = self._journals.opened(job.id, begun.number)
        answer: dict[str, Any] = {
            "tail": end.number,
            "package": base64.b64encode(self._blobs.get(job.program)).decode(),
            "entry": function.entry,
            "inputs": json.loads(self._blobs.get(function.inputs)),
            "seed": function.seed,
            "state": self._kept_state(folded),
            "checkpoints": folded.checkpoints,
            "options": list(function.options),
            "device": job.device,
            "takes": TAKES,
            "worker": function.worker,
            "accepted_at": job.accepted_at.isoformat(),
            "deadline": job.ends_by.isoformat(),
        }
        room = _ANSWER_BYTES_MAX - len(json.dumps(answer))
        operations, marker = self._page(folded, 0, room)
        return {**answer, "operations": operations, "marker": marker}

    def _kept_state(self, folded: Folded) -> Any:
        return json.loads(self._blobs.get(folded.checkpoint)) if folded.checkpoint else None

    def _state(self, session: Session, marker: str) -> dict[str, Any]:
        first = int(marker) if marker.isdigit() else 0
        operations, following = self._page(
            self._journals.folded(session), first, _ANSWER_BYTES_MAX, alone=True
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

    def _note(self, session: Session) -> dict[str, Any]:
        rest = session.writer.write_output(session.output)
        news = session.news()
        if rest or news:
            session.writer.write_updates((), session.output, **news)
        return {}

    def _checkpoint(self, session: Session, updates: Sequence[dict[str, Any]]) -> dict[str, Any]:
        writer = session.writer
        self._require_readable(updates)
        calls = [update for update in updates if update["Type"] == "CHAINED_INVOKE"]
        plain = [update for update in updates if update["Type"] != "CHAINED_INVOKE"]
        writer.write_output(session.output)
        if plain:
            writer.write_updates(plain, session.output, **session.news())
        made = [self._calls.begin(session, update) for update in calls]
        if not updates:
            made += self._calls.taken_up(session, self._journals.folded(session))
        self._calls.await_calls(session, made)
        if not plain and not calls:
            self._note(session)
        operations = self._told(made)
        if plain or not updates:
            operations += self._after(session, plain)
        return {"operations": operations}

    def _require_readable(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Keep out of the journal what nobody could read there again.

        Raises
        ------
        JobFailed
        """
        try:
            for update in updates:
                if update["Type"] not in ("CHAINED_INVOKE", "EXECUTION"):
                    as_of(updated(None, update, self._clock()), self._clock())
                _ = update["Id"]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise JobFailed(
                ErrorCode.FUNCTION_FAILED,
                f"The function recorded something that makes no sense: {error!r}.",
                "Wait for at most some days, and leave the replay engine's own objects alone.",
            ) from None

    def _told(self, made: Sequence[Made]) -> list[Operation]:
        """What became of calls, as far as there is room for their results in one answer.

        What is left out counts as under way; the next run begins with it.
        """
        told: list[Operation] = []
        room = _ANSWER_BYTES_MAX
        for one in made:
            operation = self._calls.told(one)
            size = len(json.dumps(operation))
            if size > room and told and one.result is not None:
                operation = started_call(one.result, self._clock())
                size = len(json.dumps(operation))
            told.append(operation)
            room -= size
        return told

    # Steps, waits and contexts

    def _after(self, session: Session, plain: Sequence[Mapping[str, Any]]) -> list[Operation]:
        """The operations that updates changed; those that time changed, where there are none."""
        folded = self._journals.folded(session)
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

    # Ends

    def _finish(self, session: Session, value: str) -> dict[str, Any]:
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

    def _fail(self, session: Session, error: Mapping[str, Any]) -> dict[str, Any]:
        code = str(error.get("code"))
        known = {one.value: one for one in ErrorCode}
        failure = JobFailed(
            known.get(code, ErrorCode.FUNCTION_FAILED),
            str(error.get("message", ""))[:MESSAGE_CHARACTERS_MAX],
            str(error["remedy"])[:MESSAGE_CHARACTERS_MAX] if error.get("remedy") else None,
        )
        session.writer.write_output(session.output)
        self._close(session, str(failure))
        return {}

    def _close(self, session: Session, failure: str) -> None:
        while session.end.ended is None:
            output = session.writer.rest_of(session.output)
            session.writer.append(ended="failed", failure=failure, output=output, **session.news())


def _digest(request: Mapping[str, Any]) -> str:
    """Tells a repeated request from another one with the same tail."""
    asked = {key: value for key, value in request.items() if key not in ("job_id", "run", "ticket")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
