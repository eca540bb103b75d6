"""Quantum tasks at a device service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_core.model.job import Task


class TaskStatus(StrEnum):
    """A task's states, as Amazon Braket names them."""

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"

    @property
    def terminal(self) -> bool:
        """Whether the task is over."""
        return self in (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED)


class TaskState(BaseModel):
    """A task as the service reports it.

    Attributes
    ----------
    arn
        The task's ARN, or what `task_name_of` puts in its place.
    output_bucket, output_directory
        Where a service leaves the result that leaves it in a bucket; else empty.
    """

    model_config = ConfigDict(frozen=True)

    arn: str
    status: TaskStatus
    failure_reason: str | None = None
    queue_position: str | None = None
    output_bucket: str = ""
    output_directory: str = ""
    created_at: str | None = None
    ended_at: str | None = None


class LaunchRefused(Exception):
    """The device takes no tasks, and this call has found none of its token.

    Attributes
    ----------
    conclusive
        Whether the refused request was the only one that the call sent. Where an earlier one
        was not answered, that one may have made the task.
    retired
        Whether the device is gone for good, and not offline for now.
    """

    def __init__(self, message: str, *, conclusive: bool, retired: bool = False) -> None:
        super().__init__(message)
        self.conclusive = conclusive
        self.retired = retired


class ProgramRefused(JobFailed):
    """The device does not take the program, as it is calibrated now.

    Attributes
    ----------
    conclusive
        As of `LaunchRefused`: whether the refused request was the only one that the call sent.
    """

    def __init__(self, text: str, *, conclusive: bool) -> None:
        super().__init__(ErrorCode.DEVICE_REFUSED, text)
        self.conclusive = conclusive


class ProgramSetRefused(ProgramRefused):
    """The device does not take programs of a set, and so makes no task of the others either.

    Attributes
    ----------
    programs
        What is wrong with those that it does not take, by their places in the set; empty where
        the service does not say.
    """

    def __init__(self, text: str, *, conclusive: bool, programs: Mapping[int, str]) -> None:
        super().__init__(text, conclusive=conclusive)
        self.programs = dict(programs)


class TaskUnknown(Exception):
    """The service does not know the task: not yet, not now, or not any more."""


class TaskService(Protocol):
    """Launches tasks, each at most once per client token."""

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """Create the task, or find the one already created with its token; its ARN.

        Raises
        ------
        ProgramRefused
            When the device does not take the program; no task was made by this request.
        JobFailed
            When there is no such device, or another program has the token.
        LaunchRefused
            When the device is offline or retired.
        TransientFault
            When a repetition may succeed.
        """
        ...

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        """Create one task that runs several programs, or find it; its ARN.

        Only for devices that take program sets.

        Parameters
        ----------
        task
            Its shots are those of all programs together, of which each gets as many.

        Raises
        ------
        ProgramSetRefused
            When the device does not take some of the programs; no task was made by this request.
        JobFailed, LaunchRefused, TransientFault
            As `launch`.
        """
        ...

    def poll(self, task_arn: str) -> TaskState:
        """The task's state now.

        Raises
        ------
        TaskUnknown
            When the service does not know the task.
        TransientFault
            When a repetition may succeed.
        """
        ...

    def cancel(self, task_arn: str) -> None:
        """Ask for the task to be cancelled; nothing happens if it is over."""
        ...

    def result(self, state: TaskState) -> dict[str, Any]:
        """The result document of a completed task.

        Of a program set it is ``{"programs": […]}``, with a document for each program in their
        order; where the device failed a program, that is ``{"failure": reason}``.

        Raises
        ------
        ResultMissing
            When the object is not there or cannot be read as JSON.
        """
        ...

    def health(self, device_arn: str, region: str) -> DeviceStatus:
        """Whether the device takes tasks now; gives up soon on a service that does not answer."""
        ...

    def describe(self, device_arn: str, region: str, *, patient: bool = True) -> dict[str, Any]:
        """The device's status and properties: ``{"status", "provider", "type", "queue_depth",
        "shots_min", "shots_max", "program_sets", "price", "format", "properties"}``, properties
        being its calibration document, and format saying which reader that is for.

        Parameters
        ----------
        patient
            False gives up soon on a service that does not answer.
        """
        ...
