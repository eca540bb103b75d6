"""Two-by-two unitaries, and the native gates as such.

A matrix is its four entries, row by row. Global phases mean nothing here.
"""

from __future__ import annotations

from cmath import exp, phase
from math import atan2, cos, pi, sin

from bellpair_quantum.program import Operation

Matrix = tuple[complex, complex, complex, complex]

IDENTITY: Matrix = (1, 0, 0, 1)
X: Matrix = (0, 1, 1, 0)
Y: Matrix = (0, -1j, 1j, 0)
Z: Matrix = (1, 0, 0, -1)
PAULIS = (IDENTITY, X, Y, Z)

_SMALL = 1e-12


def product(left: Matrix, right: Matrix) -> Matrix:
    """``left @ right``: what `right` does comes first."""
    a, b, c, d = left
    e, f, g, h = right
    return (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)


def rotation(theta: float, phi: float) -> Matrix:
    """By ``theta`` about the axis at ``phi`` in the XY plane, radians."""
    inner, outer = cos(theta / 2), -1j * sin(theta / 2)
    return (inner, outer * exp(-1j * phi), outer * exp(1j * phi), inner)


def about_z(angle: float) -> Matrix:
    """``Rz(angle)``, radians."""
    return (exp(-0.5j * angle), 0, 0, exp(0.5j * angle))


def pulse(operation: Operation) -> Matrix:
    """The matrix of a native one-qubit gate."""
    match operation.name:
        case "prx":
            return rotation(*operation.params)
        case "gpi":
            return rotation(pi, *operation.params)
        case "gpi2":
            return rotation(pi / 2, *operation.params)
    raise ValueError(f"{operation.name} is no native one-qubit gate")


def euler(matrix: Matrix) -> tuple[float, float, float]:
    """Angles with ``matrix = Rz(phi) Ry(theta) Rz(lam)``, up to a global phase."""
    a, b, c, d = matrix
    theta = 2 * atan2(abs(c), abs(a))
    # Where one of the two is nothing, only a sum or a difference of the other angles counts.
    if abs(c) < _SMALL:
        return 0.0, phase(d) - phase(a), 0.0
    if abs(a) < _SMALL:
        return pi, phase(c) - phase(-b), 0.0
    return theta, phase(c) - phase(a), phase(-b) - phase(a)
