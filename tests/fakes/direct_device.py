"""An adapter that asks the reference device's service without a wire, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bellpair_core.model.device import DeviceKind, DeviceStatus, TaskPrice
from bellpair_core.model.errors import ResultMissing, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.ports.devices import (
    CalibrationDocument,
    DeviceDescription,
    DeviceHealth,
    DeviceSurroundings,
)
from bellpair_core.ports.tasks import (
    LaunchRefused,
    ProgramRefused,
    TaskState,
    TaskStatus,
    TaskUnknown,
)
from bellpair_core.settings import DeviceSetting
from bellpair_reference_device.service import DeviceService, Problem

__all__ = ["HERE", "DirectDevice"]

HERE = "here"
"""The URL under which the service is there."""


class DirectDevice:
    """`DeviceAdapter` over a `DeviceService` of this process.

    Parameters
    ----------
    setting
        Any other URL than `HERE` leads to nobody.
    """

    service: DeviceService
    """A test's own; set in a subclass."""

    def __init__(self, setting: DeviceSetting, surroundings: DeviceSurroundings) -> None:
        self.here = setting.url == HERE

    def describe(self, *, patient: bool = True) -> DeviceDescription:
        self.reach()
        seen = self.service.device()
        return DeviceDescription(
            status=DeviceStatus(seen["status"]),
            kind=DeviceKind(seen["kind"]),
            provider=seen["provider"],
            shots_min=seen["shots_min"],
            shots_max=seen["shots_max"],
            queue_depth=seen["queue_depth"],
            price=TaskPrice(**seen["price"]),
        )

    def calibration(self) -> CalibrationDocument:
        self.reach()
        content = self.service.calibration()
        return CalibrationDocument(format=content["schema"], content=content)

    def launch(self, task: Task, job_id: str, program: str) -> str:
        self.reach()
        try:
            request = {"program": program, "shots": task.shots}
            task_id: str = self.service.create(task.client_token, request)["id"]
        except Problem as problem:
            if problem.code in ("device-offline", "device-retired"):
                raise LaunchRefused(str(problem), conclusive=True) from problem
            raise ProgramRefused(str(problem), conclusive=True) from problem
        return task_id

    def poll(self, task_id: str) -> TaskState:
        self.reach()
        try:
            seen = self.service.task(task_id)
        except Problem as problem:
            raise TaskUnknown(str(problem)) from problem
        return TaskState(
            arn=task_id,
            status=TaskStatus(seen["status"].upper()),
            created_at=seen["created_at"],
            ended_at=seen["ended_at"],
        )

    def cancel(self, task_id: str) -> None:
        self.reach()
        try:
            self.service.cancel(task_id)
        except Problem:
            return

    def result(self, state: TaskState) -> Mapping[str, Any]:
        self.reach()
        try:
            seen = self.service.result(state.arn)
        except Problem as problem:
            raise ResultMissing(str(problem)) from problem
        return {"measuredQubits": seen["qubits"], "measurementCounts": seen["counts"]}

    def health(self) -> DeviceHealth:
        return DeviceHealth(status=self.describe().status)

    def queue(self) -> int | None:
        return self.describe().queue_depth

    def price(self) -> TaskPrice | None:
        return self.describe().price

    def reach(self) -> None:
        """Find the service."""
        if not self.here:
            raise TransientFault("nobody is there")
