"""Look at what is known of a device's errors, and how they came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bellpair_core.model.calibration import Calibration
from bellpair_core.model.device import Device, DeviceTarget
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import CALIBRATIONS_KEPT, PAGE_DEFAULT
from bellpair_core.ports import Blobs, Catalogue
from bellpair_core.settings import DeviceSetting


class SeenCalibration(NamedTuple):
    """A device, its target, and the snapshot's own record, if that is there already."""

    device: Device
    target: DeviceTarget
    snapshot: Calibration | None


def see_calibration(
    offered: Iterable[DeviceSetting],
    devices: Sequence[Device],
    catalogue: Catalogue,
    blobs: Blobs,
    name: str,
) -> SeenCalibration:
    """The newest calibration that a device's programs are compiled by.

    Raises
    ------
    BellpairError
        ``device-unknown``, or ``calibration-not-found`` for a device that never gave a good one.
    """
    require_offered(offered, name)
    device = next((device for device in devices if device.name == name), None)
    if device is None or device.target is None or device.calibration_id is None:
        raise BellpairError(
            ErrorCode.CALIBRATION_NOT_FOUND,
            f"No calibration of {name} could be used so far.",
            remedy=f"GET /v1/devices/{name}/calibrations tells what was refused and why.",
        )
    return SeenCalibration(
        device,
        DeviceTarget.model_validate_json(blobs.get(device.target)),
        catalogue.calibration(name, device.calibration_id),
    )


def list_calibrations(
    offered: Iterable[DeviceSetting], catalogue: Catalogue, name: str, query: Mapping[str, str]
) -> Sequence[Calibration]:
    """A device's snapshots, newest first, refused ones among them.

    Parameters
    ----------
    query
        ``limit`` (1 to `CALIBRATIONS_KEPT`), which is optional.

    Raises
    ------
    BellpairError
        ``device-unknown``, or ``request-invalid`` naming the parameter.
    """
    require_offered(offered, name)
    limit = query.get("limit", str(PAGE_DEFAULT))
    problems = [
        {"parameter": other[:64], "detail": "is no parameter of this listing"}
        for other in query
        if other != "limit"
    ]
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= CALIBRATIONS_KEPT):
        detail = f"must be a whole number from 1 to {CALIBRATIONS_KEPT}"
        problems.append({"parameter": "limit", "detail": detail})
    if problems:
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            "; ".join(f"{one['parameter']} {one['detail']}" for one in problems) + ".",
            remedy="Correct the query parameters listed in errors.",
            errors=problems,
        )
    return catalogue.calibrations(name, int(limit))


def require_offered(offered: Iterable[DeviceSetting], name: str) -> DeviceSetting:
    """The setting of the device of this name.

    Raises
    ------
    BellpairError
        ``device-unknown``, naming those that there are.
    """
    settings = list(offered)
    for setting in settings:
        if setting.name == name:
            return setting
    names = [setting.name for setting in settings]
    raise BellpairError(
        ErrorCode.DEVICE_UNKNOWN,
        f"There is no device of this name; the devices are {', '.join(names)}.",
        devices=names,
    )
