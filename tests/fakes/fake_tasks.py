"""A device service that runs a task when the test says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import JobFailed, ResultMissing, TransientFault
from bellpair_core.model.job import Task, result_prefix
from bellpair_core.ports import LaunchRefused, TaskState, TaskStatus, TaskUnknown

ACCOUNT = "000000000000"


class FakeTasks:
    """Creates each task once per client token and keeps it queued until told otherwise.

    Attributes
    ----------
    programs
        The program of each created task, by ARN; of a set all of them, one after the other.
    sets
        The programs of each created task that runs several, by ARN.
    launches
        How many times `launch` was called, repetitions included.
    cancelled
        ARNs that `cancel` was asked for.
    descriptions
        What `describe` answers, by device ARN; of others it tells whether they are online.
    offline
        ARNs of devices that refuse new tasks; a test adds to it.
    repeats_requests
        True makes a refusal inconclusive, as after a request whose answer was lost.
    refusal
        When set, `launch` raises it instead of creating a task.
    retired
        ARNs of devices that are gone for good; a test adds to it.
    unknown
        ARNs of tasks that the service does not know at the moment; a test adds to it.
    reachable
        False makes every call a `TransientFault`.
    """

    def __init__(self) -> None:
        self.programs: dict[str, str] = {}
        self.sets: dict[str, tuple[str, ...]] = {}
        self.launches = 0
        self.cancelled: list[str] = []
        self.descriptions: dict[str, dict[str, Any]] = {}
        self.offline: set[str] = set()
        self.retired: set[str] = set()
        self.unknown: set[str] = set()
        self.repeats_requests = False
        self.refusal: JobFailed | None = None
        self.reachable = True
        self._arns: dict[str, str] = {}
        self._states: dict[str, TaskState] = {}
        self._results: dict[str, dict[str, Any]] = {}

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """Create the task, or find the one already created with its token."""
        self._reach()
        self.launches += 1
        if task.device_arn in self.offline | self.retired:
            # Even a token that has its task: nothing promises that the service looks it up first.
            retired = task.device_arn in self.retired
            raise LaunchRefused(
                "no tasks are taken", conclusive=not self.repeats_requests, retired=retired
            )
        if task.client_token in self._arns:
            return self._arns[task.client_token]
        if self.refusal is not None:
            raise self.refusal
        uuid = uuid5(NAMESPACE_URL, task.client_token)
        arn = f"arn:aws:braket:{task.region}:{ACCOUNT}:quantum-task/{uuid}"
        self._arns[task.client_token] = arn
        self.programs[arn] = program
        self._states[arn] = TaskState(
            arn=arn,
            status=TaskStatus.QUEUED,
            queue_position="1",
            output_bucket=f"amazon-braket-bellpair-test-{ACCOUNT}-{task.region}",
            output_directory=f"{result_prefix(job_id, task.generation)}/{uuid}",
            created_at="2026-01-01T12:00:00.000Z",
        )
        return arn

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        """Create the task of several programs, or find it."""
        uuid = uuid5(NAMESPACE_URL, task.client_token)
        # Known before it is created, for who runs it at once.
        arn = f"arn:aws:braket:{task.region}:{ACCOUNT}:quantum-task/{uuid}"
        self.sets[arn] = tuple(programs)
        try:
            return self.launch(task, job_id, "".join(programs))
        finally:
            if arn not in self.programs:
                del self.sets[arn]

    def poll(self, task_arn: str) -> TaskState:
        """The task's state now."""
        self._reach()
        if task_arn in self.unknown:
            raise TaskUnknown(f"there is no task {task_arn}")
        return self._states[task_arn]

    def cancel(self, task_arn: str) -> None:
        """Cancel the task at once, if it is not over."""
        self._reach()
        self.cancelled.append(task_arn)
        if not self._states[task_arn].status.terminal:
            self._move(task_arn, TaskStatus.CANCELLED)

    def result(self, state: TaskState) -> dict[str, Any]:
        """The result document of a completed task."""
        self._reach()
        if state.arn not in self._results:
            raise ResultMissing(f"no results.json in {state.output_directory}")
        return self._results[state.arn]

    def health(self, device_arn: str, region: str) -> DeviceStatus:
        """Whether the device takes tasks now."""
        return DeviceStatus(self.describe(device_arn, region, patient=False)["status"].lower())

    def describe(self, device_arn: str, region: str, *, patient: bool = True) -> dict[str, Any]:
        """The device's status and properties."""
        self._reach()
        if device_arn in self.descriptions:
            return self.descriptions[device_arn]
        return {"status": "OFFLINE" if device_arn in self.offline else "ONLINE"}

    def complete(self, task_arn: str, result: dict[str, Any] | None) -> TaskState:
        """Let the task end well; ``None`` leaves its result object out."""
        if result is not None:
            self._results[task_arn] = result
        return self._move(task_arn, TaskStatus.COMPLETED)

    def fail(self, task_arn: str, reason: str) -> TaskState:
        """Let the device fail the task."""
        return self._move(task_arn, TaskStatus.FAILED, failure_reason=reason)

    def _move(self, arn: str, status: TaskStatus, **changes: Any) -> TaskState:
        update = {"status": status, "queue_position": None, **changes}
        if status.terminal:
            update["ended_at"] = "2026-01-01T12:00:01.000Z"
        self._states[arn] = self._states[arn].model_copy(update=update)
        return self._states[arn]

    def _reach(self) -> None:
        if not self.reachable:
            raise TransientFault("the device service cannot be reached")
