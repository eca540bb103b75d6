"""Look at the device that a request asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import ANY_QPU, SHARED_QUEUES


def require_device(
    devices: Sequence[Device], asked: str, *, num_qubits: int = 0, shots: int | None = None
) -> None:
    """Let pass what a device that was asked for can do.

    Parameters
    ----------
    asked
        A device's name, or what stands for any.
    num_qubits, shots
        What a program needs; a function's programs are looked at when they come.

    Raises
    ------
    BellpairError
        ``device-unknown``, ``device-retired``, ``device-offline``, ``program-too-wide`` or
        ``shots-out-of-range``, naming devices that would do.
    """
    if asked in SHARED_QUEUES:
        _require_some_device(devices, asked, num_qubits, shots)
        return
    device = known_device(devices, asked)
    if device.status is DeviceStatus.RETIRED:
        raise _refused(ErrorCode.DEVICE_RETIRED, f"Device {device.name} is retired.")
    if num_qubits > device.num_qubits:
        fitting = [d.name for d in _usable(devices) if d.num_qubits >= num_qubits]
        raise _too_wide(
            f"The program needs {num_qubits} qubits; device {device.name} has {device.num_qubits}.",
            num_qubits,
            fitting,
        )
    if shots is not None:
        _require_shots(device, shots)
    if device.status is DeviceStatus.OFFLINE:
        raise _refused(
            ErrorCode.DEVICE_OFFLINE, f"Device {device.name} is offline.", retry_after_s=60
        )


def known_device(devices: Sequence[Device], asked: str) -> Device:
    """The device of a name, whatever it can do now.

    Raises
    ------
    BellpairError
        ``device-unknown``, naming those that there are.
    """
    device = next((device for device in devices if device.name == asked), None)
    if device is None:
        names = [device.name for device in devices if device.status is not DeviceStatus.RETIRED]
        raise _refused(
            ErrorCode.DEVICE_UNKNOWN,
            f"There is no device of this name; the devices are {_listed(names)}.",
            devices=names,
        )
    return device


def _require_some_device(
    devices: Sequence[Device], asked: str, num_qubits: int, shots: int | None
) -> None:
    only_qpus = asked == ANY_QPU
    what = "QPU" if only_qpus else "device"
    usable = [
        device for device in _usable(devices) if device.kind is DeviceKind.QPU or not only_qpus
    ]
    if not usable:
        raise _refused(ErrorCode.DEVICE_OFFLINE, f"No {what} is online.", retry_after_s=60)
    wide = [device for device in usable if device.num_qubits >= num_qubits]
    if not wide:
        widest = max(usable, key=lambda device: device.num_qubits)
        raise _too_wide(
            f"The program needs {num_qubits} qubits; the widest {what} that is online,"
            f" {widest.name}, has {widest.num_qubits}.",
            num_qubits,
            [],
        )
    if shots is not None and not any(
        device.shots_min <= shots <= device.shots_max for device in wide
    ):
        _require_shots(max(wide, key=lambda device: device.shots_max), shots)


def _require_shots(device: Device, shots: int) -> None:
    if not device.shots_min <= shots <= device.shots_max:
        raise BellpairError(
            ErrorCode.SHOTS_OUT_OF_RANGE,
            f"Device {device.name} takes {device.shots_min} to {device.shots_max} shots;"
            f" {shots} were asked for.",
            pointer="#/shots",
            shots_min=device.shots_min,
            shots_max=device.shots_max,
        )


def _usable(devices: Sequence[Device]) -> list[Device]:
    return [device for device in devices if device.status is DeviceStatus.ONLINE]


def _too_wide(detail: str, num_qubits: int, fitting: list[str]) -> BellpairError:
    fits = f" These fit: {_listed(fitting)}." if fitting else " No device that is online fits."
    return _refused(
        ErrorCode.PROGRAM_TOO_WIDE,
        detail + fits,
        remedy=None if fitting else "Use fewer qubits.",
        num_qubits=num_qubits,
        devices=fitting,
    )


def _refused(code: ErrorCode, detail: str, **members: Any) -> BellpairError:
    return BellpairError(code, detail, pointer="#/device", **members)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
