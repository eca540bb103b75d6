"""Calibrations as the API shows them: plain JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bellpair_core.logic.devices.calibration_age import calibration_age, is_stale
from bellpair_core.logic.devices.calibration_medians import medians_of
from bellpair_core.logic.devices.see_calibration import SeenCalibration
from bellpair_core.model.calibration import Calibration, Drift, Ingested
from bellpair_core.model.device import DeviceTarget

from .times import shown_time, shown_time_or_none
from .views import refusal_view


def calibration_view(seen: SeenCalibration, now: datetime) -> dict[str, Any]:
    """What a device's programs are compiled by, qubit by qubit and edge by edge."""
    device, target, snapshot = seen
    drift = snapshot.drift if snapshot is not None else Drift()
    age = calibration_age(device, now)
    return {
        "device": device.name,
        "calibration_id": target.calibration_id,
        "calibrated_at": shown_time_or_none(device.calibrated_at),
        "age_s": None if age is None else round(age.total_seconds(), 3),
        "stale": is_stale(device, now),
        "seen_at": shown_time_or_none(snapshot.seen_at if snapshot is not None else None),
        "checked_at": shown_time(device.seen_at),
        "quality": device.quality,
        "medians": medians_of(target).model_dump(),
        "durations_us": {
            "one_qubit": target.one_qubit_us,
            "two_qubit": target.two_qubit_us,
            "readout": target.readout_us,
        },
        "native_gates": list(target.native_gates),
        "mid_circuit": target.mid_circuit,
        "all_to_all": target.edges is None,
        "qubits": [_qubit(qubit, target, drift) for qubit in target.qubits],
        "edges": [_edge(pair, target, drift) for pair in target.two_qubit_error],
        "drift": _drift(drift),
        "notes": list(snapshot.notes) if snapshot is not None else [],
        "refused": refusal_view(device.refused),
    }


def calibrations_view(device: str, series: Sequence[Calibration]) -> dict[str, Any]:
    """A device's snapshots."""
    return {
        "device": device,
        "calibrations": [
            {
                "calibration_id": one.id,
                "calibrated_at": shown_time_or_none(one.calibrated_at),
                "seen_at": shown_time(one.seen_at),
                "region": one.region,
                "refused": one.refused,
                "num_qubits": one.num_qubits,
                "num_edges": one.num_edges,
                "medians": one.medians.model_dump(),
                "drift": _drift(one.drift),
                "notes": list(one.notes),
            }
            for one in series
        ],
    }


def ingested_view(device: str, ingested: Ingested) -> dict[str, Any]:
    """What came of bringing a device in."""
    return {"device": device, **ingested.model_dump()}


def _qubit(qubit: int, target: DeviceTarget, drift: Drift) -> dict[str, Any]:
    return {
        "qubit": qubit,
        "one_qubit_error": target.one_qubit_error.get(qubit),
        "readout_error": target.readout_error.get(qubit),
        "readout_0_to_1": target.readout_0_to_1.get(qubit),
        "readout_1_to_0": target.readout_1_to_0.get(qubit),
        "t1_us": target.t1_us.get(qubit),
        "t2_us": target.t2_us.get(qubit),
        "drift": drift.qubits.get(qubit),
    }


def _edge(pair: str, target: DeviceTarget, drift: Drift) -> dict[str, Any]:
    return {
        "qubits": [int(qubit) for qubit in pair.split("-")],
        "two_qubit_error": target.two_qubit_error[pair],
        "drift": drift.edges.get(pair),
    }


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "baseline": drift.baseline,
        "worst": drift.worst,
        "medians": dict(drift.medians),
        "dead_qubits": list(drift.dead_qubits),
        "dead_edges": list(drift.dead_edges),
        "recovered_qubits": list(drift.recovered_qubits),
        "recovered_edges": list(drift.recovered_edges),
    }
