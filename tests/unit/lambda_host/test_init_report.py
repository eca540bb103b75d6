"""Measuring cold starts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bellpair_lambda_host import (
    InitFailed,
    LambdaHostError,
    measure_init,
    slowest_imports,
)

from .packages import function, package

SLOW_LAYER = package(python__slow="import time; time.sleep(0.05)")
SPEC = function("import slow\ndef handler(event, context): ...", layer_zips=(SLOW_LAYER,))


def test_each_run_is_a_fresh_process(cache_dir: Path) -> None:
    durations = measure_init(SPEC, 2, cache_dir=cache_dir)
    assert len(durations) == 2 and all(duration >= 50 for duration in durations)


def test_the_slowest_imports_are_named(cache_dir: Path) -> None:
    costs = {cost.module: cost for cost in slowest_imports(SPEC, 2, cache_dir=cache_dir)}
    assert set(costs) == {"app", "slow"}
    assert costs["slow"].self_ms >= 50
    assert costs["app"].cumulative_ms >= costs["slow"].cumulative_ms > costs["app"].self_ms


def test_what_cannot_be_loaded_is_an_error(cache_dir: Path) -> None:
    broken = function("import no_such_module")
    with pytest.raises(InitFailed, match="no_such_module"):
        measure_init(broken, 1, cache_dir=cache_dir)
    with pytest.raises(LambdaHostError, match="no_such_module"):
        slowest_imports(broken, cache_dir=cache_dir)


def test_the_command_prints_the_report(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "code.zip").write_bytes(package(app="def handler(event, context): ..."))
    command = [sys.executable, "-m", "bellpair_lambda_host", "--runs", "2"]
    options = ["--code", "code.zip", "--handler", "app.handler", "--cache", str(cache_dir)]
    output = subprocess.run(
        command + options, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    report = json.loads(output.stdout)
    assert len(report["init_ms"]) == 2
    assert [cost["module"] for cost in report["slowest_imports"]] == ["app"]
    assert output.stderr == ""


def test_the_command_says_in_one_line_what_went_wrong(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "code.zip").write_bytes(package(app="import no_such_module"))
    command = [sys.executable, "-m", "bellpair_lambda_host", "--cache", str(cache_dir)]
    output = subprocess.run(
        [*command, "--code", "code.zip", "--handler", "app.handler"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert output.returncode == 1 and output.stdout == ""
    assert len(output.stderr.splitlines()) == 1 and "no_such_module" in output.stderr
