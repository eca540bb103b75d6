"""Bring the devices' state and calibration into the catalogue."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bellpair_core.model.device import (
    Device,
    DeviceKind,
    DeviceStatus,
    DeviceTarget,
    TaskPrice,
)
from bellpair_core.model.usage import QPU_TASK_USD
from bellpair_core.ports import Blobs, Catalogue, Clock, TaskService
from bellpair_core.settings import DeviceSetting

from .device_properties import error_rates, gates, topology

_LOG = logging.getLogger(__name__)


def ingest_calibration(
    tasks: TaskService,
    catalogue: Catalogue,
    blobs: Blobs,
    clock: Clock,
    devices: Iterable[DeviceSetting],
    region: str,
) -> dict[str, str | None]:
    """Ask each device for its properties and store its entry and its compile target.

    Only of this region and of every region: a device of the other region is that region's to
    bring in, and keeps its last entry while that region is lost. That it takes no tasks then is
    for its breaker to say. A device that cannot be asked or understood keeps its last entry, too,
    and does not keep the others from being brought in.

    Returns
    -------
    dict
        The calibration id by device name; ``None`` where it failed.
    """
    ids: dict[str, str | None] = {}
    for setting in devices:
        if setting.region not in (None, region):
            continue
        try:
            ids[setting.name] = _ingest(tasks, catalogue, blobs, clock, setting, region)
        except Exception:
            _LOG.exception("device %s could not be brought in", setting.name)
            ids[setting.name] = None
    return ids


def _ingest(
    tasks: TaskService,
    catalogue: Catalogue,
    blobs: Blobs,
    clock: Clock,
    setting: DeviceSetting,
    region: str,
) -> str:
    home = setting.region or region
    asked_at = clock()
    seen = tasks.describe(setting.arn, home)
    target = target_of(setting.name, seen)
    kept = blobs.put(target.model_dump_json().encode())
    device = _device(setting, home, seen, target, asked_at)
    catalogue.put_device(device.model_copy(update={"target": kept}))
    return target.calibration_id


def target_of(name: str, seen: Mapping[str, Any]) -> DeviceTarget:
    """What a compiler needs of a device, from its capabilities document.

    Parameters
    ----------
    seen
        As `TaskService.describe` gives it.
    """
    properties = seen["properties"]
    kind = DeviceKind(str(seen["type"]).lower())
    digest = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()
    updated = properties["service"].get("updatedAt") or "undated"
    qubits, edges = topology(properties)
    accepted, native = gates(properties)
    return DeviceTarget(
        device=name,
        kind=kind,
        qubits=qubits,
        edges=edges,
        gates=accepted,
        native_gates=native if kind is DeviceKind.QPU else (),
        calibration_id=f"{updated}-{digest[:12]}",
        **error_rates(properties),
    )


def _device(
    setting: DeviceSetting,
    home: str,
    seen: Mapping[str, Any],
    target: DeviceTarget,
    seen_at: datetime,
) -> Device:
    service = seen["properties"]["service"]
    low, high = service["shotsRange"]
    cost = service.get("deviceCost") or {}
    # The document prices shots or minutes; a task on a QPU has a price of its own besides.
    price = {"per_task_usd": QPU_TASK_USD if target.kind is DeviceKind.QPU else 0.0}
    price |= {f"per_{cost.get('unit', 'task')}_usd": float(cost.get("price", 0.0))}
    return Device(
        name=setting.name,
        arn=setting.arn,
        region=home,
        kind=target.kind,
        provider=seen["provider"],
        status=DeviceStatus(str(seen["status"]).lower()),
        num_qubits=len(target.qubits),
        # A simulator's range starts at 0, which asks for exact results and no counts.
        shots_min=max(1, int(low)),
        shots_max=int(high),
        max_in_flight=setting.max_in_flight,
        queue_depth=seen.get("queue_depth"),
        calibration_id=target.calibration_id,
        seen_at=seen_at,
        price=TaskPrice.model_validate(price),
    )
