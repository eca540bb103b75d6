"""One-qubit unitaries as two numbers.

Up to a phase such a unitary is ``[[a, -conj(b)], [b, conj(a)]]`` with ``|a|^2 + |b|^2 = 1``.
"""

from __future__ import annotations

from cmath import exp, phase
from math import atan2, cos, sin
from typing import NamedTuple

TOLERANCE = 1e-9
"""Numbers nearer to each other than this count as the same."""


class Rotation(NamedTuple):
    """A one-qubit unitary, up to its phase."""

    a: complex
    b: complex

    def after(self, first: Rotation) -> Rotation:
        """First the one, then this."""
        a, b = self
        c, d = first
        return Rotation(a * c - b.conjugate() * d, b * c + a.conjugate() * d)

    @property
    def angles(self) -> tuple[float, float, float]:
        """``theta, phi, lam`` of Qiskit's ``u``, in radians; theta is within 0 and pi."""
        a, b = self
        big, small = abs(a), abs(b)
        if small < TOLERANCE:
            return 0.0, 0.0, -2 * phase(a)
        if big < TOLERANCE:
            return 2 * atan2(small, big), 2 * phase(b), 0.0
        return 2 * atan2(small, big), phase(b) - phase(a), -phase(a) - phase(b)


IDENTITY = Rotation(1.0, 0.0)


def rotation_u(theta: float, phi: float, lam: float) -> Rotation:
    """Qiskit's ``u``: Rz(phi) Ry(theta) Rz(lam)."""
    c, s = cos(theta / 2), sin(theta / 2)
    return Rotation(c * exp(-0.5j * (phi + lam)), s * exp(0.5j * (phi - lam)))


def about_z(angle: float) -> Rotation:
    """Rz."""
    return Rotation(exp(-0.5j * angle), 0.0)


def about_x(angle: float) -> Rotation:
    """Rx."""
    return Rotation(cos(angle / 2), -1j * sin(angle / 2))
