"""Bring a call that has its intent to its result: launch, ask, fetch.

Whoever finds an intent may do this, as often as it takes: the client tokens are in the intent,
so that a repetition finds the tasks that are there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from bellpair_core.logic.devices.device_breaker import Breakers, away_text
from bellpair_core.logic.journal.fold_journal import PendingCall
from bellpair_core.logic.tasks.counts import BIT_ORDER, counts_of
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.errors import ErrorCode, JobFailed, ResultMissing, TransientFault
from bellpair_core.model.job import SHARED_QUEUES, Job
from bellpair_core.model.journal import CallResult, Launched, call_task
from bellpair_core.model.limits import TASK_UNKNOWN_MAX
from bellpair_core.ports import (
    Blobs,
    Clock,
    LaunchRefused,
    Ledger,
    TaskService,
    TaskState,
    TaskStatus,
    TaskUnknown,
    Wakeups,
)
from bellpair_core.settings import Settings

_LOG = logging.getLogger(__name__)

_RESULT_GRACE = timedelta(minutes=2)
"""How long after a task's end its result may be on its way."""

UNKNOWN = "the device service does not know the tasks of the call"
"""How people are told of tasks that were made and are not found."""


@dataclass(frozen=True)
class CallDesk:
    """What it takes to look after calls.

    Attributes
    ----------
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.
    threads
        How many of a call's tasks are seen to at a time; 1 keeps to the caller's thread.
    """

    ledger: Ledger
    blobs: Blobs
    tasks: TaskService
    wakeups: Wakeups
    clock: Clock
    settings: Settings
    devices: Callable[[], Sequence[Device]]
    breakers: Breakers
    threads: int = 16

    def watch(
        self, job: Job, pending: PendingCall, programs: Sequence[str] | None = None
    ) -> CallWatch:
        """Someone who looks after the call from now on."""
        return CallWatch(self, job, pending, programs)

    def device(self, name: str) -> Device | None:
        """The device as the catalogue has it."""
        return next((device for device in self.devices() if device.name == name), None)

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        """The threads; kept, since a call should not have to wait for their making."""
        return ThreadPoolExecutor(self.threads, thread_name_prefix="call")


@dataclass
class _Place:
    """One task of the call, as far as it is known."""

    number: int
    arn: str | None = None
    made_here: bool = False
    state: TaskState | None = None
    document: dict[str, Any] | None = None
    fault: Exception | None = None
    freed: bool = False

    @property
    def over(self) -> bool:
        return self.state is not None and self.state.status.terminal

    @property
    def done(self) -> bool:
        return self.document is not None


class CallWatch:
    """One call's tasks, from their launch to their results.

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
        self, desk: CallDesk, job: Job, pending: PendingCall, programs: Sequence[str] | None
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
        self._places = [_Place(number, arn) for number, arn in enumerate(arns)]

    @property
    def launched(self) -> Launched:
        """Where the tasks are, as far as it is known."""
        return Launched(call=self._line, arns=tuple(place.arn for place in self._places))

    @property
    def took_s(self) -> float:
        """How long the device took for the task that it ended last, seconds."""
        return max(_seconds(place.state) for place in self._places)

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
            When payloads are out of reach.
        """
        self.why, self.lost = None, False
        todo = [place for place in self._places if not place.done]
        if any(place.arn is None for place in todo) and (barred := self._barred()):
            self.why = barred
            todo = [place for place in todo if place.arn is not None]
        if any(place.arn is None for place in todo) and self._programs is None:
            self._programs = json.loads(self._desk.blobs.get(self._call.programs))
        self._see_to(todo)
        self._free_places()
        if any(place.made_here for place in todo):
            self._desk.breakers.launched(self._call.device, self._job.id)
        return self._judged()

    def all_over(self) -> bool:
        """Ask how the tasks are that were made; whether none of them goes on.

        What cannot be asked for now counts as going on.
        """

        def answers(place: _Place) -> bool:
            try:
                self._ask(place)
            except (TaskUnknown, TransientFault):
                return False
            return place.over

        made = [place for place in self._places if place.arn is not None]
        if len(made) <= 1 or self._desk.threads <= 1:
            return all(answers(place) for place in made)
        return all(list(self._desk.pool.map(answers, made)))

    def cancel_known(self) -> None:
        """Cancel what is known to have been made, as well as that goes."""
        for place in self._places:
            if place.arn is not None and not place.over:
                try:
                    self._desk.tasks.cancel(place.arn)
                except TransientFault:
                    _LOG.warning("task %s was not cancelled", place.arn, exc_info=True)

    def cancel(self) -> None:
        """Cancel what is not over; where it is not known whether there is a task, find it first.

        Raises
        ------
        TransientFault
            When that could not be done now.
        """
        if len(self._places) <= 1 or self._desk.threads <= 1:
            for place in self._places:
                self._cancel(place)
        else:
            # Of the most tasks that a call may have, one after the other would take minutes.
            list(self._desk.pool.map(self._cancel, self._places))

    def _cancel(self, place: _Place) -> None:
        if place.arn is None and not self._certainly_unmade(place):
            try:
                place.arn = self._launched(place)
            except (JobFailed, LaunchRefused):
                return
        if place.arn is not None and not place.over:
            self._desk.tasks.cancel(place.arn)
        self._free(place)

    # One task

    def _see_to(self, places: Sequence[_Place]) -> None:
        if len(places) <= 1 or self._desk.threads <= 1:
            for place in places:
                self._advance(place)
        else:
            list(self._desk.pool.map(self._advance, places))

    def _advance(self, place: _Place) -> None:
        place.fault = None
        if place.arn is None and not self._takes_place(place):
            return
        try:
            if place.arn is None:
                # No device is done at once: whoever looks next asks for it.
                place.arn = self._launched(place)
                place.made_here = True
                return
            self._ask(place)
        except (JobFailed, LaunchRefused, TaskUnknown, TransientFault) as fault:
            place.fault = fault
            return
        if place.state is None or place.state.status is not TaskStatus.COMPLETED:
            return
        try:
            place.document = self._desk.tasks.result(place.state)
        except (ResultMissing, TransientFault) as fault:
            place.fault = fault

    def _ask(self, place: _Place) -> None:
        if place.arn is not None and not place.over:
            place.state = self._desk.tasks.poll(place.arn)

    def _launched(self, place: _Place) -> str:
        if self._programs is None:
            self._programs = json.loads(self._desk.blobs.get(self._call.programs))
        task = call_task(self._call, place.number, self._line)
        return self._desk.tasks.launch(task, self._job.id, self._programs[place.number])

    def _takes_place(self, place: _Place) -> bool:
        limit = self._limit
        if limit is None:
            return True
        place.freed = False
        return self._desk.ledger.acquire_slot(self._call.device, self._holder(place), limit)

    def _free(self, place: _Place) -> bool:
        if self._limit is None or place.freed:
            return False
        self._desk.ledger.release_slot(self._call.device, self._holder(place))
        place.freed = True
        return True

    def _free_places(self) -> None:
        freed = [self._free(place) for place in self._places if place.over]
        self.may_launch = any(freed) and any(place.arn is None for place in self._places)
        if any(freed):
            for queue in (self._call.device, *sorted(SHARED_QUEUES)):
                try:
                    self._desk.wakeups.wake(queue)
                except TransientFault:
                    _LOG.warning("queue %s was not woken", queue, exc_info=True)

    def _holder(self, place: _Place) -> str:
        return f"{self._job.id}/{self._line}/{place.number}"

    def _certainly_unmade(self, place: _Place) -> bool:
        """Whether nobody can have made the task: it never had one of the device's places."""
        if self._limit is None:
            return False
        return self._holder(place) not in self._desk.ledger.slots(self._call.device)

    # The whole call

    @cached_property
    def _limit(self) -> int | None:
        setting = self._desk.settings.device(self._call.device)
        return setting.max_in_flight if setting else None

    @cached_property
    def _simulated(self) -> bool:
        device = self._desk.device(self._call.device)
        # What is not known to be a simulator is never repeated.
        return device is not None and device.kind is DeviceKind.SIMULATOR

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
        for place in self._places:
            if isinstance(place.fault, JobFailed):
                return self._failed(*JobFailed.parse(str(place.fault)))
            if place.over and place.state and place.state.status is not TaskStatus.COMPLETED:
                return self._task_failed(place.state)
        if refusal := self._refusal():
            return refusal
        for place in self._places:
            if (gone := self._explain(place)) is not None:
                return gone
        if all(place.done for place in self._places):
            return self._succeeded()
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
                self._free(place)
        # Later, the same refusal would not tell whether the first request made a task.
        self._fresh = False
        if retired and conclusive and len(refused) == len(self._places):
            return self._failed(ErrorCode.DEVICE_RETIRED, f"Device {name} is retired.")
        return None

    def _explain(self, place: _Place) -> CallResult | None:
        """Say why a task has no result yet; a failure, where it will never have one."""
        match place.fault:
            case TaskUnknown() if not place.made_here:
                if self._simulated:
                    self.lost = True
                self.why = UNKNOWN
                if not self._simulated and self._unknown_for() >= TASK_UNKNOWN_MAX:
                    text = f"The device service has no task {place.arn} any more."
                    return self._failed(ErrorCode.TASK_FAILED, text)
            case ResultMissing() if place.state and self._late(place.state):
                if not self._simulated:
                    return self._failed(ErrorCode.RESULT_MISSING, str(place.fault))
                self.lost = True
            case TransientFault(throttled=False):
                self._fresh = False
                self._out_of_reach(blamed=not place.over)
            case TransientFault():
                self._fresh = False
        return None

    def _out_of_reach(self, *, blamed: bool) -> None:
        region, name = self._call.region, self._call.device
        self.why = away_text(region)
        setting = self._desk.settings.device(name)
        home = (setting.region if setting else None) or self._desk.settings.region
        if region == home:
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

    # Results

    def _succeeded(self) -> CallResult:
        results = []
        for place, task in zip(self._places, self._call.tasks, strict=True):
            assert place.document is not None
            try:
                counts = counts_of(place.document, task.bits)
            except JobFailed as error:
                return self._failed(*JobFailed.parse(str(error)))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                text = f"The result of task {place.arn} is not a gate-model result: {error!r}"
                return self._failed(ErrorCode.RESULT_MISSING, text)
            shots = sum(counts.values())
            results.append({"counts": counts, "shots": shots, "bits": len(task.bits)})
        self._desk.breakers.succeeded(self._call.device)
        cost = self._cost()
        value = {
            "results": results,
            "bit_order": BIT_ORDER,
            "device": self._call.device,
            "calibration_id": self._call.calibration_id,
            "cost_usd": cost,
        }
        text = json.dumps(value, separators=(",", ":"))
        return CallResult(
            call=self._line,
            operation=self._call.operation,
            name=self._call.name,
            parent=self._call.parent,
            value=self._desk.blobs.put(text.encode()),
            cost_usd=cost,
        )

    def _task_failed(self, state: TaskState) -> CallResult:
        name = self._call.device
        if state.status is TaskStatus.FAILED:
            reason = state.failure_reason or "no reason given"
            self._desk.breakers.failed(name, f"device {name} failed a task: {reason}")
            text = f"Device {name} failed task {state.arn}: {reason}."
            return self._failed(ErrorCode.TASK_FAILED, text)
        return self._failed(
            ErrorCode.TASK_CANCELLED, f"Task {state.arn} on device {name} was cancelled."
        )

    def _failed(self, code: ErrorCode, text: str, remedy: str | None = None) -> CallResult:
        """The failure of the call; what else it had made is cancelled, as well as that goes."""
        for place in self._places:
            try:
                if place.arn is None and isinstance(place.fault, TransientFault):
                    # Whether it was made was not heard; the same request tells.
                    place.arn = self._launched(place)
                if place.arn is not None and not place.over:
                    self._desk.tasks.cancel(place.arn)
            except TransientFault:
                # The call is over all the same; what the task costs stays reserved.
                continue
            except (JobFailed, LaunchRefused):
                pass
            self._free(place)
        error = {"code": code.value, "message": text, "remedy": remedy or code.remedy}
        return CallResult(
            call=self._line,
            operation=self._call.operation,
            name=self._call.name,
            parent=self._call.parent,
            error=error,
            cost_usd=self._cost(),
        )

    def gone(self, text: str) -> CallResult:
        """The failure of a simulator's call that was lost too often."""
        return self._failed(ErrorCode.TASK_FAILED, text)

    def _cost(self) -> float:
        """What the tasks cost that are not known to have come to nothing, US dollars."""
        device = self._desk.device(self._call.device)
        if device is None:
            return self._call.reserved_usd
        total = 0.0
        for place, task in zip(self._places, self._call.tasks, strict=True):
            came_to_nothing = place.arn is None or (
                place.over and place.state and place.state.status is not TaskStatus.COMPLETED
            )
            if not came_to_nothing:
                total += device.price.of(task.shots, _seconds(place.state))
        return round(total, 9)


def _seconds(state: TaskState | None) -> float:
    """How long the task took, from its creation to its end."""
    if state is None or state.created_at is None or state.ended_at is None:
        return 0.0
    took = datetime.fromisoformat(state.ended_at) - datetime.fromisoformat(state.created_at)
    return max(0.0, took.total_seconds())
