"""The quantum-task services of two regions: each task is run once per client token."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bellpair_core.model.job import Task, result_prefix
from bellpair_core.ports.tasks import LaunchRefused, TaskState, TaskStatus
from tests.fakes.fake_tasks import ACCOUNT

from .scheduler import Scheduler

ONE, ZERO = [1, 1], [0, 0]


def bucket_of(region: str) -> str:
    """The bucket in which the tasks of a region's devices leave their results."""
    return f"amazon-braket-bellpair-test-{ACCOUNT}-{region}"


@dataclass
class RunTask:
    """A task that the service was asked for; ``history`` tells its states and when.

    It runs one program or several, with ``shots`` of all of them together.
    """

    arn: str
    job_id: str
    generation: int
    token: str
    device: str
    region: str
    shots: int
    programs: tuple[str, ...]
    status: TaskStatus = TaskStatus.QUEUED
    history: list[tuple[float, TaskStatus]] = field(default_factory=list)


class DeviceService:
    """One region's device service; its books survive whatever happens to the region.

    Attributes
    ----------
    offline
        ARNs of the devices that take no tasks now.
    failing
        Chance that a task ends ``FAILED``, or ``CANCELLED`` at the device.
    created
        Called with each new task, before anybody hears of it.
    changed
        Called with each task that is over.
    """

    def __init__(
        self,
        region: str,
        scheduler: Scheduler,
        random: Random,
        created: Callable[[RunTask], None],
        changed: Callable[[RunTask], None],
    ) -> None:
        self.region = region
        self.offline: set[str] = set()
        self.failing = 0.0
        self.longest = 20.0
        self.tasks: dict[str, RunTask] = {}
        self._by_token: dict[str, RunTask] = {}
        self._scheduler = scheduler
        self._random = random
        self._created = created
        self._changed = changed

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """Create the task, or find the one made with its token."""
        return self._made(task, job_id, (program,))

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        """Create the task of several programs, or find it."""
        return self._made(task, job_id, tuple(programs))

    def _made(self, task: Task, job_id: str, programs: tuple[str, ...]) -> str:
        known = self._by_token.get(task.client_token)
        if known is not None:
            return known.arn
        if task.device_arn in self.offline:
            raise LaunchRefused("the device is offline", conclusive=True)
        number = len(self.tasks) + 1
        arn = f"arn:aws:braket:{self.region}:{ACCOUNT}:quantum-task/{number}"
        made = RunTask(
            arn,
            job_id,
            task.generation,
            task.client_token,
            task.device_arn,
            self.region,
            task.shots,
            programs,
        )
        self.tasks[arn] = self._by_token[task.client_token] = made
        self._note(made, TaskStatus.QUEUED)
        self._created(made)
        self._scheduler.after(self._random.random() * self.longest, lambda: self._end(made))
        return arn

    def poll(self, task_arn: str) -> TaskState:
        """The task's state now."""
        task = self.tasks[task_arn]
        over = task.status.terminal
        return TaskState(
            arn=task.arn,
            status=task.status,
            failure_reason="bad luck" if task.status is TaskStatus.FAILED else None,
            queue_position=None if over else "1",
            output_bucket=bucket_of(self.region),
            output_directory=self.directory(task),
        )

    def cancel(self, task_arn: str) -> None:
        """Cancel the task soon, unless it is over by then."""
        task = self.tasks[task_arn]
        if task.status in (TaskStatus.QUEUED, TaskStatus.RUNNING):
            self._note(task, TaskStatus.CANCELLING)
            self._scheduler.after(
                self._random.random() * 3, lambda: self._finish(task, TaskStatus.CANCELLED)
            )

    def result(self, state: TaskState) -> dict[str, Any]:
        """The result document of a completed task; another task would have had another one."""
        task = self.tasks[state.arn]
        assert task.status is TaskStatus.COMPLETED
        each = task.shots // len(task.programs)
        documents = []
        for number in range(len(task.programs)):
            ones = zlib.crc32(f"{task.arn}{number or ''}".encode()) % (each + 1)
            rows = [ONE] * ones + [ZERO] * (each - ones)
            documents.append({"measuredQubits": [0, 1], "measurements": rows})
        return documents[0] if len(documents) == 1 else {"programs": documents}

    def describe(self, device_arn: str, region: str) -> dict[str, Any]:
        """Whether the device is online."""
        status = "OFFLINE" if device_arn in self.offline else "ONLINE"
        return {
            "status": status,
            "type": "QPU",
            "provider": "simulated",
            "queue_depth": 0,
            "properties": {},
        }

    def directory(self, task: RunTask) -> str:
        """Where the task's result is."""
        return f"{result_prefix(task.job_id, task.generation)}/{task.arn.rsplit('/', 1)[1]}"

    def _end(self, task: RunTask) -> None:
        roll = self._random.random()
        if roll >= self.failing:
            self._finish(task, TaskStatus.COMPLETED)
        elif roll >= self.failing / 4:
            self._finish(task, TaskStatus.FAILED)
        else:
            self._finish(task, TaskStatus.CANCELLED)

    def _finish(self, task: RunTask, status: TaskStatus) -> None:
        if task.status.terminal:
            return
        self._note(task, status)
        self._changed(task)

    def _note(self, task: RunTask, status: TaskStatus) -> None:
        task.status = status
        task.history.append((self._scheduler.now, status))
