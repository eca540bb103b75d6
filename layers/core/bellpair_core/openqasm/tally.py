"""What a program does, added up while it is read."""

from __future__ import annotations


class Tally:
    """Running totals of a program, or of one gate definition's body.

    Attributes
    ----------
    operations
        Everything that counts against the limit, turns of loops included.
    gates, measurements
        See `ProgramFacts`.
    touched, measured, assigned
        The qubits that gates acted on and those measured so far, and the bits that hold a
        result, as masks.
    mid_circuit
        Whether one of them was used again.
    depth
        The deepest gate definition applied.
    """

    __slots__ = (
        "assigned",
        "depth",
        "gates",
        "measured",
        "measurements",
        "mid_circuit",
        "operations",
        "touched",
    )

    def __init__(self) -> None:
        self.operations = 0
        self.gates = 0
        self.measurements = 0
        self.touched = 0
        self.measured = 0
        self.assigned = 0
        self.mid_circuit = False
        self.depth = 0
