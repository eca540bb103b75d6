"""Twirling: random Paulis that turn any error of two-qubit gates and readout into random ones.

Around a two-qubit gate random Paulis are put which, taken through the gate, cancel. ``cz`` turns
Paulis into Paulis. ``zz`` and ``ms``, by any angle, commute with a Pauli of their own axes or are
turned into their inverse by it, which is as good a native gate: so all sixteen Paulis serve.
Neighbouring gates on one pair, as folding makes them, are twirled as one, because pulses between
them would add errors that folding does not know of.

After Wallman and Emerson, "Noise tailoring for scalable quantum computation via randomized
compiling", Phys. Rev. A 94, 052325 (2016), arXiv:1512.01098; for measurements van den Berg, Minev,
Temme, "Model-free readout-error mitigation for quantum expectation values", Phys. Rev. A 105,
032620 (2022), arXiv:2012.09738.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi, remainder
from random import Random

from bellpair_quantum.native import ANGLE_TOLERANCE, Rotations
from bellpair_quantum.program import Operation
from bellpair_quantum.transforms.fold import inverse
from bellpair_quantum.transforms.frame import Frame
from bellpair_quantum.transforms.rotations import IDENTITY, X, Y, Z, about_z, product

_PAULIS = (IDENTITY, X, Z, Y)
"""By number: its first bit is the X part, its second the Z part."""
_X_PART, _Z_PART = 1, 2


def twirl(operations: Sequence[Operation], rotations: Rotations, *, seed: int) -> list[Operation]:
    """Put random Paulis around two-qubit gates.

    Up to rotations about Z at the end it is the same program. One-qubit gates take in the Paulis
    beside them, so there are hardly more gates than before.
    """
    dice = Random(seed)
    frame = Frame(rotations)
    begins, ends = _blocks(operations)
    around: dict[int, int] = {}
    for place, operation in enumerate(operations):
        if len(operation.qubits) == 1:
            frame.operation(operation)
            continue
        if place in begins:
            around |= {qubit: dice.randrange(4) for qubit in sorted(operation.qubits)}
            _put(frame, operation, around)
        frame.operation(_within(operation, around))
        if operation.name == "cz":
            # An X on one side comes out with a Z on the other.
            first, second = operation.qubits
            x_parts = around[first] & _X_PART, around[second] & _X_PART
            around[first] ^= _Z_PART * x_parts[1]
            around[second] ^= _Z_PART * x_parts[0]
        if place in ends:
            _put(frame, operation, around)
    return frame.operations()


def flip(
    operations: Sequence[Operation], rotations: Rotations, flipped: frozenset[int]
) -> list[Operation]:
    """Flip qubits at the end of a program."""
    frame = Frame(rotations)
    for operation in operations:
        frame.operation(operation)
    for qubit in sorted(flipped):
        frame.rotate(qubit, X)
    return frame.operations()


def random_flips(measured: Sequence[int], *, seed: int) -> frozenset[int]:
    """About half of the measured qubits."""
    dice = Random(seed)
    return frozenset(qubit for qubit in sorted(set(measured)) if dice.random() < 0.5)


def _within(operation: Operation, around: Mapping[int, int]) -> Operation:
    """The gate that, between these Paulis, is the given one."""
    if operation.name == "cz":
        return operation
    own = _Z_PART if operation.name == "zz" else _X_PART
    anticommuting = [around[qubit] not in (0, own) for qubit in operation.qubits]
    return inverse(operation) if sum(anticommuting) == 1 else operation


def _put(frame: Frame, operation: Operation, around: Mapping[int, int]) -> None:
    """Paulis on a gate's qubits, where its own axes are X; ``zz`` and ``cz`` have none."""
    for qubit, phase in _axes(operation).items():
        pauli = product(product(about_z(phase), _PAULIS[around[qubit]]), about_z(-phase))
        frame.rotate(qubit, pauli)


def _axes(operation: Operation) -> dict[int, float]:
    phases = operation.params[:2] if operation.name == "ms" else (0.0, 0.0)
    return dict(zip(operation.qubits, phases, strict=True))


def _blocks(operations: Sequence[Operation]) -> tuple[set[int], set[int]]:
    """Where runs of gates on one pair, with nothing between them, begin and end."""
    begins: set[int] = set()
    ends: set[int] = set()
    last: dict[int, int] = {}
    for place, operation in enumerate(operations):
        if len(operation.qubits) == 2:
            before = {last.get(qubit) for qubit in operation.qubits}
            earlier = before.pop() if len(before) == 1 else None
            if earlier is not None and _same_axes(operations[earlier], operation):
                ends.discard(earlier)
            else:
                begins.add(place)
            ends.add(place)
        last.update(dict.fromkeys(operation.qubits, place))
    return begins, ends


def _same_axes(one: Operation, other: Operation) -> bool:
    """Whether two gates are on one pair, about the same axes, turned round or not."""
    axes = _axes(other)
    return (
        one.name == other.name
        and set(one.qubits) == set(other.qubits)
        and all(
            abs(remainder(phase - axes[qubit], pi)) < ANGLE_TOLERANCE
            for qubit, phase in _axes(one).items()
        )
    )
