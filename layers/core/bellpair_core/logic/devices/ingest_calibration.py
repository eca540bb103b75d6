"""Bring the devices' state and calibration into the catalogue."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.calibration import Calibration, Ingested
from bellpair_core.model.device import (
    Device,
    DeviceKind,
    DeviceStatus,
    DeviceTarget,
    RefusedCalibration,
    TaskPrice,
)
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import CALIBRATIONS_COMPARED
from bellpair_core.ports import Blobs, Catalogue, Clock, TaskService
from bellpair_core.settings import DeviceSetting

from .calibration_drift import drift_of
from .calibration_medians import medians_of
from .calibration_readers import read_document
from .calibration_reading import calibration_name, same_content, target_of
from .findings import CalibrationRefused, Findings

_LOG = logging.getLogger(__name__)


class Ingestion:
    """Brings devices into the catalogue.

    Parameters
    ----------
    region
        Where this runs: a device without a region of its own is asked there.
    quality
        A device's observed success over the expected, by the device's name.
    """

    def __init__(
        self,
        tasks: TaskService,
        catalogue: Catalogue,
        blobs: Blobs,
        clock: Clock,
        region: str,
        quality: Callable[[str], float | None] = lambda device: None,
    ) -> None:
        self._tasks = tasks
        self._catalogue = catalogue
        self._blobs = blobs
        self._clock = clock
        self._region = region
        self._quality = quality

    def __call__(self, devices: Iterable[DeviceSetting]) -> dict[str, Ingested]:
        """Ask each device for its properties, and store its entry and its compile target.

        Only of this region and of every region: a device of the other region is that region's
        to bring in, and keeps its last entry while that region is lost. That it takes no tasks
        then is for its breaker to say. A device that cannot be asked or understood keeps its
        last entry, too, and does not keep the others from being brought in.

        Returns
        -------
        dict
            By device name.
        """
        known = {device.name: device for device in self._catalogue.devices()}
        done: dict[str, Ingested] = {}
        for setting in devices:
            if setting.region not in (None, self._region):
                continue
            before = known.get(setting.name)
            try:
                done[setting.name] = self._ingest(setting, before)
            except Exception as error:
                _LOG.exception("device %s could not be brought in", setting.name)
                done[setting.name] = Ingested(
                    calibration_id=before.calibration_id if before is not None else None,
                    problem=str(error) or type(error).__name__,
                )
        return done

    def _ingest(self, setting: DeviceSetting, known: Device | None) -> Ingested:
        asked_at = self._clock()
        seen = self._tasks.describe(setting.arn, setting.region or self._region)
        findings = Findings()
        try:
            reading = read_document(seen["format"], seen["properties"], findings)
            kind = DeviceKind(str(seen["type"]).lower())
            target = target_of(setting.name, kind, reading, findings, asked_at)
        except CalibrationRefused as refusal:
            return self._refuse(setting, seen, known, str(refusal), asked_at)
        if known is not None and known.target is not None and _is_known(target, known):
            target = target.model_copy(update={"calibration_id": known.calibration_id})
            kept = known.target
        else:
            kept = self._keep(target, findings, asked_at)
        medians = medians_of(target)
        entry = _entry(setting, self._region, seen, asked_at) | {
            "kind": target.kind,
            "num_qubits": len(target.qubits),
            "calibration_id": target.calibration_id,
            "calibrated_at": target.calibrated_at,
            "target": kept,
            "median_one_qubit_error": medians.one_qubit_error,
            "median_two_qubit_error": medians.two_qubit_error,
            "median_readout_error": medians.readout_error,
            "couplings": None if target.edges is None else len(target.edges),
            "mid_circuit": target.feeds_forward,
            "quality": self._observed(setting.name, known),
        }
        self._catalogue.put_device(Device.model_validate(entry))
        new = known is None or known.calibration_id != target.calibration_id
        return Ingested(calibration_id=target.calibration_id, new=new)

    def _keep(self, target: DeviceTarget, findings: Findings, at: datetime) -> BlobRef:
        """Keep a new snapshot; where its target is."""
        kept = self._blobs.put(target.model_dump_json().encode())
        self._catalogue.put_calibration(
            Calibration(
                id=target.calibration_id,
                device=target.device,
                calibrated_at=target.calibrated_at,
                seen_at=at,
                region=self._region,
                target=kept,
                num_qubits=len(target.qubits),
                num_edges=None if target.edges is None else len(target.edges),
                medians=medians_of(target),
                drift=drift_of(target, list(self._targets_before(target))),
                notes=tuple(findings.notes),
            )
        )
        return kept

    def _targets_before(self, target: DeviceTarget) -> Iterator[DeviceTarget]:
        """What the device's snapshots before this one say, newest first."""
        # Twice as many, as some may be refusals.
        for one in self._catalogue.calibrations(target.device, 2 * CALIBRATIONS_COMPARED):
            if one.target is not None and one.id < target.calibration_id:
                # A comparison may lack one of many; the snapshot itself may not.
                with suppress(TransientFault):
                    yield DeviceTarget.model_validate_json(self._blobs.get(one.target))

    def _refuse(
        self,
        setting: DeviceSetting,
        seen: Mapping[str, Any],
        known: Device | None,
        reason: str,
        at: datetime,
    ) -> Ingested:
        """Report a document that is not to be compiled by; the last good one stays."""
        _LOG.error("device %s: its calibration is refused: %s", setting.name, reason)
        name = calibration_name(at, seen["properties"])
        refused = self._refused_before(setting.name, known)
        if refused is None or not same_content(refused.calibration_id, name):
            refused = RefusedCalibration(calibration_id=name, reason=reason, at=at)
            self._catalogue.put_calibration(
                Calibration(
                    id=name, device=setting.name, seen_at=at, region=self._region, refused=reason
                )
            )
        if known is not None:
            now = _entry(setting, self._region, seen, at)
            # The properties are one whole: limits and prices of a broken one are not believed.
            states = {name: now[name] for name in ("status", "queue_depth", "seen_at")}
            states["quality"] = self._observed(setting.name, known)
            self._catalogue.put_device(known.model_copy(update={**states, "refused": refused}))
        before = known.calibration_id if known is not None else None
        return Ingested(calibration_id=before, problem=reason, refused=True)

    def _observed(self, device: str, known: Device | None) -> float | None:
        """The device's quality; what its entry says where there is no word of it now."""
        quality = self._quality(device)
        return quality if quality is not None or known is None else known.quality

    def _refused_before(self, device: str, known: Device | None) -> RefusedCalibration | None:
        if known is not None:
            return known.refused
        for newest in self._catalogue.calibrations(device, 1):
            if newest.refused is not None:
                return RefusedCalibration(
                    calibration_id=newest.id, reason=newest.refused, at=newest.seen_at
                )
        return None


def _is_known(target: DeviceTarget, known: Device) -> bool:
    """Whether the device's snapshot is the one that it had; who gives no date says it by content
    alone."""
    if target.calibrated_at is None:
        return same_content(target.calibration_id, known.calibration_id or "")
    return target.calibration_id == known.calibration_id


def _entry(
    setting: DeviceSetting, region: str, seen: Mapping[str, Any], seen_at: datetime
) -> dict[str, Any]:
    """A device's entry, without what a calibration says."""
    return {
        "name": setting.name,
        "arn": setting.arn,
        "region": setting.region or region,
        "provider": seen["provider"],
        "status": DeviceStatus(str(seen["status"]).lower()),
        "shots_min": seen["shots_min"],
        "shots_max": seen["shots_max"],
        "program_sets": seen.get("program_sets"),
        "max_in_flight": setting.max_in_flight,
        "queue_depth": seen.get("queue_depth"),
        "price": seen.get("price") or TaskPrice(),
        "seen_at": seen_at,
    }
