"""What a checked program tells, and the limits it is checked against."""

from __future__ import annotations

from typing import NamedTuple


class ProgramLimits(NamedTuple):
    """How much one program may ask for.

    Attributes
    ----------
    max_qubits
        Qubits, over all registers, or the highest physical qubit plus one.
    max_bits
        Classical bits, over all registers.
    max_operations
        Gates, measurements and resets when every loop, every broadcast over a register
        and every gate definition is written out; a turn of a loop counts as one more.
    max_replayed
        Words of the source that are read again, for the turns of loops, or computed again,
        for applications of the program's own gates; besides once for the whole source.
    max_depth
        Nesting of blocks, parentheses and indices; and, by itself, of gate definitions.
    """

    max_qubits: int = 1_000
    max_bits: int = 10_000
    max_operations: int = 200_000
    max_replayed: int = 500_000
    max_depth: int = 64


class Obstacle(NamedTuple):
    """Something in a correct program that devices here don't do, with its place and remedy."""

    message: str
    line: int
    column: int
    remedy: str


class Shape(NamedTuple):
    """What a program's expected success on a device depends on, with everything written out.

    Attributes
    ----------
    one_qubit_gates, two_qubit_gates
        Gate applications; a gate on more qubits counts as those that it is commonly written as.
    depth
        Layers of gates of which no two share a qubit.
    interactions
        Different pairs of qubits that share a gate.
    measured
        Measured qubits.
    needed_two_qubit_gates
        Those that are left where qubits' known states spare the others; see
        `bellpair_core.openqasm.known_states`.
    """

    one_qubit_gates: int
    two_qubit_gates: int
    depth: int
    interactions: int
    measured: int
    needed_two_qubit_gates: int


class ProgramFacts(NamedTuple):
    """What a device needs to know about a program.

    Attributes
    ----------
    language
        Always ``"openqasm"``.
    version
        ``"2.0"`` or ``"3.0"``; a program without a version line is read as 3.0.
    num_qubits
        Declared qubits, or the highest physical qubit used plus one.
    num_bits
        Declared classical bits, over all registers.
    num_gates
        Gate applications when loops, broadcasts and the program's own gate definitions
        are written out. Both branches of a condition count.
    num_measurements
        Measured qubits, counted likewise.
    has_mid_circuit_measurement
        A qubit is used after it was measured, or a bit is assigned twice.
    has_classical_control
        The program branches with ``if``.
    physical_qubits
        The program names physical qubits such as ``$0``.
    verbatim
        The program has a Braket verbatim box.
    gate_names
        Names of the gates applied outside gate definitions.
    shape
        How much of what it does.
    obstacle
        The first thing that keeps the program from being compiled; None if nothing does.
    inputs
        Names of the inputs, in the order of their declaration.
    native
        The first thing that is for one device alone: its verbatim box. Unless it was asked for,
        it is an obstacle.
    qubits_used
        Qubits that something is done to.
    mid_circuit
        The first thing that only a device does which measures in mid-circuit and goes on by what
        it read; None if nothing is. Unless it was asked for, it is an obstacle.
    """

    language: str
    version: str
    num_qubits: int
    num_bits: int
    num_gates: int
    num_measurements: int
    has_mid_circuit_measurement: bool
    has_classical_control: bool
    physical_qubits: bool
    verbatim: bool
    gate_names: frozenset[str]
    shape: Shape
    obstacle: Obstacle | None = None
    inputs: tuple[str, ...] = ()
    mid_circuit: Obstacle | None = None
    native: Obstacle | None = None
    qubits_used: int = 0
