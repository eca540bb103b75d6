"""Angles of rotations that follow from a program's inputs.

Whatever an input goes through in the program itself is one of its late steps
(`bellpair_core.openqasm.late_values`). What Qiskit makes of a gate's angles on the way to a
device is linear in them: so an angle is a constant and a multiple of each of some steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

from bellpair_quantum.errors import CompileError


class LateAngle(NamedTuple):
    """``constant`` plus, for each ``(step, factor)`` of ``terms``, the step's number times it."""

    constant: float
    terms: tuple[tuple[int, float], ...]


Angle = float | LateAngle


def angle_of(param: ParameterExpression | float, steps: Mapping[Parameter, int]) -> Angle:
    """Read a gate's angle off Qiskit.

    Parameters
    ----------
    param
        A number, or linear in parameters.
    steps
        The late step that each parameter stands for.

    Raises
    ------
    CompileError
        It is not linear, which no gate of the standard libraries makes of its angles.
    """
    if not isinstance(param, ParameterExpression):
        return float(param)
    if not param.parameters:
        return float(param.numeric())
    terms = []
    for parameter in sorted(param.parameters, key=steps.__getitem__):
        factor = param.gradient(parameter)
        if isinstance(factor, ParameterExpression):
            if factor.parameters:
                raise CompileError(
                    "program-unsupported",
                    f"An angle is not linear in the parameters: {param}.",
                    "Write such gates as rotations with one angle each.",
                )
            factor = factor.numeric()
        terms.append((steps[parameter], float(factor)))
    zero = dict.fromkeys(param.parameters, 0.0)
    return LateAngle(float(param.bind(zero).numeric()), tuple(terms))


class AngleTable:
    """The angles of a program's gates, computed all at once.

    Parameters
    ----------
    gates
        The angles of each gate.
    """

    def __init__(self, gates: Sequence[Sequence[Angle]]) -> None:
        flat = [angle for angles in gates for angle in angles]
        ends = list(accumulate(len(angles) for angles in gates))
        self._slices = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
        self._constants = np.array([a if isinstance(a, float) else a.constant for a in flat])
        terms = [
            (row, step, factor)
            for row, angle in enumerate(flat)
            if not isinstance(angle, float)
            for step, factor in angle.terms
        ]
        self._rows = np.array([row for row, _, _ in terms], dtype=np.intp)
        self._steps = np.array([step for _, step, _ in terms], dtype=np.intp)
        self._factors = np.array([factor for _, _, factor in terms])

    def bound(self, numbers: Sequence[float]) -> list[tuple[float, ...]]:
        """The angles of each gate in radians, once the steps have their numbers.

        Raises
        ------
        CompileError
            An angle is no finite number.
        """
        angles = self._constants
        if self._rows.size:
            parts = self._factors * np.array(numbers)[self._steps]
            angles = angles + np.bincount(self._rows, parts, minlength=angles.size)
        if not np.isfinite(angles).all():
            raise CompileError(
                "parameters-invalid",
                "With these values an angle is no finite number.",
                "Give smaller values.",
            )
        flat = tuple(angles.tolist())
        return [flat[each] for each in self._slices]
