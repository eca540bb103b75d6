"""Options on the emulator's noise, without any service: compiled, transformed and sampled here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np

from bellpair.functions.plan import Measured, Program
from bellpair_braket_emulator.noise import noisy_circuit
from bellpair_braket_emulator.openqasm import read_program
from bellpair_braket_emulator.profile import Calibration, Profile, calibrate, load_profiles
from bellpair_braket_emulator.sampling import sample
from bellpair_core.model.device import DeviceTarget
from bellpair_quantum import CompiledProgram, compile_program
from bellpair_quantum.openqasm import verbatim_program
from bellpair_quantum.transforms import transformed

REGIONS = {"square-20": "us-west-2", "ion-11": "us-east-1"}


class EmulatedDevice:
    """One emulated QPU on one day, whose published error rates are the true ones.

    Parameters
    ----------
    day
        Seed of the error rates.
    seed
        Of the samples.
    """

    def __init__(self, name: str, day: int = 1, seed: int = 0) -> None:
        self.profile: Profile = next(p for p in load_profiles(REGIONS[name]) if p.name == name)
        self.calibration: Calibration = calibrate(self.profile, day)
        self.target = _target(self.profile, self.calibration)
        self.rng = np.random.default_rng(seed)
        self.shots = 0
        self._compiled = cache(self._compile)

    def run(self, programs: Sequence[Program]) -> list[Measured]:
        """What the platform would give for these programs."""
        return [self._run(program) for program in programs]

    def _compile(self, source: str) -> CompiledProgram:
        return compile_program(source, "3.0", self.target)

    def _run(self, program: Program) -> Measured:
        compiled = self._compiled(program.source)
        measured = sorted({qubit for qubit in compiled.bits if qubit is not None})
        result = transformed(compiled.operations, program.transforms, self.target, measured)
        text = verbatim_program(result.operations, measured)
        noisy = noisy_circuit(read_program(text), self.profile, self.calibration)
        columns = sample(noisy, program.shots, self.rng)
        self.shots += program.shots
        order = [
            None if qubit is None else measured.index(qubit) for qubit in reversed(compiled.bits)
        ]
        counts = Counter(
            "".join("0" if column is None else str(row[column]) for column in order)
            for row in columns.tolist()
        )
        return Measured(
            counts=counts,
            shots=program.shots,
            bits=len(compiled.bits),
            readout=tuple(
                None
                if qubit is None
                else (
                    self.calibration.readout_0_to_1[qubit],
                    self.calibration.readout_1_to_0[qubit],
                )
                for qubit in compiled.bits
            ),
            qubits=compiled.bits,
            metrics={**result.facts, "flips": result.flips(compiled.bits)},
        )


def _target(profile: Profile, calibration: Calibration) -> DeviceTarget:
    durations = profile.durations_us
    assert durations is not None
    up, down = calibration.readout_0_to_1, calibration.readout_1_to_0
    return DeviceTarget(
        device=profile.name,
        kind="qpu",
        qubits=calibration.labels,
        edges=None if profile.fully_connected else calibration.edges,
        native_gates=profile.native_gates,
        one_qubit_error=calibration.one_qubit,
        two_qubit_error={f"{a}-{b}": error for (a, b), error in calibration.two_qubit.items()},
        readout_error={qubit: (up[qubit] + down[qubit]) / 2 for qubit in calibration.labels},
        readout_0_to_1=up,
        readout_1_to_0=down,
        t1_us=calibration.t1_us,
        t2_us=calibration.t2_us,
        one_qubit_us=durations.one_qubit,
        two_qubit_us=durations.two_qubit,
        readout_us=durations.readout,
        calibration_id="emulated",
    )
