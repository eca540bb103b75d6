"""Emulated QPUs on given days: what is published of them, and what they really do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from bellpair_braket_emulator.documents import capabilities
from bellpair_braket_emulator.drift import DriftProcess, scheduled
from bellpair_braket_emulator.noise import noisy_circuit
from bellpair_braket_emulator.openqasm import read_program
from bellpair_braket_emulator.profile import Calibration, Profile, load_profiles
from bellpair_braket_emulator.sampling import expected_distribution
from bellpair_core.logic.devices.calibration_readers import READERS
from bellpair_core.logic.devices.calibration_reading import target_of
from bellpair_core.logic.devices.findings import Findings
from bellpair_core.model.device import DeviceKind, DeviceTarget

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
"""When the devices were set up."""
SETTLED_H = 480.0
"""By then a device has forgotten how it began."""
WORK = 1e8
"""Amplitude updates that one distribution may cost; more trajectories make it more exact."""

PROFILES = {
    profile.name: profile
    for region in ("us-east-1", "us-west-2")
    for profile in load_profiles(region)
    if profile.kind == "qpu"
}


@dataclass(frozen=True)
class Day:
    """A device at one time.

    Attributes
    ----------
    target
        Made from the published snapshot, as ingestion makes it.
    truth
        What programs are simulated with. Parts that failed since the snapshot work in it: a
        task on them would fail and be compiled anew, which is not what is measured here.
    now
        The time; ``target.calibrated_at`` is before it.
    """

    profile: Profile
    target: DeviceTarget
    truth: Calibration
    now: datetime

    def distribution(
        self, program: str, bits: Sequence[int | None], seed: int
    ) -> NDArray[np.float64]:
        """What the outcomes' shares tend to; bit ``i`` of the index is classical bit ``i``.

        Parameters
        ----------
        bits
            For each classical bit the device qubit that is measured into it.
        """
        read = read_program(program)
        circuit = noisy_circuit(read, self.profile, self.truth)
        work = 2.0**circuit.qubits * max(1, len(circuit.gates))
        trajectories = int(min(2000, max(400, WORK / work)))
        found = expected_distribution(circuit, trajectories, np.random.default_rng(seed))
        column = {qubit: number for number, qubit in enumerate(read.measured)}
        order = [column[qubit] for qubit in reversed(bits) if qubit is not None]
        if len(order) < len(bits):
            raise ValueError("a classical bit is never written")
        return found.transpose(order).reshape(-1)


def days(seeds: Sequence[int]) -> list[tuple[int, Day]]:
    """Each QPU on a day of each seed, a different part of its calibration's life each."""
    found = []
    for profile in PROFILES.values():
        every = profile.drift.recalibrate_every_h or 24.0
        for number, seed in enumerate(seeds):
            into = profile.drift.publish_after_h + every * (number + 0.5) / len(seeds)
            found.append((seed, day(profile, seed, SETTLED_H + into)))
    return found


def day(profile: Profile, seed: int, hours: float, *, age_h: float | None = None) -> Day:
    """A device at one time of its life.

    Parameters
    ----------
    age_h
        Of the published snapshot, which is otherwise the newest that is out by then.
    """
    process = DriftProcess(profile, seed)
    measured = scheduled(profile, hours - (age_h or profile.drift.publish_after_h))
    published = process.working(measured, measured)
    gone = process.outages(measured)
    truth = process.calibration(hours, scheduled(profile, hours))
    now, measured_at = (BEGIN + timedelta(hours=time) for time in (hours, measured))
    return Day(
        profile,
        _target(profile, published, measured_at, now),
        truth.without(gone.qubits, gone.edges),
        now,
    )


def fidelity(found: NDArray[np.float64], ideal: NDArray[np.float64]) -> float:
    """Hellinger fidelity: (sum of sqrt(p q)) squared, 1 for equal distributions."""
    return float(np.sum(np.sqrt(np.clip(found, 0, None) * ideal)) ** 2)


def _target(
    profile: Profile, published: Calibration, measured_at: datetime, now: datetime
) -> DeviceTarget:
    region = profile.region or "us-east-1"
    document = capabilities(profile, published, region, measured_at.isoformat())
    findings = Findings()
    (read,) = (reader for name, reader in READERS.items() if "braket" in name)
    reading = read(document, findings)
    return target_of(profile.name, DeviceKind.QPU, reading, findings, now)
