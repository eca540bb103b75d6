"""Standard gates under ``ctrl``, ``inv`` and ``pow``, written in gates of ``qelib1.inc``.

Every standard gate is some controls on a phase, on a swap, or on a one-qubit unitary ::

    exp(i gamma) [[cos(theta/2), -exp(i lambda) sin(theta/2)],
                  [exp(i phi) sin(theta/2), exp(i (phi + lambda)) cos(theta/2)]]

so that controls only add up, and powers only touch what is controlled. Phases follow the
OpenQASM 3 specification: ``U`` has ``gamma = theta/2``, ``u2`` and ``u3`` have determinant 1,
``CX`` is the controlled NOT. More controls than ``qelib1.inc`` has are taken apart as in
Barenco et al., arXiv:quant-ph/9503016, down to X and phase gates of many controls.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
from math import atan2, cos, hypot, pi, remainder, sin
from typing import NamedTuple

Angles = tuple[float, ...]


class Written(NamedTuple):
    """A gate on qubits given by their places; what it is called is up to the reader of it."""

    name: str
    params: Angles
    qubits: tuple[int, ...]


class Controlled(NamedTuple):
    """A gate as so many controls on a base."""

    controls: int
    base: str
    params: Angles


_CONTROLLED = {
    "cx": (1, "x"),
    "CX": (1, "x"),
    "cy": (1, "y"),
    "cz": (1, "z"),
    "ch": (1, "h"),
    "cp": (1, "p"),
    "cphase": (1, "p"),
    "crx": (1, "rx"),
    "cry": (1, "ry"),
    "crz": (1, "rz"),
    "cu": (1, "u"),
    "ccx": (2, "x"),
    "cswap": (1, "swap"),
    "phase": (0, "p"),
    "u1": (0, "p"),
}

_PLAIN = "id x y z h s sdg t tdg sx p rx ry rz swap".split()  # noqa: SIM905
_WITH_ONE = "x y z h p rx ry rz u swap".split()  # noqa: SIM905
_NAMED = {
    **{(base, 0): base for base in _PLAIN},
    **{(base, 1): f"c{base}" for base in _WITH_ONE},
    ("x", 2): "ccx",
    ("x", 3): "c3x",
    ("x", 4): "c4x",
}

MANY_X, MANY_P = "mcx_", "mcp_"
"""Followed by their number of controls: gates that ``qelib1.inc`` does not have."""

_INVERSE = {"s": "sdg", "sdg": "s", "t": "tdg", "tdg": "t"} | {
    name: name for name in ["id", "x", "y", "z", "h", "swap"]
}
_ROTATIONS = frozenset(["p", "rx", "ry", "rz", "gphase"])

_AS_U: dict[str, Callable[..., tuple[float, float, float, float]]] = {
    "id": lambda: (0.0, 0.0, 0.0, 0.0),
    "x": lambda: (pi, 0.0, pi, 0.0),
    "y": lambda: (pi, pi / 2, pi / 2, 0.0),
    "z": lambda: (0.0, 0.0, pi, 0.0),
    "h": lambda: (pi / 2, 0.0, pi, 0.0),
    "s": lambda: (0.0, 0.0, pi / 2, 0.0),
    "sdg": lambda: (0.0, 0.0, -pi / 2, 0.0),
    "t": lambda: (0.0, 0.0, pi / 4, 0.0),
    "tdg": lambda: (0.0, 0.0, -pi / 4, 0.0),
    "sx": lambda: (pi / 2, -pi / 2, pi / 2, pi / 4),
    "p": lambda angle: (0.0, 0.0, angle, 0.0),
    "rx": lambda angle: (angle, -pi / 2, pi / 2, 0.0),
    "ry": lambda angle: (angle, 0.0, 0.0, 0.0),
    "rz": lambda angle: (0.0, 0.0, angle, -angle / 2),
    "u": lambda theta, phi, lam, gamma: (theta, phi, lam, gamma),
}


def modified(name: str, params: Angles, controls: int, powers: Angles) -> list[Written]:
    """Write a standard gate of OpenQASM 3 under modifiers.

    Parameters
    ----------
    name, params
        The gate and its angles in radians.
    controls
        How many controls are added; they come before the gate's own qubits.
    powers
        Exponents, the innermost first; -1 is the inverse, a fraction the principal power.
    """
    own, base, params = _base(name, params)
    total = controls + own
    width = total + {"swap": 2, "gphase": 0}.get(base, 1)
    qubits = tuple(range(width))
    if base == "swap" and any(power != round(power) for power in powers):
        # A swap is a controlled NOT between two others, which its powers leave alone.
        first, second = qubits[-2:]
        around = Written("cx", (), (second, first))
        inner = _powers(Controlled(total + 1, "x", ()), powers)
        return [around, *_written(inner, qubits), around]
    return _written(_powers(Controlled(total, base, params), powers), qubits)


def _base(name: str, params: Angles) -> Controlled:
    match name:
        case "U":
            return Controlled(0, "u", (*params, params[0] / 2))
        case "u2":
            return Controlled(0, "u", (pi / 2, *params, -sum(params) / 2))
        case "u3":
            return Controlled(0, "u", (*params, -(params[1] + params[2]) / 2))
    controls, base = _CONTROLLED.get(name, (0, name))
    return Controlled(controls, base, params)


def _powers(gate: Controlled, powers: Angles) -> Controlled:
    controls, base, params = gate
    for power in powers:
        if power == 1:
            continue
        if power == -1 and base in _INVERSE:
            base = _INVERSE[base]
        elif power == -1 and base == "u":
            theta, phi, lam, gamma = params
            params = (-theta, -lam, -phi, -gamma)
        elif base == "swap":
            base = "swap" if power % 2 else "none"
        elif base in _ROTATIONS:
            # A fraction of a turn depends on how often the angle has gone round.
            period = 2 * pi if base in ("p", "gphase") else 4 * pi
            whole = power == round(power)
            angle = params[0] if whole else remainder(params[0], period)
            params = (angle * power,)
        elif base != "none":
            base, params = "u", _power(_AS_U[base](*params), power)
    return Controlled(controls, base, params)


def _written(gate: Controlled, qubits: tuple[int, ...]) -> list[Written]:
    controls, base, params = gate
    if base == "gphase":
        # Controls turn it into a phase gate on the last of them.
        controls, base = controls - 1, "p" if controls else "none"
    name = _NAMED.get((base, controls))
    if name is not None:
        return [Written(name, params, qubits)]
    match base:
        case "none":
            return []
        case "x":
            return [Written(f"{MANY_X}{controls}", (), qubits)]
        case "p":
            return [Written(f"{MANY_P}{controls}", params, qubits)]
        case "swap":
            around = Written("cx", (), (qubits[-1], qubits[-2]))
            return [around, *_written(Controlled(controls + 1, "x", ()), qubits), around]
    return _written_u(controls, _AS_U[base](*params), qubits)


def _written_u(controls: int, angles: Angles, qubits: tuple[int, ...]) -> list[Written]:
    theta, phi, lam, gamma = angles
    if not controls:
        return [Written("U", (theta, phi, lam), qubits)]
    if controls == 1:
        return [Written("cu", angles, qubits)]
    target = qubits[-1:]
    flip = _written(Controlled(controls, "x", ()), qubits)
    phase = Controlled(controls - 1, "p", (gamma + (phi + lam) / 2,))
    return [
        Written("rz", ((lam - phi) / 2,), target),
        *flip,
        Written("rz", (-(phi + lam) / 2,), target),
        Written("ry", (-theta / 2,), target),
        *flip,
        Written("ry", (theta / 2,), target),
        Written("rz", (phi,), target),
        *_written(phase, qubits[:-1]),
    ]


def _power(angles: Angles, power: float) -> Angles:
    """The power of a one-qubit unitary, by its eigenvalues on the principal branch."""
    theta, phi, lam, gamma = angles
    # exp(i gamma) U = exp(i middle) (w - i (x X + y Y + z Z)), a rotation up to a phase.
    middle = gamma + (phi + lam) / 2
    w = cos(theta / 2) * cos((phi + lam) / 2)
    z = cos(theta / 2) * sin((phi + lam) / 2)
    x = -sin(theta / 2) * sin((phi - lam) / 2)
    y = sin(theta / 2) * cos((phi - lam) / 2)
    length = hypot(x, y, z)
    half = atan2(length, w)
    x, y, z = (x / length, y / length, z / length) if length > 1e-12 else (0.0, 0.0, 1.0)
    low = cmath.exp(1j * power * _principal(middle - half))
    high = cmath.exp(1j * power * _principal(middle + half))
    mean, half_gap = (low + high) / 2, (low - high) / 2
    corner, side = mean + half_gap * z, half_gap * (x + 1j * y)
    other_side, other_corner = half_gap * (x - 1j * y), mean - half_gap * z
    turned = 2 * atan2(abs(side), abs(corner))
    if abs(corner) > abs(side):
        phase = cmath.phase(corner)
        sum_ = cmath.phase(other_corner) - phase
        difference = cmath.phase(side) - phase if abs(side) > 1e-12 else 0.0
        return turned, difference, sum_ - difference, phase
    # The corners may vanish, but the sides do not.
    phase = cmath.phase(corner) if abs(corner) > 1e-12 else 0.0
    return turned, cmath.phase(side) - phase, cmath.phase(-other_side) - phase, phase


def _principal(angle: float) -> float:
    # -1 may come out a little on the wrong side of the cut.
    wrapped = remainder(angle, 2 * pi)
    return wrapped + 2 * pi if wrapped < -pi + 1e-9 else wrapped
