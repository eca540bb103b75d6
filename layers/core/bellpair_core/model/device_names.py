"""How devices and tasks of other services than Amazon Braket are named.

Braket's have ARNs, which say what they are and where. To others Bellpair gives names of its own,
so that a task's name leads to its device, wherever it is read.
"""

from __future__ import annotations

DEVICE_PREFIX, _TASK = "bellpair:device:", "bellpair:task:"


def device_name_of(name: str) -> str:
    """What stands in place of an ARN for a device that has none.

    >>> device_name_of("kite-5")
    'bellpair:device:kite-5'
    """
    return f"{DEVICE_PREFIX}{name}"


def task_name_of(device: str, task_id: str) -> str:
    """What stands in place of an ARN for a task that has none.

    >>> task_name_of("kite-5", "t-17")
    'bellpair:task:kite-5:t-17'
    """
    return f"{_TASK}{device}:{task_id}"


def parts_of_task(name: str) -> tuple[str, str] | None:
    """Device and id in a name of `task_name_of`; ``None`` for a task that has an ARN."""
    if not name.startswith(_TASK):
        return None
    device, _, task_id = name.removeprefix(_TASK).partition(":")
    return device, task_id


def service_of(device: str, region: str) -> str:
    """Names the service that a device is asked at: those of one service are lost together.

    Braket's devices of one region share it. Of other devices each is taken to have its own.

    Parameters
    ----------
    device
        A device's ARN or what stands in its place.
    region
        Where it is asked.
    """
    return device if device.startswith(DEVICE_PREFIX) else region


def service_of_task(task: str) -> str:
    """Names the service that knows the task, as `service_of` does."""
    parts = parts_of_task(task)
    return task.split(":")[3] if parts is None else device_name_of(parts[0])
