"""The paths of devices and their calibrations, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.limits import CALIBRATIONS_KEPT, PAGE_DEFAULT

from . import device_schemas, schemas
from .openapi_operation import WITH_KEY, operation, path_parameter

BODIES: tuple[type[BaseModel], ...] = ()
ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.DeviceList,
    device_schemas.Calibration,
    device_schemas.CalibrationList,
    device_schemas.IngestedDevice,
)
TAG = {"name": "devices", "description": "QPUs and simulators"}

_DEVICE = [path_parameter("device", "the device's name")]


def device_paths() -> dict[str, Any]:
    """The paths under ``/v1/devices``."""
    return {
        "/v1/devices": {
            "get": operation(
                "listDevices",
                "devices",
                "List the devices",
                200,
                schemas.DeviceList,
                codes=WITH_KEY,
            )
        },
        "/v1/devices/{device}/calibration": {
            "parameters": _DEVICE,
            "get": operation(
                "getCalibration",
                "devices",
                "Show what a device's programs are compiled by",
                200,
                device_schemas.Calibration,
                codes=(*WITH_KEY, ErrorCode.DEVICE_UNKNOWN, ErrorCode.CALIBRATION_NOT_FOUND),
                description="Error rates and times of each qubit and edge, how old they are, and"
                " how they differ from those of the snapshots before.",
            ),
            "post": operation(
                "ingestCalibration",
                "devices",
                "Bring a device's state and calibration in at once",
                200,
                device_schemas.IngestedDevice,
                codes=(*WITH_KEY, ErrorCode.FORBIDDEN, ErrorCode.DEVICE_UNKNOWN),
                description="For operators, in either region. It happens by itself on a schedule"
                " and when a device changes. What cannot be, such as a fidelity over 1, is refused,"
                " and the last good calibration stays.",
            ),
        },
        "/v1/devices/{device}/calibrations": {
            "parameters": _DEVICE,
            "get": operation(
                "listCalibrations",
                "devices",
                "List a device's calibrations, newest first",
                200,
                device_schemas.CalibrationList,
                codes=(*WITH_KEY, ErrorCode.REQUEST_INVALID, ErrorCode.DEVICE_UNKNOWN),
                description=f"The newest {CALIBRATIONS_KEPT} are kept. Refused ones are among them,"
                " at the time at which they were first seen.",
                parameters=[
                    {
                        "name": "limit",
                        "in": "query",
                        "description": "how many at most",
                        "schema": {
                            "type": "integer",
                            "minimum": 1,
                            "maximum": CALIBRATIONS_KEPT,
                            "default": PAGE_DEFAULT,
                        },
                    }
                ],
            ),
        },
    }
