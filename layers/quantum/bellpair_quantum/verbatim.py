"""Programs in a device's own gates, on its own qubits, which are run as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_core.openqasm.flat import NativeGate
from bellpair_quantum.errors import CompileError
from bellpair_quantum.openqasm import verbatim_program
from bellpair_quantum.program import CompiledProgram, Operation, depth
from bellpair_quantum.score import Costs, alike, workload
from bellpair_quantum.versions import VERSIONS

_REMEDY = "Name the device that the box was written for, or leave the box out to have it compiled."


def as_written(
    gates: Sequence[NativeGate],
    bits: Sequence[int | None],
    target: DeviceTarget,
    *,
    distrust: str | None,
) -> CompiledProgram:
    """Check a verbatim box against its device and score it; its gates stay as they are.

    Parameters
    ----------
    gates
        The box's gates and barriers, in order.
    bits
        The qubit that each classical bit is measured from.
    distrust
        Why the calibration is not trusted; None where it is.

    Raises
    ------
    CompileError
        ``program-unsupported``, naming the first gate that is not the device's own, or the qubit
        or pair that the device does not have as it is calibrated now; ``program-invalid`` where
        nothing is measured.
    """
    if target.kind is DeviceKind.SIMULATOR:
        raise _refused(f"{target.device} is a simulator, which takes no verbatim boxes.")
    measured = sorted({qubit for qubit in bits if qubit is not None})
    for gate in gates:
        _require_native(gate, target)
    for qubit in measured:
        _require_qubit(qubit, "a measurement", target)
    written = [Operation(*gate) for gate in gates]
    operations = tuple(each for each in written if each.name != "barrier")
    work = workload(written, measured, target, as_written=True)
    costs = Costs(target if distrust is None else alike(target))
    one_qubit = sum(len(operation.qubits) == 1 for operation in operations)
    return CompiledProgram(
        program=verbatim_program(written, measured),
        bits=tuple(bits),
        calibration_id=target.calibration_id,
        depth=depth(operations),
        one_qubit_gates=one_qubit,
        two_qubit_gates=len(operations) - one_qubit,
        layout=tuple(sorted(work.qubits)),
        estimated_success=exp(-costs.total(work)),
        operations=operations,
        notes={
            "candidates": [],
            "calibration_aware": False,
            "fallback": distrust,
            "verbatim": True,
            "expected_duration_us": work.duration_us,
            "versions": VERSIONS,
        },
    )


def _require_native(gate: NativeGate, target: DeviceTarget) -> None:
    if gate.name not in target.native_gates:
        own = ", ".join(target.native_gates)
        raise _refused(
            f"The verbatim box uses {gate.name}, and {target.device}'s own gates are {own}."
        )
    for qubit in gate.qubits:
        _require_qubit(qubit, gate.name, target)
    pair = tuple(sorted(gate.qubits))
    two = len(gate.qubits) == 2 and gate.name != "barrier"
    if two and target.edges is not None and pair not in target.edges:
        raise _refused(
            f"The verbatim box has {gate.name} on ${gate.qubits[0]} and ${gate.qubits[1]}, which "
            f"are not connected on {target.device} as it is calibrated now."
        )


def _require_qubit(qubit: int, what: str, target: DeviceTarget) -> None:
    if qubit not in target.qubits:
        raise _refused(
            f"The program has {what} on ${qubit}, which {target.device} does not have as it is "
            "calibrated now."
        )


def _refused(message: str) -> CompileError:
    return CompileError("program-unsupported", message, _REMEDY)
