"""Compiling for quantum processors: placed, routed and in native gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations
from typing import Any, NamedTuple

import rustworkx
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Instruction, Measure, Parameter
from qiskit.circuit.library import CZGate, RXXGate, RZZGate, UGate
from qiskit.exceptions import QiskitError
from qiskit.transpiler import (
    InstructionProperties,
    PassManager,
    Target,
    generate_preset_pass_manager,
)

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.errors import CompileError
from bellpair_quantum.feed_forward import CONDITIONAL, has_feed_forward
from bellpair_quantum.late_angles import Angle, AngleTable, angle_of
from bellpair_quantum.native import Rotations
from bellpair_quantum.program import MEASURED, Operation

# Qiskit's form of each native two-qubit gate that can be written here.
_TWO_QUBIT = {"cz": CZGate(), "zz": RZZGate(Parameter("theta")), "ms": RXXGate(Parameter("theta"))}


class PlacedGate(NamedTuple):
    """One gate on qubits of the device, by Qiskit's name."""

    name: str
    params: tuple[Angle, ...]
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class PlacedCircuit:
    """A circuit on a device's own qubits, in gates that its native ones are written from.

    Attributes
    ----------
    gates
        ``u``, ``cz``, ``rxx`` and ``rzz``, in order, two-qubit gates on the device's edges;
        barriers; and those of `bellpair_quantum.feed_forward`.
    layout
        The device qubit that each of the circuit's qubits starts on.
    measured
        The device qubit that each of the circuit's classical bits is measured from.
    routed
        Whether qubits had to change places for their gates.
    """

    gates: tuple[PlacedGate, ...]
    layout: tuple[int, ...]
    measured: tuple[int, ...]
    routed: bool = False

    @cached_property
    def _angles(self) -> AngleTable:
        return AngleTable([gate.params for gate in self.gates])

    def bound(self, numbers: Sequence[float]) -> list[Operation]:
        """The gates, once the late steps have their numbers.

        Raises
        ------
        CompileError
            An angle is no finite number.
        """
        return [
            Operation(gate.name, angles, gate.qubits)
            for gate, angles in zip(self.gates, self._angles.bound(numbers), strict=True)
        ]

    def moved(self, place_of: Mapping[int, int]) -> PlacedCircuit:
        """The same circuit on other qubits; those that are not named stay."""
        gates = (
            gate._replace(qubits=tuple(place_of.get(qubit, qubit) for qubit in gate.qubits))
            for gate in self.gates
        )
        return PlacedCircuit(
            tuple(gates),
            tuple(place_of.get(qubit, qubit) for qubit in self.layout),
            tuple(place_of.get(qubit, qubit) for qubit in self.measured),
            self.routed,
        )


def placed_on_qpu(
    circuit: QuantumCircuit,
    target: DeviceTarget,
    *,
    seed: int,
    optimization_level: int,
    calibration_aware: bool,
    steps: Mapping[Parameter, int],
) -> PlacedCircuit:
    """Place, route and optimize a circuit for a device.

    Qiskit chooses with one general one-qubit gate, because rotations about Z are free on these
    devices, which it does not know of.

    Parameters
    ----------
    circuit
        Gates and barriers, then measurements; no wider than the device.
    seed
        Equal seeds give equal programs.
    optimization_level
        Qiskit's, 0 to 3.
    calibration_aware
        Whether Qiskit is told the error rates; else it takes all qubits for alike.
    steps
        The late step that each of the circuit's parameters stands for.

    Raises
    ------
    CompileError
        ``no-room`` where the device's connected qubits are too few, ``program-unsupported``
        where a gate cannot be written in native ones, ``target-unsupported``.
    """
    machine = _machine(_document(target, calibration_aware), has_feed_forward(circuit))
    _require_room(circuit, machine)
    try:
        placed = _passes(machine, seed, optimization_level).run(circuit)
    except QiskitError as error:
        if len(machine.islands) > 1:
            raise _no_room(target.device, circuit.num_qubits, max(machine.islands)) from error
        raise CompileError(
            "program-unsupported",
            f"The program cannot be written in {target.device}'s gates: {error.message}",
            "Use standard gates, or choose another device.",
        ) from error
    label = [machine.qubits[index] for index in range(placed.num_qubits)]
    index_of = {qubit: index for index, qubit in enumerate(placed.qubits)}
    gates: list[PlacedGate] = []
    measured: dict[int, int] = {}
    for each in placed.data:
        qubits = tuple(label[index_of[qubit]] for qubit in each.qubits)
        if each.operation.name == "measure":
            measured[placed.find_bit(each.clbits[0]).index] = qubits[0]
        else:
            angles = tuple(angle_of(param, steps) for param in each.operation.params)
            gates.append(PlacedGate(each.operation.name, angles, qubits))
    starts = placed.layout.initial_index_layout(filter_ancillas=True)
    return PlacedCircuit(
        tuple(gates),
        tuple(label[index] for index in starts),
        tuple(measured[bit] for bit in sorted(measured)),
        placed.layout.final_layout is not None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Machine:
    """A device as Qiskit's transpiler sees it; ``qubits`` are the labels of its indices."""

    device: str
    target: Target
    qubits: tuple[int, ...]
    islands: tuple[int, ...]
    all_connected: bool


def rotations_of(target: DeviceTarget) -> Rotations:
    """What the device's one-qubit gates are written in.

    Raises
    ------
    CompileError
        ``target-unsupported``
    """
    return _native_gates(target)[0]


def _document(target: DeviceTarget, calibration_aware: bool) -> str:
    """All of a target that Qiskit's choices depend on."""
    left_out: dict[str, Any] = {"calibration_id": "", "calibrated_at": None}
    if not calibration_aware:
        left_out |= {"one_qubit_error": {}, "two_qubit_error": {}, "readout_error": {}}
    return target.model_copy(update=left_out).model_dump_json()


@lru_cache(maxsize=16)
def _machine(document: str, feed_forward: bool) -> _Machine:
    """Build a device once for each snapshot, with or without what feeds forward."""
    target = DeviceTarget.model_validate_json(document)
    _, entangler = _native_gates(target)
    index = {label: place for place, label in enumerate(target.qubits)}
    edges = [
        pair
        for pair in permutations(target.qubits, 2)
        if target.edges is None or (min(pair), max(pair)) in target.edges
    ]
    qiskit_target = Target(num_qubits=len(target.qubits))
    one_qubit: list[tuple[Instruction, Mapping[int, float]]] = [
        (UGate(Parameter("theta"), Parameter("phi"), Parameter("lam")), target.one_qubit_error),
        (Measure(), target.readout_error),
    ]
    if feed_forward:
        angles = [Parameter(name) for name in ("a", "b", "c", "key")]
        one_qubit += [
            (Instruction(MEASURED, 1, 0, angles[-1:]), target.readout_error),
            (Instruction(CONDITIONAL, 1, 0, angles), target.one_qubit_error),
        ]
    for gate, errors in one_qubit:
        qiskit_target.add_instruction(
            gate,
            {(index[q],): InstructionProperties(error=errors.get(q)) for q in target.qubits},
        )
    qiskit_target.add_instruction(
        entangler,
        {
            (index[a], index[b]): InstructionProperties(
                error=target.two_qubit_error.get(f"{min(a, b)}-{max(a, b)}")
            )
            for a, b in edges
        },
    )
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(target.qubits)
    graph.add_edges_from_no_data([(index[a], index[b]) for a, b in edges])
    islands = tuple(len(island) for island in rustworkx.connected_components(graph))
    return _Machine(target.device, qiskit_target, target.qubits, islands, target.edges is None)


def _native_gates(target: DeviceTarget) -> tuple[Rotations, Gate]:
    native = {gate.lower() for gate in target.native_gates}
    rotations: Rotations | None = (
        "prx" if "prx" in native else "gpi" if {"gpi", "gpi2"} <= native else None
    )
    entangler = next((gate for name, gate in _TWO_QUBIT.items() if name in native), None)
    if rotations is None or entangler is None:
        raise CompileError(
            "target-unsupported",
            f"Device {target.device} has native gates {', '.join(sorted(native)) or 'unknown'}; "
            "this compiler writes prx or gpi and gpi2, with cz, zz or ms.",
            "Choose another device.",
        )
    return rotations, entangler


@lru_cache(maxsize=128)
def _passes(machine: _Machine, seed: int, optimization_level: int) -> PassManager:
    return generate_preset_pass_manager(
        optimization_level=optimization_level,
        target=machine.target,
        seed_transpiler=seed,
        # Where all are connected Qiskit searches long for what `relayout` finds at once.
        layout_method="trivial" if machine.all_connected else None,
    )


def _require_room(circuit: QuantumCircuit, machine: _Machine) -> None:
    """Each group of qubits that gates connect needs an island of the device to itself."""
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(circuit.num_qubits))
    for each in circuit.data:
        if each.operation.name not in ("barrier", "measure"):
            first, *others = (circuit.find_bit(qubit).index for qubit in each.qubits)
            graph.add_edges_from_no_data([(first, other) for other in others])
    group = max(map(len, rustworkx.connected_components(graph)))
    if group > max(machine.islands):
        raise _no_room(machine.device, group, max(machine.islands))


def _no_room(device: str, wanted: int, largest: int) -> CompileError:
    return CompileError(
        "no-room",
        f"The program needs {wanted} connected qubits, but {device} now has no room for them; "
        f"its largest connected part has {largest}.",
        "Choose another device, or wait until the device's next calibration.",
    )
