"""Programs in a device's own gates are checked, scored, and run as they stand."""

from __future__ import annotations

from math import pi

import pytest

from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_core.ports import CompileRequest
from bellpair_quantum import (
    CompileError,
    CompileOptions,
    compile_key,
    compile_program,
    compile_template,
)
from bellpair_quantum.score import estimated_success
from bellpair_quantum.stage import JobCompiler
from tests.unit.quantum.devices import ION, SIMULATOR, SQUARE, lattice
from tests.unit.quantum.distributions import distance, of_compiled

BOX = """OPENQASM 3.0;
bit[3] b;
#pragma braket verbatim
box {
  prx(pi/2, -pi/2) $6;
  for int i in [1:2] prx(0.1 * i, 0) $5;
  prx(0, 0) $6;
  cz $6, $5;
}
b[2] = measure $6;
b[0] = measure $5;
"""
GATES = [
    ("prx", (pi / 2, -pi / 2), (6,)),
    ("prx", (0.1, 0.0), (5,)),
    ("prx", (0.2, 0.0), (5,)),
    ("prx", (0.0, 0.0), (6,)),
    ("cz", (), (6, 5)),
]
SET_FREE = lattice(4, 5, native_gates=("prx", "cz", "barrier"))


def boxed(body: str, measured: str = "$5") -> str:
    head = "OPENQASM 3.0;\nbit b;\n#pragma braket verbatim\nbox {\n"
    return f"{head}{body}\n}}\nb = measure {measured};"


def test_gates_are_left_as_they_stand() -> None:
    made = compile_program(BOX, "3.0", SQUARE)
    assert [tuple(operation) for operation in made.operations] == GATES
    lines = made.program.splitlines()
    assert lines[2:4] == ["#pragma braket verbatim", "box {"]
    assert sum(line.startswith("  ") for line in lines) == len(GATES)
    assert made.bits == (5, None, 6)
    assert made.layout == (5, 6)
    assert (made.one_qubit_gates, made.two_qubit_gates) == (4, 1)
    assert made.estimated_success == estimated_success(made.operations, (5, 6), SQUARE)
    assert made.metrics["verbatim"] is True
    assert made.calibration_id == SQUARE.calibration_id


def test_its_bits_read_what_it_measures() -> None:
    source = boxed("prx(pi, 0) $6;", "$5").replace("bit b;", "bit[2] b;")
    source = source.replace("b = measure $5;", "b[1] = measure $6; b[0] = measure $5;")
    assert distance(of_compiled(compile_program(source, "3.0", SQUARE)), {"10": 1.0}) < 1e-9


def test_barriers_stay_where_the_device_takes_them() -> None:
    made = compile_program(boxed("prx(1, 0) $5; barrier $5, $6; cz $5, $6;"), "3.0", SET_FREE)
    assert "  barrier $5, $6;" in made.program.splitlines()
    assert len(made.operations) == 2


def test_without_trust_it_is_scored_by_medians() -> None:
    trusting = compile_program(BOX, "3.0", SQUARE)
    options = CompileOptions(trust_calibration=False)
    made = compile_program(BOX, "3.0", SQUARE, options=options)
    assert made.program == trusting.program
    assert made.estimated_success != trusting.estimated_success
    assert made.metrics["fallback"]


@pytest.mark.parametrize(
    ("source", "device", "named"),
    [
        (BOX, SIMULATOR, "sv1 is a simulator"),
        (BOX, ION, "prx, and ion-11's own gates are gpi, gpi2, ms"),
        (boxed("gpi(1) $5;"), SQUARE, "gpi, and square-20's own gates are prx, cz"),
        (boxed("prx(1, 0) $5; barrier $5;"), SQUARE, "barrier"),
        (boxed("prx(1, 0) $25;"), SQUARE, r"prx on \$25"),
        (boxed("prx(1, 0) $5;", "$99"), SQUARE, r"measurement on \$99"),
        (boxed("cz $5, $7;"), SQUARE, r"cz on \$5 and \$7, which are not connected"),
        (boxed("cz $6, $5;"), lattice(4, 5, edges=((0, 1),)), "not connected"),
    ],
    ids=["simulator", "other gates", "no such gate", "barrier", "qubit", "read", "pair", "dead"],
)
def test_a_box_for_another_device_is_refused_by_name(
    source: str, device: DeviceTarget, named: str
) -> None:
    request = CompileRequest(source, "3.0")
    with pytest.raises(CompileError, match=named) as caught:
        compile_program(source, "3.0", device)
    assert (caught.value.code, caught.value.line) == ("program-unsupported", 3)
    assert caught.value.remedy
    with pytest.raises(JobFailed) as failed:
        JobCompiler().compile(request, device)
    assert JobFailed.parse(str(failed.value))[0] is ErrorCode.PROGRAM_UNSUPPORTED


def test_nothing_is_done_to_it() -> None:
    twirled = CompileOptions(transforms=({"name": "twirl", "seed": 1},))
    with pytest.raises(CompileError, match="as it stands"):
        compile_program(BOX, "3.0", SQUARE, options=twirled)
    with pytest.raises(CompileError, match="as it stands"):
        compile_template(BOX, "3.0", SQUARE)


def test_another_box_has_another_name_in_the_cache() -> None:
    keys = {
        compile_key(source, "3.0", SQUARE)
        for source in (BOX, BOX.replace("0.1", "0.2"), BOX.replace("b[0]", "b[1]"))
    }
    assert len(keys) == 3
