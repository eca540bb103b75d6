"""Compiled forms are named by what they follow from, and by nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from bellpair_quantum import CompileError, CompileOptions, cache_key, compile_key
from tests.unit.quantum.devices import ION, SQUARE, lattice

H3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
SOURCE = f"{H3}input float v; qubit[2] q; bit[2] c; rx(v) q[0]; cx q[0], q[1]; c = measure q;"
KEY = compile_key(SOURCE, "3.0", SQUARE)


def test_it_is_a_hash_that_equal_arguments_share() -> None:
    assert re.fullmatch("[0-9a-f]{64}", KEY)
    assert compile_key(SOURCE, "3.0", SQUARE) == KEY
    assert compile_key(SOURCE.encode(), "3.0", SQUARE) == KEY


@pytest.mark.parametrize(
    "source",
    [
        SOURCE.replace("; ", ";\n\t"),
        SOURCE.replace("rx(v)", "/* once */ rx( v )"),
        SOURCE.replace("rx(v) q[0];", "for int i in [0:0] { rx(v) q[i]; }"),
    ],
)
def test_how_the_same_is_written_plays_no_part(source: str) -> None:
    assert compile_key(source, "3.0", SQUARE) == KEY


@pytest.mark.parametrize(
    "source",
    [
        SOURCE.replace("rx(v)", "ry(v)"),
        SOURCE.replace("rx(v)", "rx(2 * v)"),
        SOURCE.replace("rx(v)", "rx(0.5)"),
        # The form tells the names of inputs, and whose it is must not be told to another.
        SOURCE.replace("float v", "float secret").replace("rx(v)", "rx(secret)"),
        SOURCE.replace("cx q[0], q[1]", "cx q[1], q[0]"),
        SOURCE.replace("c = measure q", "c[0] = measure q[1]; c[1] = measure q[0]"),
    ],
)
def test_another_program_has_another_key(source: str) -> None:
    assert compile_key(source, "3.0", SQUARE) != KEY


NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "options",
    [
        CompileOptions(optimization_levels=(1,)),
        CompileOptions(seeds=(7,)),
        CompileOptions(budget_s=1.0),
        CompileOptions(transforms=({"name": "twirl", "seed": 1},)),
        CompileOptions(trust_calibration=False),
        CompileOptions(distrust="it is old"),
        CompileOptions(now=NOON),
    ],
)
def test_other_options_have_another_key(options: CompileOptions) -> None:
    assert compile_key(SOURCE, "3.0", SQUARE, options) != KEY


def test_of_the_time_counts_only_whether_the_calibration_is_trusted() -> None:
    fresh = lattice(4, 5, calibrated_at=NOON)
    keys = {
        compile_key(SOURCE, "3.0", fresh, CompileOptions(now=NOON + timedelta(hours=hours)))
        for hours in (0, 1, 5)
    }
    assert keys == {compile_key(SOURCE, "3.0", fresh)}
    late = CompileOptions(now=NOON + timedelta(days=9))
    assert compile_key(SOURCE, "3.0", fresh, late) not in keys


def test_another_calibration_device_or_version_has_another_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert compile_key(SOURCE, "3.0", lattice(4, 5, calibration_id="square-night")) != KEY
    assert compile_key(SOURCE, "3.0", ION) != KEY
    monkeypatch.setattr(cache_key, "VERSIONS", {"compiler": "999", "qiskit": "9"})
    assert compile_key(SOURCE, "3.0", SQUARE) != KEY


def test_a_program_that_cannot_be_read_has_none() -> None:
    with pytest.raises(CompileError):
        compile_key("OPENQASM 3.0; qubit q; foo q;", "3.0", SQUARE)
