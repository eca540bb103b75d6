"""The checks in stages: all of them run, each is timed, and the first that failed decides."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from toolchain import ci
from toolchain.ci import NOT_HERE, STAGES, Run, Stage
from toolchain.stamp import ROOT

pytestmark = pytest.mark.deployment


def stage(
    name: str,
    statement: str,
    after: tuple[str, ...] = (),
    *,
    may_lack: bool = False,
    waits: bool = False,
) -> Stage:
    return Stage(name, (sys.executable, "-c", statement), after, may_lack, waits)


def until_there(file: Path) -> str:
    """A statement that ends when a file is there."""
    return (
        "import pathlib, time; end = time.monotonic() + 60\n"
        f"while not pathlib.Path({str(file)!r}).exists():\n"
        "    assert time.monotonic() < end; time.sleep(0.01)"
    )


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
        stage("four", f"raise SystemExit({NOT_HERE})", may_lack=True),
    ]
    outcomes = Run(stages, tmp_path).play()
    assert [outcome.verdict for outcome in outcomes] == ["FAILED", "FAILED", "passed", "not here"]
    assert ci.status_of(outcomes) == 5
    assert (tmp_path / "three.log").read_text() == "done\n"


def test_what_this_machine_lacks_is_no_failure(tmp_path: Path) -> None:
    one = stage("one", f"raise SystemExit({NOT_HERE})", may_lack=True)
    assert ci.status_of(Run([one], tmp_path).play()) == 0


def test_a_stage_that_may_lack_nothing_fails_with_the_same_status(tmp_path: Path) -> None:
    # pytest's own status where it breaks itself is the same number.
    outcomes = Run([stage("one", f"raise SystemExit({NOT_HERE})")], tmp_path).play()
    assert [outcome.verdict for outcome in outcomes] == ["FAILED"]
    assert ci.status_of(outcomes) == NOT_HERE


def test_no_stage_that_pytest_alone_runs_may_lack_something() -> None:
    lacking = {stage.name: stage.command for stage in STAGES if stage.may_lack}
    assert lacking.keys() == {"layers", "localstack"}
    assert not any("pytest" in word for command in lacking.values() for word in command)


def test_a_stage_whose_command_is_missing_fails_and_the_others_run(tmp_path: Path) -> None:
    stages = [
        Stage("absent", (str(tmp_path / "no-such-command"),)),
        stage("next", "print('done')", after=("absent",)),
    ]
    absent, following = Run(stages, tmp_path / "logs", lanes=1).play()
    assert (absent.verdict, absent.status, following.verdict) == ("FAILED", 1, "passed")
    assert "no-such-command" in ci.told(absent, tmp_path / "logs" / "absent.log")


def test_tests_that_left_half_a_report_fail_and_the_others_run(tmp_path: Path) -> None:
    half = (
        "import os; report = os.environ['PYTEST_ADDOPTS'].partition('=')[2]; "
        "open(report, 'w').write('<testsuites><testsu'); print('said before')"
    )
    stages = [stage("half", half), stage("next", "print('done')", after=("half",))]
    broken, following = Run(stages, tmp_path, lanes=1).play()
    assert (broken.verdict, broken.status, following.verdict) == ("FAILED", 1, "passed")
    log = (tmp_path / "half.log").read_text()
    assert "said before" in log and "ParseError" in log


def test_what_a_make_target_ended_with_is_found_behind_make(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text("absent:\n\t@exit 3\n")
    absent = Stage("absent", ("make", "-f", str(makefile), "absent"), may_lack=True)
    outcomes = Run([absent], tmp_path).play()
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


def test_what_waits_runs_beside_what_computes(tmp_path: Path) -> None:
    made = tmp_path / "made"
    stages = [
        stage("computes", until_there(made)),
        stage("computes too", "pass"),
        stage("waits", f"open({str(made)!r}, 'w')", waits=True),
    ]
    outcomes = Run(stages, tmp_path / "logs", lanes=1).play()
    assert [outcome.status for outcome in outcomes] == [0, 0, 0]
    computes, too, _ = outcomes
    assert too.began >= computes.began + computes.seconds


def test_each_stage_s_clouds_have_ports_of_their_own(tmp_path: Path) -> None:
    said = "import os; print(os.environ['BELLPAIR_TEST_FIRST_PORT'])"
    Run([stage("one", said), stage("two", said)], tmp_path).play()
    assert [(tmp_path / f"{name}.log").read_text() for name in ("one", "two")] == [
        f"{ci.FIRST_PORT}\n",
        f"{ci.FIRST_PORT + ci.PORTS}\n",
    ]


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
    assert re.search(
        "no stage simulations; there are assembly, lint, unit", capsys.readouterr().err
    )


def test_every_folder_of_tests_is_in_a_stage() -> None:
    covered = {word for stage in ci.STAGES for word in stage.command if word.startswith("tests/")}
    folders = {
        f"tests/{file.relative_to(ROOT / 'tests').parts[0]}"
        for file in (ROOT / "tests").rglob("test_*.py")
    }
    assert folders == covered
