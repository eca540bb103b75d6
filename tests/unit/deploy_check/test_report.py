"""Steps are timed and told, and a failure says which step, where, and what to do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.report import Report

pytestmark = pytest.mark.unit


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def report(shown: io.StringIO) -> Report:
    return Report("local", Console(file=shown, width=200))


def test_a_step_that_passed_is_told_with_what_was_found(report: Report, shown: io.StringIO) -> None:
    with report.step("deploy") as facts:
        facts["stacks"] = 8

    assert report.passed
    (told,) = report.to_json()["steps"]
    assert (told["name"], told["passed"], told["stacks"]) == ("deploy", True, 8)
    assert told["seconds"] >= 0
    assert "ok" in shown.getvalue()
    assert "deploy  stacks 8" in shown.getvalue()


def test_a_failure_tells_step_place_log_and_remedy(report: Report, shown: io.StringIO) -> None:
    error = CheckFailed("no bucket", place="us-east-1", remedy="Bootstrap.", log=Path("/l/1.log"))
    with pytest.raises(CheckFailed), report.step("deploy"):
        raise error
    report.fail(error)
    report.show_failure()

    assert not report.passed
    assert report.to_json()["failure"] == {
        "step": "deploy",
        "place": "us-east-1",
        "message": "no bucket",
        "remedy": "Bootstrap.",
        "log": "/l/1.log",
    }
    for text in ("failed", "us-east-1", "no bucket", "Bootstrap.", "/l/1.log"):
        assert text in shown.getvalue()


def test_a_failure_before_the_first_step_is_none_the_less_a_failure(report: Report) -> None:
    report.fail(OSError("no port"))

    assert not report.passed
    assert report.to_json()["failure"]["step"] == "start"
