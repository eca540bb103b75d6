"""Tasks on all devices of a stage, each at its own device's service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.device_names import parts_of_task, task_name_of
from bellpair_core.model.errors import ErrorCode, JobFailed, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.ports.devices import (
    DeviceAdapter,
    DeviceSurroundings,
    OpenDevice,
    TakesProgramSets,
)
from bellpair_core.ports.tasks import TaskState, TaskUnknown
from bellpair_core.settings import BRAKET, DeviceSetting

from .device_adapters import adapter_named


class DeviceTasks:
    """`TaskService` that asks each device's adapter.

    A task is led to its device by its name. One with an ARN is Braket's, and is found whatever
    devices the stage offers by now.

    Parameters
    ----------
    devices
        The devices that the stage offers.
    surroundings
        What their adapters are opened with.
    adapters
        What opens a device, by the name of its adapter.
    """

    def __init__(
        self,
        devices: Iterable[DeviceSetting],
        surroundings: DeviceSurroundings,
        adapters: Callable[[str], OpenDevice] = adapter_named,
    ) -> None:
        self._settings = {device.arn: device for device in devices}
        self._names = {device.name: device for device in self._settings.values()}
        self._surroundings = surroundings
        self._adapters = adapters
        self._open: dict[tuple[str, str | None], DeviceAdapter] = {}

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """See `TaskService.launch`."""
        setting = self._offered(task)
        return _named(setting, self._adapter(setting).launch(task, job_id, program))

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        """See `TaskService.launch_set`."""
        setting = self._offered(task)
        adapter = self._adapter(setting)
        if not isinstance(adapter, TakesProgramSets):
            text = f"Device {setting.name} takes tasks of one program only."
            raise JobFailed(ErrorCode.DEVICE_REFUSED, text)
        return _named(setting, adapter.launch_set(task, job_id, programs))

    def poll(self, task_arn: str) -> TaskState:
        """See `TaskService.poll`."""
        adapter, task_id = self._of_task(task_arn)
        return adapter.poll(task_id).model_copy(update={"arn": task_arn})

    def cancel(self, task_arn: str) -> None:
        """See `TaskService.cancel`."""
        try:
            adapter, task_id = self._of_task(task_arn)
        except TaskUnknown:
            return
        adapter.cancel(task_id)

    def result(self, state: TaskState) -> dict[str, Any]:
        """See `TaskService.result`."""
        adapter, task_id = self._of_task(state.arn)
        return dict(adapter.result(state.model_copy(update={"arn": task_id})))

    def describe(self, device_arn: str, region: str, *, patient: bool = True) -> dict[str, Any]:
        """See `TaskService.describe`."""
        adapter = self._device(device_arn, region)
        seen = adapter.describe(patient=patient)
        document = seen.calibration or adapter.calibration()
        return {
            "status": seen.status.upper(),
            "type": seen.kind.upper(),
            "provider": seen.provider,
            "queue_depth": seen.queue_depth,
            "shots_min": seen.shots_min,
            "shots_max": seen.shots_max,
            "program_sets": seen.program_sets,
            "price": seen.price,
            "format": document.format,
            "properties": document.content,
        }

    def health(self, device_arn: str, region: str) -> DeviceStatus:
        """See `TaskService.health`."""
        return self._device(device_arn, region).health().status

    def _offered(self, task: Task) -> DeviceSetting:
        setting = self._setting(task.device_arn, task.region)
        if setting is None:
            text = f"Device {task.device_arn} is not offered now."
            raise JobFailed(ErrorCode.DEVICE_UNKNOWN, text)
        return setting

    def _device(self, device_arn: str, region: str) -> DeviceAdapter:
        setting = self._setting(device_arn, region)
        if setting is None:
            raise TransientFault(f"device {device_arn} is not offered now")
        return self._adapter(setting)

    def _setting(self, device_arn: str, region: str) -> DeviceSetting | None:
        """The device, asked in that region."""
        setting = self._settings.get(device_arn)
        if setting is None and device_arn.startswith("arn:"):
            setting = DeviceSetting(name=device_arn, arn=device_arn)
        if setting is None or setting.adapter != BRAKET:
            return setting
        return setting.model_copy(update={"region": region})

    def _of_task(self, task_arn: str) -> tuple[DeviceAdapter, str]:
        parts = parts_of_task(task_arn)
        if parts is None:
            region = task_arn.split(":")[3]
            return self._adapter(DeviceSetting(name="", arn="", region=region)), task_arn
        name, task_id = parts
        setting = self._names.get(name)
        if setting is None:
            raise TaskUnknown(f"device {name} of task {task_arn} is not offered now")
        return self._adapter(setting), task_id

    def _adapter(self, setting: DeviceSetting) -> DeviceAdapter:
        key = (setting.arn, setting.region)
        if key not in self._open:
            self._open[key] = self._adapters(setting.adapter)(setting, self._surroundings)
        return self._open[key]


def _named(setting: DeviceSetting, task_id: str) -> str:
    """The task's name: Braket's ARN, or what leads to the device of another service."""
    return task_id if setting.adapter == BRAKET else task_name_of(setting.name, task_id)
