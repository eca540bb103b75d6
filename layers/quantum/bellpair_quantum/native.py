"""Native gates with virtual Z rotations.

On the devices here a rotation about Z costs nothing: it is not applied, but remembered, and
turns the axes of the gates that follow on its qubit. Pending at an angle ``a``, it moves
behind a rotation ``R(theta, phi)`` about the axis at ``phi`` in the XY plane by ::

    R(theta, phi) Rz(a) = Rz(a) R(theta, phi - a)

and likewise behind each half of an ``MS`` gate; ``CZ`` and ``ZZ`` commute with it. What is
pending before a measurement is dropped, for it changes only phases. This is the method of
McKay et al., "Efficient Z gates for quantum computing", arXiv:1612.00858.

Angles are in radians; up to a global phase the gates are ::

    prx(theta, phi)   = R(theta, phi)
    gpi(phi)          = R(pi, phi)
    gpi2(phi)         = R(pi/2, phi)
    cc_prx(t, p, key) = R(t, p) where 1 was measured and kept under the key
    ms(p, q, theta)   = exp(-i theta/2 (cos p X + sin p Y)(cos q X + sin q Y))
    zz(theta)         = exp(-i theta/2 Z Z)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import copysign, isclose, pi, remainder
from typing import Literal

from bellpair_quantum.program import Operation

ANGLE_TOLERANCE = 1e-9
"""Angles nearer to each other than this (radians) count as the same."""

Rotations = Literal["prx", "gpi"]
"""A device's one-qubit gates: ``prx``, or ``gpi`` and ``gpi2``."""


def to_native(
    operations: Iterable[Operation], rotations: Rotations
) -> tuple[list[Operation], dict[int, float]]:
    """Write ``u``, ``cz``, ``rxx`` and ``rzz`` (as Qiskit has them) in native gates.

    Barriers are left out. With them ``measure_ff`` and ``cc_u`` of
    `bellpair_quantum.feed_forward` are written, for devices with ``prx``.

    Parameters
    ----------
    operations
        Gates in order.
    rotations
        What one-qubit gates are written in.

    Returns
    -------
    native : list of Operation
        ``cz`` as it is; ``rxx`` as ``ms`` and ``rzz`` as ``zz``, by at
        most pi/2; ``u`` as at most one ``prx``, or two ``gpi2``.
    phases : dict of int to float
        By qubit the rotation about Z (radians) that is still to be applied for the two to be
        the same unitary, up to a global phase.
    """
    writer = _Writer() if rotations == "prx" else _GpiWriter()
    for name, params, qubits in operations:
        match name:
            case "u":
                writer.u(qubits[0], *params)
            case "cz":
                writer.native.append(Operation("cz", (), qubits))
            case "rxx":
                writer.xx(qubits, *params)
            case "rzz":
                writer.zz(qubits, *params)
            case "measure_ff":
                # What is pending on the qubit changes nothing that is read of it.
                writer.native.append(Operation("measure_ff", (int(params[0]),), qubits))
            case "cc_u":
                writer.conditional(qubits[0], *params)
            case "barrier":
                pass
            case _:
                raise ValueError(f"no native form of {name} is known")
    return writer.native, dict(writer.phase)


class _Writer:
    """Writes gates while it keeps each qubit's pending rotation about Z."""

    def __init__(self) -> None:
        self.native: list[Operation] = []
        self.phase: defaultdict[int, float] = defaultdict(float)

    def u(self, qubit: int, theta: float, phi: float, lam: float) -> None:
        """``Rz(phi) Ry(theta) Rz(lam)``."""
        theta = remainder(theta, 2 * pi)
        if abs(theta) > ANGLE_TOLERANCE:
            self._u(qubit, theta, phi, lam)
        else:
            self.phase[qubit] += phi + lam

    def _u(self, qubit: int, theta: float, phi: float, lam: float) -> None:
        # Ry(theta) Rz(lam) = Rz(lam) R(theta, pi/2 - lam)
        self._rotate(qubit, theta, pi / 2 - lam)
        self.phase[qubit] += phi + lam

    def conditional(self, qubit: int, theta: float, phi: float, lam: float, key: float) -> None:
        """`u` where 1 was kept under a key, up to a phase, which differs where it may.

        A rotation about Z that is done in some shots only cannot stay pending: it is two half
        turns, ``R(pi, a + t/2) R(pi, a) = -Rz(t)``, of which the first joins the rotation before.
        """
        axis = pi / 2 - lam - self.phase[qubit]
        turn = remainder(phi + lam, 2 * pi)
        if _is(turn, 0.0):
            self._conditional(qubit, theta, axis, key)
        else:
            self._conditional(qubit, theta + pi, axis, key)
            self._conditional(qubit, pi, axis + turn / 2, key)

    def _conditional(self, qubit: int, theta: float, axis: float, key: float) -> None:
        theta = remainder(theta, 2 * pi)
        if abs(theta) > ANGLE_TOLERANCE:
            axis = _wrapped(axis + (pi if theta < 0 else 0.0))
            self.native.append(Operation("cc_prx", (abs(theta), axis, int(key)), (qubit,)))

    def xx(self, qubits: tuple[int, ...], theta: float) -> None:
        """``exp(-i theta/2 X X)``; from pi/2 on, the X X in it is written as two gates."""
        rest, flipped = _folded(theta)
        if flipped:
            for qubit in qubits:
                self._rotate(qubit, pi, 0.0)
        if abs(rest) > ANGLE_TOLERANCE:
            first, second = (-self.phase[qubit] for qubit in qubits)
            # Turning one axis round changes the sign of the angle.
            first += pi if rest < 0 else 0.0
            angles = (_wrapped(first), _wrapped(second), abs(rest))
            self.native.append(Operation("ms", angles, qubits))

    def zz(self, qubits: tuple[int, ...], theta: float) -> None:
        """``exp(-i theta/2 Z Z)``; from pi/2 on, the Z Z in it stays pending."""
        rest, flipped = _folded(theta)
        if flipped:
            for qubit in qubits:
                self.phase[qubit] += pi
        if abs(rest) > ANGLE_TOLERANCE:
            self.native.append(Operation("zz", (rest,), qubits))

    def _rotate(self, qubit: int, theta: float, phi: float) -> None:
        """``R(theta, phi)``, behind the pending rotation about Z."""
        phi -= self.phase[qubit] + (pi if theta < 0 else 0.0)
        self._pulse(qubit, abs(theta), _wrapped(phi))

    def _pulse(self, qubit: int, theta: float, phi: float) -> None:
        self.native.append(Operation("prx", (theta, phi), (qubit,)))


class _GpiWriter(_Writer):
    """Has rotations by pi and pi/2 only."""

    def _u(self, qubit: int, theta: float, phi: float, lam: float) -> None:
        if _is(abs(theta), pi) or _is(abs(theta), pi / 2):
            super()._u(qubit, theta, phi, lam)
            return
        # u(theta, phi, lam) = Rz(phi + pi) Rx(pi/2) Rz(theta + pi) Rx(pi/2) Rz(lam)
        for before in (lam, theta + pi):
            self.phase[qubit] += before
            self._rotate(qubit, pi / 2, 0.0)
        self.phase[qubit] += phi + pi

    def _pulse(self, qubit: int, theta: float, phi: float) -> None:
        name = "gpi" if _is(theta, pi) else "gpi2"
        self.native.append(Operation(name, (phi,), (qubit,)))


def _folded(theta: float) -> tuple[float, bool]:
    """An angle within [-pi/2, pi/2], and whether pi was taken off to get there."""
    theta = remainder(theta, 2 * pi)
    if abs(theta) <= pi / 2 + ANGLE_TOLERANCE:
        return theta, False
    return theta - copysign(pi, theta), True


def _wrapped(angle: float) -> float:
    """The same angle within [-pi, pi], with nothing left of a rounded zero."""
    angle = remainder(angle, 2 * pi)
    return 0.0 if _is(angle, 0.0) else angle


def _is(angle: float, other: float) -> bool:
    return isclose(angle, other, rel_tol=0.0, abs_tol=ANGLE_TOLERANCE)
