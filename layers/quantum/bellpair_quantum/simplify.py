"""Gates saved where all angles are known.

Qiskit optimizes before angles have values, and for circuits whose end is not a measurement. Here
the rest is done, on gates that are placed and routed already:

- rotations of one qubit between two gates on two become one;
- two-qubit gates about the same axes of the same pair become one, or none, also where only what
  commutes with them lies between;
- a two-qubit gate whose effect on a qubit in a known state is a rotation of the other, or none,
  becomes that;
- what no measurement sees is left out: gates that commute with all measurements after them, and
  gates on qubits that are not measured afterwards.

Nothing is done across a barrier. The measured distribution stays the same; the unitary does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import copysign, pi, remainder

from bellpair_quantum.program import Operation
from bellpair_quantum.rotations import (
    IDENTITY,
    TOLERANCE,
    Rotation,
    about_x,
    about_z,
    angles_of,
    rotation_u,
    then,
)

_PHASE = frozenset(["cz", "rzz"])

_KNOWN = 1e-7
"""A state so near to an axis (radians) is at it. Decompositions leave angles about 1e-8 off."""


def simplified(operations: Iterable[Operation], measured: Collection[int]) -> list[Operation]:
    """Write the same measured distribution with fewer gates.

    Parameters
    ----------
    operations
        ``u``, ``cz``, ``rxx``, ``rzz`` and ``barrier`` as Qiskit has them, in order, on qubits
        that start as 0.
    measured
        Qubits that are measured at the end.

    Returns
    -------
    list of Operation
        The same gates; of two ``u`` on a qubit a two-qubit gate lies between. Angles of two-qubit
        gates are within pi/2.
    """
    circuit = _Circuit()
    for name, params, qubits in operations:
        if name == "u":
            circuit.rotate(qubits[0], rotation_u(*params))
        elif name in ("cz", "rzz", "rxx"):
            circuit.join(name, params[0] if params else 0.0, qubits)
        elif name == "barrier":
            circuit.put(name, 0.0, qubits)
        else:
            raise ValueError(f"{name} is not known here")
    return circuit.seen_by(measured)


@dataclass(slots=True, eq=False)
class _Pair:
    """A two-qubit gate or a barrier, and what is done to its qubits since the one before."""

    name: str
    angle: float
    qubits: tuple[int, ...]
    before: dict[int, Rotation]


class _Circuit:
    def __init__(self) -> None:
        # By insertion, so in order; a gate that is left out is taken out.
        self.pairs: dict[_Pair, None] = {}
        self.chains: dict[int, list[_Pair]] = {}
        self.after: dict[int, Rotation] = {}

    def rotate(self, qubit: int, rotation: Rotation) -> None:
        """Add a gate on one qubit."""
        first = self.after.get(qubit)
        self.after[qubit] = rotation if first is None else then(first, rotation)

    def join(self, name: str, angle: float, qubits: tuple[int, ...]) -> None:
        """Add a gate on two qubits."""
        if name != "cz":
            angle = self._folded(name, angle, qubits)
            if abs(angle) < TOLERANCE:
                return
        if self._on_known_state(name, angle, qubits):
            return
        twin = self._twin(name, qubits)
        if twin is None:
            self.put(name, angle, qubits)
            return
        if name != "cz":
            # The twin turns by both angles. What is over pi/2 commutes to where we are.
            twin.angle = self._folded(name, twin.angle + angle, qubits)
        if name == "cz" or abs(twin.angle) < TOLERANCE:
            self._take_out(twin)

    def put(self, name: str, angle: float, qubits: tuple[int, ...]) -> None:
        """Add something as it stands."""
        pair = _Pair(name, angle, qubits, {})
        for qubit in qubits:
            pair.before[qubit] = self.after.pop(qubit, IDENTITY)
            self.chains.setdefault(qubit, []).append(pair)
        self.pairs[pair] = None

    def seen_by(self, measured: Collection[int]) -> list[Operation]:
        """Leave out what no measurement sees, and write the rest."""
        # What a measurement of the qubit still sees, going back from the end: nothing (it is not
        # measured), probabilities only, or everything.
        seen = {
            qubit: "nothing" if qubit not in measured else "probabilities"
            for qubit in {*self.chains, *self.after}
        }
        for qubit in seen:
            self._look_back(qubit, seen)
        for pair in reversed(list(self.pairs)):
            views = {seen[qubit] for qubit in pair.qubits}
            if pair.name == "barrier":
                views.add("everything")
            hidden = views == {"nothing"} or (pair.name in _PHASE and "everything" not in views)
            if hidden:
                self._take_out(pair)
                for qubit in pair.qubits:
                    self._look_back(qubit, seen)
            else:
                seen.update(dict.fromkeys(pair.qubits, "everything"))
        return self._written()

    def _look_back(self, qubit: int, seen: dict[int, str]) -> None:
        """Step over the rotation at a qubit's end, dropping it where it is not seen."""
        rotation = self.after.get(qubit, IDENTITY)
        if seen[qubit] == "nothing" or (seen[qubit] == "probabilities" and _is_phase(rotation)):
            self.after.pop(qubit, None)
        else:
            seen[qubit] = "everything"

    def _written(self) -> list[Operation]:
        written: list[Operation] = []
        for pair in self.pairs:
            for qubit in pair.qubits:
                rotation = pair.before[qubit]
                if rotation is not IDENTITY:
                    written.append(_u(qubit, rotation))
            params = (pair.angle,) if pair.name in ("rxx", "rzz") else ()
            written.append(Operation(pair.name, params, pair.qubits))
        written += (_u(qubit, rotation) for qubit, rotation in sorted(self.after.items()))
        return written

    def _folded(self, name: str, angle: float, qubits: tuple[int, ...]) -> float:
        """Bring an angle within pi/2; by pi the gate is a half turn of each qubit."""
        angle = remainder(angle, 2 * pi)
        if abs(angle) <= pi / 2 + TOLERANCE:
            return angle
        half = about_z(pi) if name == "rzz" else about_x(pi)
        for qubit in qubits:
            self.rotate(qubit, half)
        return angle - copysign(pi, angle)

    def _on_known_state(self, name: str, angle: float, qubits: tuple[int, ...]) -> bool:
        """Write a gate as a rotation where one of its qubits is known to be at the axis."""
        for qubit, other in (qubits, qubits[::-1]):
            if self.chains.get(qubit):
                continue
            sign = _axis_value(name, self.after.get(qubit, IDENTITY))
            if sign is None:
                continue
            if name == "rxx":
                self.rotate(other, about_x(sign * angle))
            elif name == "rzz":
                self.rotate(other, about_z(sign * angle))
            elif sign < 0:
                self.rotate(other, about_z(pi))
            return True
        return False

    def _twin(self, name: str, qubits: tuple[int, ...]) -> _Pair | None:
        """An earlier gate of the kind on the pair, with nothing in its way to here."""
        one, other = qubits
        for pair in self._reach(name, one):
            if pair.name == name and other in pair.qubits:
                return pair if pair in self._reach(name, other) else None
        return None

    def _reach(self, name: str, qubit: int) -> list[_Pair]:
        """The gates on a qubit that commute to its end as far as this qubit goes."""
        commutes = _is_flip if name == "rxx" else _is_phase
        reached: list[_Pair] = []
        between = self.after.get(qubit, IDENTITY)
        for pair in reversed(self.chains.get(qubit, ())):
            if pair.name == "barrier" or not commutes(between):
                break
            reached.append(pair)
            if (pair.name == "rxx") != (name == "rxx"):
                break
            between = pair.before[qubit]
        return reached

    def _take_out(self, pair: _Pair) -> None:
        """Leave a gate out; what was done before it is done before the next one."""
        del self.pairs[pair]
        for qubit in pair.qubits:
            chain = self.chains[qubit]
            place = chain.index(pair)
            del chain[place]
            first = pair.before[qubit]
            if place < len(chain):
                following = chain[place]
                following.before[qubit] = then(first, following.before[qubit])
            else:
                self.after[qubit] = then(first, self.after.get(qubit, IDENTITY))


def _u(qubit: int, rotation: Rotation) -> Operation:
    return Operation("u", angles_of(rotation), (qubit,))


def _is_phase(rotation: Rotation) -> bool:
    """Whether it commutes with Z."""
    return abs(rotation[1]) < TOLERANCE


def _is_flip(rotation: Rotation) -> bool:
    """Whether it commutes with X."""
    a, b = rotation
    return abs(a.imag) < TOLERANCE and abs(b.real) < TOLERANCE


def _axis_value(name: str, made: Rotation) -> float | None:
    """1 or -1 where the gate's axis has that value in the state made of 0; else None."""
    a, b = made
    along, across = abs(a) ** 2 - abs(b) ** 2, a.conjugate() * b * 2
    if name == "rxx":
        along, across = across.real, complex(along, across.imag)
    # Near its ends the value along the axis is flat; what is across it tells the angle.
    return copysign(1.0, along) if abs(across) < _KNOWN else None
