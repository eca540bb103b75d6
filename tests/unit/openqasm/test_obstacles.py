"""What is correct but not for devices here is told with its place and a remedy."""

from __future__ import annotations

import pytest

from bellpair_core.openqasm import Obstacle, ProgramError, check_program, flatten_program
from tests.unit.openqasm.marked import HEAD_3, MARK, in_2, in_3


def _told(program: str) -> tuple[Obstacle | None, tuple[int, int]]:
    before, _, after = program.partition(MARK)
    line = before.count("\n") + 1
    return check_program(before + after).obstacle, (line, len(before) - before.rfind("\n"))


@pytest.mark.parametrize(
    "program",
    [
        HEAD_3 + "▸input float v; input angle w; rx(v) q; if (c[0]) x q[0]; c = measure q;",
        in_3("▸if (c[0]) x q[0]; if (c[1]) x q[1];"),
        in_2("▸if (c == 1) x q[0];"),
        in_3("c[0] = measure q[0]; ▸x q[0];"),
        in_2("measure q[0] -> c[0]; ▸cx q[1], q[0];"),
        in_3("for int i in [0:1] { ▸x q[0]; c[i] = measure q[0]; }"),
        in_3("x q[0]; ▸reset q;"),
        in_3("c[0] = measure q[0]; ▸reset q[0];"),
        in_3("box▸[100ns] { x q; }"),
        'include "stdgates.inc"; bit c; h ▸$0; c = measure $0;',
        "bit c;\n▸#pragma braket verbatim\nbox { rx(1) $0; }\nc = measure $0;",
    ],
)
def test_an_obstacle_is_told_where_it_stands(program: str) -> None:
    obstacle, place = _told(program)
    assert obstacle is not None
    assert obstacle.remedy.endswith(".")
    assert not obstacle.message.endswith(".")
    assert (obstacle.line, obstacle.column) == place
    with pytest.raises(ProgramError, match=str(obstacle.line)) as caught:
        flatten_program(program.replace(MARK, ""))
    assert caught.value.kind == "unsupported"
    assert caught.value.message == obstacle.message


@pytest.mark.parametrize(
    "program",
    [
        in_3("reset q; x q;"),
        HEAD_3 + "c = measure q; c = measure q; barrier q;",
        HEAD_3 + "c = measure q; for int i in [1:0] { if (c[0]) x q; reset q; }",
        in_3("box { x q; }"),
        in_2("reset q; x q;"),
    ],
)
def test_what_changes_nothing_is_no_obstacle(program: str) -> None:
    assert check_program(program).obstacle is None
    assert "reset" not in flatten_program(program).text
