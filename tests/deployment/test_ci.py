"""The checks in stages: all of them run, each is timed, and the first that failed decides."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from toolchain import ci
from toolchain.ci import NOT_HERE, Run, Stage
from toolchain.stamp import ROOT

pytestmark = pytest.mark.deployment


def stage(name: str, statement: str, after: tuple[str, ...] = ()) -> Stage:
    return Stage(name, (sys.executable, "-c", statement), after)


def of_tests(name: str, tmp_path: Path, source: str) -> Stage:
    """A stage of tests of its own."""
    file = tmp_path / f"test_{name}.py"
    file.write_text(source)
    words = ("-m", "pytest", "-q", "-c", str(file), "--rootdir", str(tmp_path), str(file))
    return Stage(name, (sys.executable, *words))


def test_all_stages_run_and_the_first_that_failed_decides(tmp_path: Path) -> None:
    stages = [
        stage("one", "raise SystemExit(5)"),
        stage("two", "raise SystemExit(7)"),
        stage("three", "print('done')"),
        stage("four", f"raise SystemExit({NOT_HERE})"),
    ]
    outcomes = Run(stages, tmp_path).play()
    assert [outcome.verdict for outcome in outcomes] == ["FAILED", "FAILED", "passed", "not here"]
    assert ci.status_of(outcomes) == 5
    assert (tmp_path / "three.log").read_text() == "done\n"


def test_what_this_machine_lacks_is_no_failure(tmp_path: Path) -> None:
    outcomes = Run([stage("one", f"raise SystemExit({NOT_HERE})")], tmp_path).play()
    assert ci.status_of(outcomes) == 0


def test_what_a_make_target_ended_with_is_found_behind_make(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text("absent:\n\t@exit 3\n")
    outcomes = Run([Stage("absent", ("make", "-f", str(makefile), "absent"))], tmp_path).play()
    assert [outcome.verdict for outcome in outcomes] == ["not here"]


def test_a_stage_begins_when_those_that_it_needs_have_ended(tmp_path: Path) -> None:
    made = tmp_path / "made"
    stages = [
        stage("user", f"open({str(made)!r})", after=("maker", "one that is not run")),
        stage("maker", f"open({str(made)!r}, 'w'); raise SystemExit(1)"),
    ]
    user, maker = Run(stages, tmp_path).play()
    assert (user.status, maker.status) == (0, 1)
    assert user.began >= maker.began + maker.seconds


def test_tests_are_counted_and_the_slowest_named(tmp_path: Path) -> None:
    stages = [
        of_tests("first", tmp_path, "def test_a(): ...\ndef test_b(): assert False\n"),
        of_tests("second", tmp_path, "import pytest\ndef test_c(): pytest.skip('not now')\n"),
    ]
    outcomes = Run(stages, tmp_path / "logs").play()
    assert ci.status_of(outcomes) == 1
    assert "test_first::test_b" in ci.table(outcomes)
    assert ci.summary(outcomes, 3661.5) == "1 failed, 1 passed, 1 skipped in 3661.50s (1:01:01)"
    assert "assert False" in ci.told(outcomes[0], tmp_path / "logs" / "first.log")


def test_a_stage_that_is_not_there_is_refused_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ci.main(["simulations"]) == 2
    assert re.search("no stage simulations; there are lint, unit", capsys.readouterr().err)


def test_every_folder_of_tests_is_in_a_stage() -> None:
    covered = {word for stage in ci.STAGES for word in stage.command if word.startswith("tests/")}
    folders = {
        f"tests/{file.relative_to(ROOT / 'tests').parts[0]}"
        for file in (ROOT / "tests").rglob("test_*.py")
    }
    assert folders == covered
