"""The gates of Braket's OpenQASM dialect as matrices.

A matrix of k qubits has shape (2**k, 2**k); its first qubit is the most significant bit
of the row index. Angles are radians.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]


@dataclass(frozen=True)
class Gate:
    """One gate.

    Attributes
    ----------
    qubits
        How many qubits it acts on.
    parameters
        How many angles it takes: the fewest and the most.
    matrix
        Makes the unitary from the angles.
    """

    qubits: int
    parameters: tuple[int, int]
    matrix: Callable[..., Matrix]


def _array(rows: object) -> Matrix:
    return np.array(rows, dtype=np.complex128)


def _fixed(rows: object) -> Gate:
    matrix = _array(rows)
    return Gate(matrix.shape[0].bit_length() - 1, (0, 0), lambda: matrix)


def _controlled(inner: Matrix) -> Matrix:
    matrix = np.eye(2 * len(inner), dtype=np.complex128)
    matrix[len(inner) :, len(inner) :] = inner
    return matrix


def _rx(angle: float) -> Matrix:
    c, s = math.cos(angle / 2), -1j * math.sin(angle / 2)
    return _array([[c, s], [s, c]])


def _ry(angle: float) -> Matrix:
    c, s = math.cos(angle / 2), math.sin(angle / 2)
    return _array([[c, -s], [s, c]])


def _rz(angle: float) -> Matrix:
    return np.diag([cmath.exp(-0.5j * angle), cmath.exp(0.5j * angle)])


def _prx(angle: float, axis: float) -> Matrix:
    c, s = math.cos(angle / 2), -1j * math.sin(angle / 2)
    return _array([[c, cmath.exp(-1j * axis) * s], [cmath.exp(1j * axis) * s, c]])


def _gpi(axis: float) -> Matrix:
    return _array([[0, cmath.exp(-1j * axis)], [cmath.exp(1j * axis), 0]])


def _gpi2(axis: float) -> Matrix:
    return _prx(math.pi / 2, axis)


def _ms(axis_a: float, axis_b: float, angle: float = math.pi / 2) -> Matrix:
    c, s = math.cos(angle / 2), -1j * math.sin(angle / 2)
    plus, minus = axis_a + axis_b, axis_a - axis_b
    matrix = c * np.eye(4, dtype=np.complex128)
    matrix[0, 3], matrix[3, 0] = s * cmath.exp(-1j * plus), s * cmath.exp(1j * plus)
    matrix[1, 2], matrix[2, 1] = s * cmath.exp(-1j * minus), s * cmath.exp(1j * minus)
    return matrix


def _u(theta: float, phi: float, lam: float) -> Matrix:
    c, s = math.cos(theta / 2), math.sin(theta / 2)
    return _array(
        [
            [c, -cmath.exp(1j * lam) * s],
            [cmath.exp(1j * phi) * s, cmath.exp(1j * (phi + lam)) * c],
        ]
    )


def _phase(angle: float, size: int, entry: int) -> Matrix:
    diagonal = np.ones(size, dtype=np.complex128)
    diagonal[entry] = cmath.exp(1j * angle)
    return np.diag(diagonal)


def _rotation(generator: Matrix) -> Callable[[float], Matrix]:
    """``exp(-i angle/2 G)`` for a generator with G**2 = 1."""
    identity = np.eye(len(generator))
    return lambda angle: math.cos(angle / 2) * identity - 1j * math.sin(angle / 2) * generator


def _xy(angle: float) -> Matrix:
    c, s = math.cos(angle / 2), 1j * math.sin(angle / 2)
    return _array([[1, 0, 0, 0], [0, c, s, 0], [0, s, c, 0], [0, 0, 0, 1]])


def _pswap(angle: float) -> Matrix:
    p = cmath.exp(1j * angle)
    return _array([[1, 0, 0, 0], [0, 0, p, 0], [0, p, 0, 0], [0, 0, 0, 1]])


_X = _array([[0, 1], [1, 0]])
_Y = _array([[0, -1j], [1j, 0]])
_Z = np.diag(_array([1, -1]))
_V = _array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
_SWAP = _pswap(0.0)

PAULIS: tuple[Matrix, ...] = (np.eye(2, dtype=np.complex128), _X, _Y, _Z)
"""I, X, Y, Z."""

GATES: dict[str, Gate] = {
    "i": _fixed(np.eye(2)),
    "h": _fixed(_array([[1, 1], [1, -1]]) / math.sqrt(2)),
    "x": _fixed(_X),
    "y": _fixed(_Y),
    "z": _fixed(_Z),
    "s": _fixed(np.diag([1, 1j])),
    "si": _fixed(np.diag([1, -1j])),
    "t": _fixed(np.diag([1, cmath.exp(0.25j * math.pi)])),
    "ti": _fixed(np.diag([1, cmath.exp(-0.25j * math.pi)])),
    "v": _fixed(_V),
    "vi": _fixed(_V.conj().T),
    "rx": Gate(1, (1, 1), _rx),
    "ry": Gate(1, (1, 1), _ry),
    "rz": Gate(1, (1, 1), _rz),
    "phaseshift": Gate(1, (1, 1), lambda a: _phase(a, 2, 1)),
    "prx": Gate(1, (2, 2), _prx),
    "gpi": Gate(1, (1, 1), _gpi),
    "gpi2": Gate(1, (1, 1), _gpi2),
    "U": Gate(1, (3, 3), _u),
    "cnot": _fixed(_controlled(_X)),
    "cy": _fixed(_controlled(_Y)),
    "cz": _fixed(_controlled(_Z)),
    "cv": _fixed(_controlled(_V)),
    "ecr": _fixed(
        _array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / math.sqrt(2)
    ),
    "swap": _fixed(_SWAP),
    "iswap": _fixed(_pswap(math.pi / 2)),
    "pswap": Gate(2, (1, 1), _pswap),
    "xy": Gate(2, (1, 1), _xy),
    "xx": Gate(2, (1, 1), _rotation(_array(np.kron(_X, _X)))),
    "yy": Gate(2, (1, 1), _rotation(_array(np.kron(_Y, _Y)))),
    "zz": Gate(2, (1, 1), _rotation(_array(np.kron(_Z, _Z)))),
    "ms": Gate(2, (2, 3), _ms),
    "cphaseshift": Gate(2, (1, 1), lambda a: _phase(a, 4, 3)),
    "cphaseshift00": Gate(2, (1, 1), lambda a: _phase(a, 4, 0)),
    "cphaseshift01": Gate(2, (1, 1), lambda a: _phase(a, 4, 1)),
    "cphaseshift10": Gate(2, (1, 1), lambda a: _phase(a, 4, 2)),
    "ccnot": _fixed(_controlled(_controlled(_X))),
    "cswap": _fixed(_controlled(_SWAP)),
}
"""Every gate that some device may offer, by its OpenQASM name in Braket's dialect."""

MEASURE_FF = "measure_ff"
CC_PRX = "cc_prx"

FEED_FORWARD: dict[str, tuple[int, int]] = {MEASURE_FF: (1, 1), CC_PRX: (1, 3)}
"""Qubits and parameters of what some devices take in verbatim boxes beside gates.

``measure_ff(key) $0`` measures a qubit and keeps what it read under a whole number;
``cc_prx(angle, axis, key) $1`` is a ``prx`` that is done where 1 was kept under that number.
"""
