"""A template bound to values counts what the program with these values counts."""

from __future__ import annotations

import json
import random
from math import inf, nan, pi

import pytest

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum import CompileError, CompileOptions, Template, compile_program
from bellpair_quantum import compile_template as compile_late
from tests.unit.quantum.devices import EVERY_DEVICE, EVERY_QPU, ION, SIMULATOR, SQUARE
from tests.unit.quantum.distributions import distance, of_compiled, of_source

H3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
QUICK = CompileOptions(budget_s=0.05)
SPECIAL = (0.0, pi, -pi, pi / 2, 2 * pi, 1e-12, -1e-7, 100.0)

one_of_each_device = pytest.mark.parametrize(
    "device", EVERY_DEVICE, ids=lambda d: f"{d.device}-{d.native_gates[-1:]}"
)


def random_pair(seed: int, values: dict[str, float]) -> tuple[str, str]:
    """The same program with inputs, and with their values written in."""
    dice = random.Random(seed)
    width = dice.randint(2, 4)
    lines = []
    for _ in range(4 * width):
        a, b = dice.sample(range(width), 2)
        angle = dice.choice(["{x}", "-{y}", "{x} / 2 + 0.3", "2 * {y} - {x}", "{z} * {x}"])
        statement = dice.choice(
            [
                "h q[{a}];",
                "cx q[{a}], q[{b}];",
                "rx(@) q[{a}];",
                "ry(@) q[{a}];",
                "rz(@) q[{a}];",
                "U(@, 0.2, {y}) q[{a}];",
                "cp(@) q[{a}], q[{b}];",
                "crx(@) q[{a}], q[{b}];",
                "cry(@) q[{a}], q[{b}];",
                "own(@, {z}) q[{a}], q[{b}];",
                "barrier q;",
            ]
        )
        filled = statement.replace("@", angle).replace("{a}", str(a)).replace("{b}", str(b))
        lines.append(filled)
    body = "\n".join(lines)
    own = "gate own(s, v) a, b { ry(s / 2) a; cx a, b; inv @ crz(v - s) b, a; p(v) b; }\n"
    registers = f"qubit[{width}] q; bit[{width}] c;\n"
    inputs = "".join(f"input float[64] {name};\n" for name in values)
    late = body
    for name, value in values.items():
        late = late.replace("{" + name + "}", name + "_")
        body = body.replace("{" + name + "}", f"({value!r})")
    inputs = "".join(f"input float[64] {name}_;\n" for name in values)
    return (
        f"{H3}{inputs}{own}{registers}{late}\nc = measure q;",
        f"{H3}{own}{registers}{body}\nc = measure q;",
    )


@one_of_each_device
@pytest.mark.parametrize("seed", range(8))
def test_binding_means_what_writing_the_values_means(device: DeviceTarget, seed: int) -> None:
    dice = random.Random(seed)
    named = dict.fromkeys("xyz", 0.0)
    template = compile_late(random_pair(seed, named)[0], "3.0", device, options=QUICK)
    assert template.parameters == ("x_", "y_", "z_")
    for _ in range(4):
        values = {
            name: dice.choice([*SPECIAL, *(dice.uniform(-7, 7) for _ in SPECIAL)]) for name in named
        }
        compiled = template.bind(list(values.values()))
        expected = of_source(random_pair(seed, values)[1], "3.0")
        assert distance(of_compiled(compiled), expected) < 1e-6, values


@one_of_each_device
def test_a_template_is_the_same_after_it_was_written_down(device: DeviceTarget) -> None:
    source = random_pair(3, dict.fromkeys("xyz", 0.0))[0]
    template = compile_late(source, "3.0", device, options=QUICK)
    text = template.to_json()
    again = Template.from_json(text)
    assert again == template
    assert json.loads(text)["notes"] == json.loads(again.to_json())["notes"]
    values = [0.1, -2.0, 3.0]
    assert again.bind(values) == template.bind(values)
    assert again.bind(values).metrics["candidates"] == template.bind(values).metrics["candidates"]


def test_text_that_is_no_template_of_this_version_is_refused() -> None:
    template = compile_late(f"{H3}qubit q; bit c; h q; c = measure q;", "3.0", SIMULATOR)
    older = json.loads(template.to_json())
    older["versions"]["compiler"] = "0"
    for text in ("", "[]", "{}", "nonsense", json.dumps(older)):
        with pytest.raises(ValueError, match=r"template|Expecting"):
            Template.from_json(text)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([0.1], "takes 2 values, not 1"),
        ([0.1, 0.2, 0.3], "takes 2 values, not 3"),
        ([0.1, nan], "value 1 is nan"),
        ([inf, 0.1], "value 0 is inf"),
        ([0.0, 0.0], "no finite number"),
        ([1e308, 1e-308], "no finite number"),
    ],
)
@pytest.mark.parametrize("device", [SIMULATOR, SQUARE, ION], ids=lambda d: d.device)
def test_values_that_do_not_fit_are_refused(
    device: DeviceTarget, values: list[float], named: str
) -> None:
    source = f"{H3}input float v; input float w; qubit q; bit c; rx(v / w) q; c = measure q;"
    template = compile_late(source, "3.0", device, options=QUICK)
    with pytest.raises(CompileError, match=named) as caught:
        template.bind(values)
    assert caught.value.code == "parameters-invalid"
    assert "(v, w)" in caught.value.message
    assert caught.value.remedy


def test_angles_that_cancel_each_other_are_bound() -> None:
    gate = "h q; cu(@, @, @, @) q[0], q[1]; h q;"
    program = f"{H3}qubit[2] q; bit[2] c; {gate} c = measure q;"
    late = program.replace("qubit[2]", "input float v; qubit[2]").replace("@", "v")
    compiled = compile_late(late, "3.0", SQUARE, options=QUICK).bind([0.7])
    expected = of_source(program.replace("@", "0.7"), "3.0")
    assert distance(of_compiled(compiled), expected) < 1e-6


def test_a_program_with_a_parameter_that_has_no_value_is_refused_at_its_place() -> None:
    source = f"{H3}input float turn;\nqubit q; bit c; rx(turn) q; c = measure q;"
    with pytest.raises(CompileError, match="'turn' has no value") as caught:
        compile_program(source, "3.0", SIMULATOR)
    assert (caught.value.line, caught.value.column) == (3, 1)


@pytest.mark.parametrize("device", EVERY_QPU, ids=lambda d: f"{d.device}-{d.native_gates[-1]}")
def test_values_that_spare_gates_do(device: DeviceTarget) -> None:
    source = f"{H3}input float v; qubit[2] q; bit[2] c; h q; cp(v) q[0], q[1]; h q; c = measure q;"
    template = compile_late(source, "3.0", device, options=QUICK)
    full, empty = template.bind([0.7]), template.bind([0.0])
    assert empty.two_qubit_gates == 0 < full.two_qubit_gates
    assert empty.estimated_success > full.estimated_success
    assert full.estimated_success == pytest.approx(template.estimated_success)


def test_a_template_without_parameters_takes_no_values() -> None:
    source = f"{H3}qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
    template = compile_late(source, "3.0", SQUARE, options=QUICK)
    assert template.parameters == ()
    assert template.bind([]) == compile_program(source, "3.0", SQUARE, options=QUICK)


def test_transforms_are_given_when_a_template_is_bound() -> None:
    source = (
        f"{H3}input float v; qubit[2] q; bit[2] c; ry(v) q; cx q[0], q[1]; ry(v) q; c = measure q;"
    )
    template = compile_late(source, "3.0", SQUARE, options=QUICK)
    plain = template.bind([0.4])
    folded = template.bind([0.4], [{"name": "fold", "scale": 3.0, "seed": 5}])
    assert folded.two_qubit_gates == 3 * plain.two_qubit_gates
    assert distance(of_compiled(folded), of_compiled(plain)) < 1e-6
