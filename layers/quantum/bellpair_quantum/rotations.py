"""One-qubit unitaries as two numbers.

Up to a phase such a unitary is ``[[a, -conj(b)], [b, conj(a)]]`` with ``|a|^2 + |b|^2 = 1``. They
are plain pairs ``(a, b)``, because templates are bound with hundreds of them in a millisecond.
"""

from __future__ import annotations

from cmath import phase, rect
from math import atan2, cos, sin

TOLERANCE = 1e-9
"""Numbers nearer to each other than this count as the same."""

Rotation = tuple[complex, complex]
"""A one-qubit unitary, up to its phase."""

IDENTITY: Rotation = (1 + 0j, 0j)


def then(first: Rotation, second: Rotation) -> Rotation:
    """First the one, then the other."""
    c, d = first
    a, b = second
    return a * c - b.conjugate() * d, b * c + a.conjugate() * d


def angles_of(rotation: Rotation) -> tuple[float, float, float]:
    """``theta, phi, lam`` of Qiskit's ``u``, in radians; theta is within 0 and pi."""
    a, b = rotation
    big, small = abs(a), abs(b)
    if small < TOLERANCE:
        return 0.0, 0.0, -2 * phase(a)
    if big < TOLERANCE:
        return 2 * atan2(small, big), 2 * phase(b), 0.0
    first, second = phase(a), phase(b)
    return 2 * atan2(small, big), second - first, -first - second


def rotation_u(theta: float, phi: float, lam: float) -> Rotation:
    """Qiskit's ``u``: Rz(phi) Ry(theta) Rz(lam)."""
    half = theta / 2
    return rect(cos(half), -(phi + lam) / 2), rect(sin(half), (phi - lam) / 2)


def about_z(angle: float) -> Rotation:
    """Rz."""
    return rect(1.0, -angle / 2), 0j


def about_x(angle: float) -> Rotation:
    """Rx."""
    return complex(cos(angle / 2)), -1j * sin(angle / 2)
