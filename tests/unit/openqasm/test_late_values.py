"""Angles that follow from inputs are written out as far as they can be before these are known."""

from __future__ import annotations

import math

import pytest

from bellpair_core.openqasm import ProgramError, check_program, flatten_program
from bellpair_core.openqasm.late_values import LateStep
from bellpair_core.openqasm.values_of import ValuesError, values_of
from tests.unit.openqasm.marked import in_3

INPUTS = "input float v; input angle[32] w; "


def angle_of(expression: str, v: float, w: float) -> float:
    """What an expression of the inputs comes to, through the written-out program."""
    flat = flatten_program(in_3(f"{INPUTS} rx({expression}) q[0];"), inputs=True)
    (gate,) = flat.late_gates.values()
    (place,) = gate.params
    assert gate.name == "rx"
    assert isinstance(place, int)
    return values_of(flat.late_steps, [v, w])[place]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("v", 0.3),
        ("-v", -0.3),
        ("2 * v - w / 4 + pi", 0.6 - 0.175 + math.pi),
        ("v / 2 + 1 / 2 + 1 / 2.0", 0.65),
        ("sin(v) ** 2 + cos(v) ** 2", 1.0),
        ("arctan(w) + sqrt(v) * exp(-w)", math.atan(0.7) + math.sqrt(0.3) * math.exp(-0.7)),
        ("w % 0.5", 0.2),
        ("pow(v, 2) + mod(w, 0.5) + floor(w) + ceiling(w)", 0.09 + 0.2 + 0 + 1),
        ("float(v) + angle(w)", 1.0),
    ],
)
def test_expressions_of_inputs_are_computed_from_their_values(
    expression: str, expected: float
) -> None:
    assert angle_of(expression, 0.3, 0.7) == pytest.approx(expected)


def test_equal_expressions_are_computed_once() -> None:
    body = "float x2 = 2 * v; " + "for int i in [0:2] { rx(sin(2 * v)) q[i]; ry(sin(x2)) q[i]; }"
    flat = flatten_program(in_3(INPUTS + body), inputs=True)
    assert [step.symbol for step in flat.late_steps] == ["input", "input", "*", "sin"]
    assert len(flat.late_gates) == 2


def test_doubling_over_and_over_costs_one_step_each() -> None:
    gates = "gate g0(a) r { rx(a * a) r; } " + " ".join(
        f"gate g{n}(a) r {{ g{n - 1}(a + a) r; }}" for n in range(1, 50)
    )
    flat = flatten_program(in_3(f"{gates} {INPUTS} g49(v) q[0];"), inputs=True)
    assert len(flat.late_steps) == 2 + 49 + 1


def test_inputs_are_told_in_order_and_hinder_only_where_no_values_come() -> None:
    program = in_3("input float b; input float a; rx(a + b) q;")
    assert check_program(program).inputs == ("b", "a")
    obstacle = check_program(program).obstacle
    assert obstacle is not None and "'b' has no value" in obstacle.message
    assert check_program(program, inputs=True).obstacle is None
    with pytest.raises(ProgramError, match="'b' has no value"):
        flatten_program(program)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ([1.0], "takes 2 values, not 1"),
        ([1.0, 2.0, 3.0], "takes 2 values, not 3"),
        ([1.0, math.nan], "value 1 is nan"),
        ([math.inf, 1.0], "value 0 is inf"),
        ([1.0, 0.0], "no finite number"),
        ([-1.0, 1.0], "no finite number"),
        ([1e300, 1e-300], "no finite number"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: list[float], complaint: str) -> None:
    steps = [
        LateStep("input"),
        LateStep("input"),
        LateStep("/", (0, 1)),
        LateStep("sqrt", (2,)),
        LateStep("*", (2, 1e10)),
    ]
    with pytest.raises(ValuesError, match=complaint):
        values_of(steps, values)
