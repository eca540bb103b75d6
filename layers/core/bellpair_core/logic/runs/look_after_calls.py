"""Write down what becomes of calls: the part that the broker and a job's resumption share."""

from __future__ import annotations

from bellpair_core.logic.journal.fold_journal import PendingCall
from bellpair_core.logic.journal.journal_log import JournalWriter, Overtaken
from bellpair_core.model.job import Job
from bellpair_core.model.journal import CallResult
from bellpair_core.settings import Settings

from .call_desk import CallDesk
from .quantum_call import at_line, relocated
from .settle_call import CallWatch
from .spending import CapReached, Spending


class CallBook:
    """Keeps a job's calls in its journal, as one of perhaps several writers with one nonce.

    Parameters
    ----------
    writer
        Of the job's journal.
    """

    def __init__(
        self,
        job: Job,
        writer: JournalWriter,
        desk: CallDesk,
        spending: Spending,
        settings: Settings,
    ) -> None:
        self._job = job
        self._writer = writer
        self._desk = desk
        self._spending = spending
        self._settings = settings

    def result_of(self, operation: str) -> CallResult | None:
        """The result of the call that this writer or a twin has written."""
        for line in self._writer.mine:
            if line.result is not None and line.result.operation == operation:
                return line.result
        return None

    def pending(self, operation: str) -> PendingCall | None:
        """The call's last intent that this writer or a twin has written."""
        found: PendingCall | None = None
        for line in self._writer.mine:
            if line.call is not None and line.call.operation == operation:
                found = PendingCall(line.number, line.call)
            if found and line.launched is not None and line.launched.call == found.line:
                found = PendingCall(found.line, found.call, line.launched)
        return found

    def look(self, watch: CallWatch) -> tuple[CallResult | None, CallWatch]:
        """Go on with a call by one step.

        Returns
        -------
        tuple
            Its result, written down, if there is one, and who looks after it from now on: a
            simulator's call whose tasks were lost is made anew.

        Raises
        ------
        CapReached
            When it would have to be made anew, and a cap does not allow for that.
        """
        result = watch.step()
        while result is None and watch.may_launch and not watch.lost:
            result = watch.step()
        if result is None and watch.lost:
            return self._anew(watch)
        if result is None:
            return None, watch
        return self.record(watch.pending, result), watch

    def record(self, pending: PendingCall, result: CallResult) -> CallResult:
        """Write a call's result down; the twin's, where that was first."""
        more = result.cost_usd - pending.call.reserved_usd
        while (known := self.result_of(result.operation)) is None:
            end = self._writer.end
            spent = max(0.0, round((end.spent_usd if end else 0.0) + more, 9))
            if self._writer.append(result=result, spent_usd=spent):
                self._spending.adjust(self._job, pending.call.month, more)
                return result
        return known

    def keep_launched(self, pending: PendingCall) -> None:
        """Write down where the call's tasks are, unless the journal knows it already."""
        launched = pending.launched
        while launched is not None:
            if self.result_of(pending.call.operation) is not None:
                return
            known = self.pending(pending.call.operation)
            if known is not None and known.launched == launched:
                return
            if self._writer.append(launched=launched):
                return

    def _anew(self, watch: CallWatch) -> tuple[CallResult | None, CallWatch]:
        lost = watch.pending
        call = relocated(lost.call, self._settings.region)
        if call is None:
            text = (
                f"The tasks of the call on {lost.call.device} were lost"
                f" {lost.call.generation} times."
            )
            return self.record(lost, watch.gone(text)), watch
        while True:
            if (known := self.result_of(call.operation)) is not None:
                return known, watch
            mine = self.pending(call.operation)
            if mine is not None and mine.call.generation > lost.call.generation:
                return None, CallWatch(self._desk, self._job, mine)
            number, end = self._writer.next_number, self._writer.end
            spent, usd = end.spent_usd if end else 0.0, call.reserved_usd
            try:
                month = self._spending.reserve(self._job, spent, usd)
            except CapReached:
                # A twin may have come this far, and have written the intent.
                if self._writer.catch_up():
                    continue
                raise
            made = at_line(call, self._settings.stage, self._job.id, number)
            made = made.model_copy(update={"month": month})
            try:
                if self._writer.append(call=made, spent_usd=round(spent + usd, 9)):
                    return None, CallWatch(self._desk, self._job, PendingCall(number, made))
            except Overtaken:
                self._spending.adjust(self._job, month, -usd)
                raise
            self._spending.adjust(self._job, month, -usd)
