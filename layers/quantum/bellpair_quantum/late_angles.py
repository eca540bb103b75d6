"""Angles of rotations that follow from a program's inputs.

Whatever an input goes through in the program itself is one of its late steps
(`bellpair_core.openqasm.late_values`). What Qiskit makes of a gate's angles on the way to a
device is linear in them: so an angle is a constant and a multiple of each of some steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NamedTuple

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


def bound(angle: Angle, numbers: Sequence[float]) -> float:
    """The angle in radians, once the steps have their numbers."""
    if isinstance(angle, float):
        return angle
    total = angle.constant
    for step, factor in angle.terms:
        total += factor * numbers[step]
    if not isfinite(total):
        raise CompileError(
            "parameters-invalid",
            "With these values an angle is no finite number.",
            "Give smaller values.",
        )
    return total
