"""Bring a call that has its intent to its result: launch, ask, fetch.

Whoever finds an intent may do this, as often as it takes: the client tokens are in the intent,
so that a repetition finds the tasks that are there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bellpair_core.logic.devices.device_breaker import away_text
from bellpair_core.logic.jobs.waiting_note import PAYLOADS_AWAY
from bellpair_core.logic.journal.fold_journal import PendingCall
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.device_names import service_of
from bellpair_core.model.errors import ErrorCode, JobFailed, ResultMissing, TransientFault
from bellpair_core.model.job import SHARED_QUEUES, Job
from bellpair_core.model.journal import CallProgram, CallResult, Launched, unpacked_programs
from bellpair_core.model.limits import TASK_UNKNOWN_MAX
from bellpair_core.ports import LaunchRefused, TaskState, TaskUnknown

from .call_desk import CallDesk
from .call_outcome import CallOutcome
from .task_place import TaskPlace

_LOG = logging.getLogger(__name__)

_RESULT_GRACE = timedelta(minutes=2)
"""How long after a task's end its result may be on its way."""

UNKNOWN = "the device service does not know the tasks of the call"
"""How people are told of tasks that were made and are not found."""


class CallWatch:
    """One call's tasks, from their launch to their results.

    Parameters
    ----------
    programs
        The call's compiled programs, from who has just written its intent.

    Attributes
    ----------
    why
        What kept the last step from going on, for people; ``None`` where the device is at work.
    may_launch
        Whether tasks that ended have left places to those that are to be launched yet.
    lost
        Whether the tasks are a simulator's and are gone, or out of reach, so that the call may
        be made anew in this region.
    """

    def __init__(
        self,
        desk: CallDesk,
        job: Job,
        pending: PendingCall,
        programs: Sequence[CallProgram] | None = None,
    ) -> None:
        self.why: str | None = None
        self.lost = False
        self.may_launch = False
        self._desk = desk
        self._job = job
        self._line = pending.line
        self._call = pending.call
        # Only who has just written the intent knows that nobody asked for the tasks before.
        self._fresh = programs is not None
        self._programs = programs
        arns = pending.launched.arns if pending.launched else [None] * len(pending.call.tasks)
        self._places = [
            TaskPlace(desk, job.id, self._line, self._call, number, self._known_programs, arn)
            for number, arn in enumerate(arns)
        ]
        self._outcome = CallOutcome(
            desk,
            self._line,
            self._call,
            self._places,
            self._known_programs,
            f"{job.id}/{self._line}",
        )

    @property
    def launched(self) -> Launched:
        """Where the tasks are, as far as it is known."""
        return Launched(call=self._line, arns=tuple(place.arn for place in self._places))

    @property
    def took_s(self) -> float:
        """How long the device took for the task that it ended last, seconds."""
        return max(place.seconds for place in self._places)

    @property
    def over(self) -> list[int]:
        """The places whose tasks are over."""
        return [place.number for place in self._places if place.over]

    @property
    def pending(self) -> PendingCall:
        """The call with what is known of its tasks."""
        return PendingCall(self._line, self._call, self.launched)

    def step(self) -> CallResult | None:
        """Launch what is not launched, ask how the rest is, and fetch what is there.

        Returns
        -------
        CallResult or None
            ``None`` while something is missing; ``why`` and ``lost`` say more.

        Raises
        ------
        TransientFault
            When the result could not be stored.
        """
        self.why, self.lost = None, False
        todo = [place for place in self._places if not place.done]
        if any(place.arn is None for place in todo) and (barred := self._barred()):
            self.why = barred
            todo = [place for place in todo if place.arn is not None]
        if any(place.arn is None for place in todo):
            try:
                self._known_programs()
            except TransientFault:
                self.why = PAYLOADS_AWAY
                todo = [place for place in todo if place.arn is not None]
        self._desk.each(TaskPlace.advance, todo)
        self._free_places()
        if any(place.made_here for place in todo):
            self._desk.breakers.launched(self._call.device, self._job.id)
        return self._judged()

    def all_over(self) -> bool:
        """Ask how the tasks are that were made; whether none of them goes on.

        What cannot be asked for now counts as going on.
        """

        def answers(place: TaskPlace) -> bool:
            try:
                place.ask()
            except (TaskUnknown, TransientFault):
                return False
            return place.over

        made = [place for place in self._places if place.arn is not None]
        return all(self._desk.each(answers, made))

    def cancel_known(self) -> None:
        """Cancel what is known to have been made, as well as that goes."""
        for place in self._places:
            try:
                place.cancel_known()
            except TransientFault:
                _LOG.warning("task %s was not cancelled", place.arn, exc_info=True)

    def cancel(self) -> None:
        """Cancel what is not over; where it is not known whether there is a task, find it first.

        Raises
        ------
        TransientFault
            When that could not be done now.
        """
        # Of the most tasks that a call may have, one after the other would take minutes.
        self._desk.each(TaskPlace.cancel, self._places)

    def gone(self, text: str) -> CallResult:
        """The failure of a simulator's call that was lost too often."""
        return self._outcome.failed(ErrorCode.TASK_FAILED, text)

    def _known_programs(self) -> Sequence[CallProgram]:
        if self._programs is None:
            self._programs = unpacked_programs(self._desk.blobs.get(self._call.programs))
        return self._programs

    def _free_places(self) -> None:
        freed = [place.free() for place in self._places if place.over]
        self.may_launch = any(freed) and any(place.arn is None for place in self._places)
        if any(freed):
            for queue in (self._call.device, *sorted(SHARED_QUEUES)):
                try:
                    self._desk.wakeups.wake(queue)
                except TransientFault:
                    _LOG.warning("queue %s was not woken", queue, exc_info=True)

    @property
    def _simulated(self) -> bool:
        return self._desk.simulates(self._call.device)

    def _barred(self) -> str | None:
        """Why the device takes no tasks now, if so."""
        name, now = self._call.device, self._desk.clock()
        device = self._desk.device(name)
        if device is not None and device.status is not DeviceStatus.ONLINE:
            return f"device {name} is {device.status}"
        breaker = self._desk.breakers.fresh(name)
        if not breaker.admits(self._job.id, now):
            return breaker.reason
        if breaker.probe == self._job.id or breaker.retry_at is None or breaker.clean:
            return None
        # The breaker's time has come: this call tries the device, alone.
        probing = self._desk.breakers.probed(name, self._job.id, breaker)
        return None if probing else breaker.reason

    def _judged(self) -> CallResult | None:
        """The result, if there is one, from what was found at all places."""
        # Programs that are told apart have their own errors, also where none has a result.
        partly = self._call.partial and not all(
            place.failed and not place.named_culprits for place in self._places
        )
        for place in self._places:
            if partly:
                break
            if isinstance(place.fault, JobFailed):
                return self._outcome.failed(*JobFailed.parse(str(place.fault)))
            if place.unwell and place.state:
                return self._outcome.task_failed(place.state)
        if refusal := self._refusal():
            return refusal
        for place in self._places:
            if (gone := self._explain(place)) is not None:
                return gone
        if all(place.done or (partly and place.failed) for place in self._places):
            return self._outcome.succeeded()
        if self.why is None and any(
            place.arn is None and place.fault is None for place in self._places
        ):
            self.why = f"all places on device {self._call.device} are taken"
        return None

    def _refusal(self) -> CallResult | None:
        """What a device's refusal to take tasks comes to."""
        refused = [place for place in self._places if isinstance(place.fault, LaunchRefused)]
        if not refused:
            return None
        name = self._call.device
        faults = [place.fault for place in refused if isinstance(place.fault, LaunchRefused)]
        retired = any(fault.retired for fault in faults)
        self.why = f"device {name} is {'retired' if retired else 'offline'}"
        self._desk.breakers.failed(name, self.why, at_once=True, away=True)
        conclusive = self._fresh and all(fault.conclusive for fault in faults)
        if conclusive:
            for place in refused:
                place.free()
        # Later, the same refusal would not tell whether the first request made a task.
        self._fresh = False
        if retired and conclusive and len(refused) == len(self._places):
            return self._outcome.failed(ErrorCode.DEVICE_RETIRED, f"Device {name} is retired.")
        return None

    def _explain(self, place: TaskPlace) -> CallResult | None:
        """Say why a task has no result yet; a failure, where it will never have one."""
        match place.fault:
            case TaskUnknown() if not place.made_here:
                if self._simulated:
                    self.lost = True
                self.why = UNKNOWN
                if not self._simulated and self._unknown_for() >= TASK_UNKNOWN_MAX:
                    text = f"The device service has no task {place.arn} any more."
                    return self._outcome.failed(ErrorCode.TASK_FAILED, text)
            case ResultMissing() if place.state and self._late(place.state):
                if not self._simulated:
                    return self._outcome.failed(ErrorCode.RESULT_MISSING, str(place.fault))
                self.lost = True
            case TransientFault(throttled=False):
                self._fresh = False
                self._out_of_reach(blamed=not place.over)
            case TransientFault():
                self._fresh = False
        return None

    def _out_of_reach(self, *, blamed: bool) -> None:
        arn, name = self._call.device_arn, self._call.device
        service = service_of(arn, self._call.region)
        self.why = away_text(service)
        setting = self._desk.settings.device(name)
        home = (setting.region if setting else None) or self._desk.settings.region
        if service == service_of(arn, home):
            # A result that cannot be fetched is not the device's doing.
            if blamed:
                self._desk.breakers.failed(name, self.why, away=True)
        elif self._simulated and (setting is None or setting.region is None):
            self.lost = True

    def _unknown_for(self) -> timedelta:
        noted = [event.at for event in self._job.events if event.message == UNKNOWN]
        waiting = self._job.waiting_for == UNKNOWN
        return self._desk.clock() - noted[-1] if noted and waiting else timedelta(0)

    def _late(self, state: TaskState) -> bool:
        if state.ended_at is None:
            return False
        return self._desk.clock() - datetime.fromisoformat(state.ended_at) > _RESULT_GRACE
