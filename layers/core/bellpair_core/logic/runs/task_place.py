"""One task of a call: its place on the device, its launch, its news and its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bellpair_core.model.errors import JobFailed, ResultMissing, TransientFault
from bellpair_core.model.journal import Call, CallProgram, call_task
from bellpair_core.ports import LaunchRefused, TaskState, TaskStatus, TaskUnknown
from bellpair_core.ports.tasks import ProgramSetRefused

from .call_desk import CallDesk


class TaskPlace:
    """One task of a call, as far as it is known.

    Parameters
    ----------
    line
        Number of the journal's line with the call's intent.
    number
        Which of the call's tasks it is, from 0.
    programs
        The call's compiled programs; asked for only where there is something to launch. The task
        runs one of them, or several.
    arn
        Where the task is, if that is known.

    Attributes
    ----------
    made_here
        Whether this one had the task made, or found it by its token, just now.
    state, document
        What the device service last told of the task; its result.
    fault
        What kept the last step from going on.
    runs
        Which of the call's programs the task runs.
    """

    def __init__(
        self,
        desk: CallDesk,
        job_id: str,
        line: int,
        call: Call,
        number: int,
        programs: Callable[[], Sequence[CallProgram]],
        arn: str | None = None,
    ) -> None:
        self.number = number
        self.arn = arn
        self.made_here = False
        self.state: TaskState | None = None
        self.document: dict[str, Any] | None = None
        self.fault: Exception | None = None
        self._desk = desk
        self._job_id = job_id
        self._line = line
        self._call = call
        self._programs = programs
        self._freed = False
        setting = desk.settings.device(call.device)
        self._limit = setting.max_in_flight if setting else None
        self.runs = call.tasks[number].runs(number)

    @property
    def over(self) -> bool:
        """Whether the task is known to be over, well or not."""
        return self.state is not None and self.state.status.terminal

    @property
    def unwell(self) -> bool:
        """Whether the task is known to have failed or to have been cancelled."""
        return self.over and not self._completed

    @property
    def failed(self) -> bool:
        """Whether the task will have no result, whatever becomes of the others."""
        return self.unwell or isinstance(self.fault, JobFailed)

    @property
    def done(self) -> bool:
        """Whether the task's result is here."""
        return self.document is not None

    @property
    def named_culprits(self) -> bool:
        """Whether the device refused the task for some of its programs, and said for which."""
        return isinstance(self.fault, ProgramSetRefused) and bool(self.fault.programs)

    def document_of(self, number: int) -> dict[str, Any]:
        """The result of one of the task's programs, once the task is done.

        Raises
        ------
        KeyError, IndexError, TypeError
            When the task's result has not the shape of one.
        """
        assert self.document is not None
        if len(self.runs) == 1:
            return self.document
        documents = self.document["programs"]
        if len(documents) != len(self.runs):
            raise IndexError(f"{len(documents)} results of {len(self.runs)} programs")
        return dict(documents[number])

    @property
    def seconds(self) -> float:
        """How long the task took, from its creation to its end; 0 where that is not known."""
        state = self.state
        if state is None or state.created_at is None or state.ended_at is None:
            return 0.0
        took = datetime.fromisoformat(state.ended_at) - datetime.fromisoformat(state.created_at)
        return max(0.0, took.total_seconds())

    def advance(self) -> None:
        """Launch the task, or ask for its news and fetch its result; ``fault`` says what failed."""
        self.fault = None
        if self.arn is None and not self._taken():
            return
        try:
            if self.arn is None:
                # No device is done at once: whoever looks next asks for it.
                self.arn = self._launched()
                self.made_here = True
                return
            self.ask()
        except (JobFailed, LaunchRefused, TaskUnknown, TransientFault) as fault:
            self.fault = fault
            return
        if self.state is None or not self._completed:
            return
        try:
            self.document = self._desk.tasks.result(self.state)
        except (ResultMissing, TransientFault) as fault:
            self.fault = fault

    def ask(self) -> None:
        """Ask how the task is, unless it is over or was not made.

        Raises
        ------
        TaskUnknown, TransientFault
            As `TaskService.poll`.
        """
        if self.arn is not None and not self.over:
            self.state = self._desk.tasks.poll(self.arn)

    def cancel(self) -> None:
        """Cancel the task; where it is not known whether there is one, find it first.

        Raises
        ------
        TransientFault
            When that could not be done now.
        """
        if self.arn is None and not self._certainly_unmade():
            try:
                self.arn = self._launched()
            except (JobFailed, LaunchRefused):
                return
        self.cancel_known()
        self.free()

    def cancel_known(self) -> None:
        """Cancel the task where it is known to have been made.

        Raises
        ------
        TransientFault
            When that could not be done now.
        """
        if self.arn is not None and not self.over:
            self._desk.tasks.cancel(self.arn)

    def give_up(self) -> None:
        """Cancel the task of a call that failed, as well as that goes, and free its place."""
        try:
            if self.arn is None and isinstance(self.fault, TransientFault):
                # Whether it was made was not heard; the same request tells.
                self.arn = self._launched()
            self.cancel_known()
        except TransientFault:
            # The call is over all the same; what the task costs stays reserved.
            return
        except (JobFailed, LaunchRefused):
            pass
        self.free()

    def free(self) -> bool:
        """Give back the task's place on the device; whether it had one to be given back."""
        if self._limit is None or self._freed:
            return False
        self._desk.ledger.release_slot(self._call.device, self._holder)
        self._freed = True
        return True

    @property
    def _completed(self) -> bool:
        return self.state is not None and self.state.status is TaskStatus.COMPLETED

    def _launched(self) -> str:
        made = self._programs()
        programs = [made[one.place].program for one in self.runs]
        task = call_task(self._call, self.number, self._line)
        if len(programs) == 1:
            return self._desk.tasks.launch(task, self._job_id, programs[0])
        return self._desk.tasks.launch_set(task, self._job_id, programs)

    def _taken(self) -> bool:
        """Whether the task has one of the device's places, or there is no limit to them."""
        if self._limit is None:
            return True
        self._freed = False
        return self._desk.ledger.acquire_slot(self._call.device, self._holder, self._limit)

    def _certainly_unmade(self) -> bool:
        """Whether nobody can have made the task: it never had one of the device's places."""
        if self._limit is None:
            return False
        return self._holder not in self._desk.ledger.slots(self._call.device)

    @property
    def _holder(self) -> str:
        return f"{self._job_id}/{self._line}/{self.number}"
