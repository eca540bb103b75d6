"""Compiling for simulators: the program's own gates under Amazon Braket's names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.exceptions import QiskitError
from qiskit.transpiler import PassManager, generate_preset_pass_manager

from bellpair_quantum.errors import CompileError
from bellpair_quantum.late_angles import angle_of
from bellpair_quantum.qpu import PlacedGate

# Gates that are the same matrix in both; Braket has them under the second name.
_BRAKET_NAME = {
    "id": "i",
    "h": "h",
    "x": "x",
    "y": "y",
    "z": "z",
    "s": "s",
    "sdg": "si",
    "t": "t",
    "tdg": "ti",
    "sx": "v",
    "sxdg": "vi",
    "rx": "rx",
    "ry": "ry",
    "rz": "rz",
    "p": "phaseshift",
    "r": "prx",
    "cx": "cnot",
    "cy": "cy",
    "cz": "cz",
    "csx": "cv",
    "cp": "cphaseshift",
    "swap": "swap",
    "iswap": "iswap",
    "rxx": "xx",
    "ryy": "yy",
    "rzz": "zz",
    "ccx": "ccnot",
    "cswap": "cswap",
}


def gates_for_simulator(
    circuit: QuantumCircuit, gates: tuple[str, ...], steps: Mapping[Parameter, int]
) -> list[PlacedGate]:
    """Rewrite a circuit's gates into those that a simulator takes, without optimizing.

    Measured qubits without a gate get an identity where the simulator has one, because a
    simulator may otherwise not know of them.

    Parameters
    ----------
    circuit
        Gates, barriers (left out) and final measurements (left out).
    gates
        OpenQASM names of the simulator's gates.
    steps
        The late step that each of the circuit's parameters stands for.

    Raises
    ------
    CompileError
        ``program-unsupported`` where the simulator's gates cannot express the program, or
        ``target-unsupported`` where it takes no gate known here.
    """
    translated = _translated(circuit, gates)
    operations = [
        PlacedGate(
            _BRAKET_NAME[each.operation.name],
            tuple(angle_of(param, steps) for param in each.operation.params),
            tuple(translated.find_bit(qubit).index for qubit in each.qubits),
        )
        for each in translated.data
        if each.operation.name not in ("barrier", "measure")
    ]
    if "i" in gates:
        busy = {qubit for operation in operations for qubit in operation.qubits}
        idle = (qubit for qubit in range(circuit.num_qubits) if qubit not in busy)
        operations += [PlacedGate("i", (), (qubit,)) for qubit in idle]
    return operations


def _translated(circuit: QuantumCircuit, gates: tuple[str, ...]) -> QuantumCircuit:
    basis = tuple(name for name, braket in _BRAKET_NAME.items() if braket in gates)
    if not basis:
        raise CompileError(
            "target-unsupported",
            "The simulator takes none of the gates that this compiler writes.",
            "Choose another device.",
        )
    try:
        return _translation(basis).run(circuit)
    except QiskitError as error:
        raise CompileError(
            "program-unsupported",
            f"The program cannot be written in the device's gates: {error.message}",
            "Use standard gates, or choose another device.",
        ) from error


@lru_cache(maxsize=8)
def _translation(basis: tuple[str, ...]) -> PassManager:
    return generate_preset_pass_manager(optimization_level=0, basis_gates=[*basis, "measure"])
