"""Exact distributions of circuits that measure in their midst: every outcome is followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, IfElseOp
from qiskit.quantum_info import Operator

from bellpair_braket_emulator.gates import GATES
from bellpair_quantum import CompiledProgram
from tests.unit.quantum.distributions import Distribution

State = NDArray[np.complex128]


@dataclass
class Branch:
    """A state that is not normed, and what was read on the way to it."""

    state: State
    read: dict[Hashable, int] = field(default_factory=dict)


class Branches:
    """All that can have happened to ``width`` qubits."""

    def __init__(self, width: int) -> None:
        state = np.zeros((2,) * width, dtype=np.complex128)
        state.flat[0] = 1
        self.all = [Branch(state)]

    def apply(
        self,
        matrix: State,
        qubits: Sequence[int],
        where: tuple[Hashable, int] | None = None,
    ) -> None:
        """Apply a matrix whose first qubit is the most significant, where something was read."""
        for branch in self.all:
            if where is None or branch.read.get(where[0], 0) == where[1]:
                branch.state = _applied(matrix, qubits, branch.state)

    def measure(self, qubit: int, name: Hashable) -> None:
        """Follow both outcomes."""
        found = []
        for branch in self.all:
            for value in (0, 1):
                kept = np.zeros((2, 2), dtype=np.complex128)
                kept[value, value] = 1
                state = _applied(kept, [qubit], branch.state)
                if np.linalg.norm(state) > 1e-9:
                    found.append(Branch(state, {**branch.read, name: value}))
        self.all = found

    def distribution(self, names: Sequence[Hashable | None]) -> Distribution:
        """Probability of what is read under these names; the last name is leftmost."""
        found: Distribution = defaultdict(float)
        for branch in self.all:
            key = "".join(str(branch.read.get(name, 0)) for name in reversed(names))
            found[key] += float(np.linalg.norm(branch.state) ** 2)
        return found


def _applied(matrix: State, qubits: Sequence[int], state: State) -> State:
    count = len(qubits)
    tensor = matrix.reshape((2,) * (2 * count))
    moved = np.tensordot(tensor, state, axes=(range(count, 2 * count), qubits))
    return np.moveaxis(moved, range(count), qubits)


def of_circuit(circuit: QuantumCircuit) -> Distribution:
    """What a Qiskit circuit gives, by Qiskit's matrices."""
    branches = Branches(circuit.num_qubits)
    _play(circuit, branches, {q: n for n, q in enumerate(circuit.qubits)}, None)
    return branches.distribution(list(circuit.clbits))


def _play(
    circuit: QuantumCircuit,
    branches: Branches,
    place: Mapping[Hashable, int],
    where: tuple[Hashable, int] | None,
) -> None:
    for each in circuit.data:
        qubits = [place[qubit] for qubit in each.qubits]
        operation = each.operation
        if operation.name == "barrier":
            continue
        if operation.name == "measure":
            branches.measure(qubits[0], each.clbits[0])
        elif operation.name == "reset":
            branches.measure(qubits[0], "reset")
            branches.apply(GATES["x"].matrix(), qubits, ("reset", 1))
        elif isinstance(operation, IfElseOp):
            tested, value = operation.condition
            bit = tested[0] if isinstance(tested, ClassicalRegister) else tested
            for body, wanted in zip(operation.params, (value, 1 - value), strict=False):
                if body is not None:
                    inner = {q: qubits[n] for n, q in enumerate(body.qubits)}
                    _play(body, branches, inner, (bit, int(wanted)))
        else:
            branches.apply(Operator(operation).data, qubits[::-1], where)


def of_compiled(compiled: CompiledProgram) -> Distribution:
    """What a device without noise gives, by the emulator's matrices."""
    used = sorted(
        {qubit for _, _, qubits in compiled.operations for qubit in qubits}
        | {qubit for qubit in compiled.bits if qubit is not None}
    )
    place = {qubit: number for number, qubit in enumerate(used)}
    branches = Branches(len(used))
    for name, params, qubits in compiled.operations:
        targets = [place[qubit] for qubit in qubits]
        if name == "measure_ff":
            branches.measure(targets[0], params[0])
        elif name == "cc_prx":
            *angles, key = params
            # A key that nothing was kept under yet is no 0: the device would refuse it.
            assert all(key in branch.read for branch in branches.all)
            branches.apply(GATES["prx"].matrix(*angles), targets, (key, 1))
        elif name != "barrier":
            branches.apply(GATES[name].matrix(*params), targets)
    for qubit in {qubit for qubit in compiled.bits if qubit is not None}:
        branches.measure(place[qubit], ("end", qubit))
    return branches.distribution(
        [None if qubit is None else ("end", qubit) for qubit in compiled.bits]
    )
