"""Run every check in stages, some at a time, and say how long each took and what took longest.

``python -m toolchain.ci [STAGE …]``; ``.ci/run`` is what calls it. All stages run even where one
fails; what each printed is in ``build/ci/<stage>.log``. The last line is all tests' summary, as
pytest writes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from toolchain.stamp import BUILD, ROOT

LANES = 2
"""How many stages run at once, and beside them one of those that wait."""

FIRST_PORT, PORTS = 15566, 1000
"""From where on the stages' clouds look for free ports, and how many of them each has to itself."""

NOT_HERE = 3
"""The exit status by which a stage that may says that this machine lacks what it needs."""

SLOWEST = 3
"""How many of a stage's tests are named."""


@dataclass(frozen=True)
class Stage:
    """A part of the checks.

    Parameters
    ----------
    name
        What it is called, and its log.
    command
        Its words, from the work tree's root.
    after
        Stages that must have ended before, well or not, since it uses what they leave.
    may_lack
        Whether `NOT_HERE` is its word for what this machine lacks. In others it is a failure:
        pytest ends so when it breaks itself.
    waits
        Whether it waits more than it computes, so that it may run beside those that compute. Where
        a region is lost, clients' patience is judged, and nothing else is to be in the way.
    """

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    may_lack: bool = False
    waits: bool = False


def tests(*folders: str) -> tuple[str, ...]:
    """Return the command that runs these folders' tests."""
    return (".venv/bin/pytest", "-q", *(f"tests/{folder}" for folder in folders))


ALONE = ("assembly", "integration")
"""After what stages come that lose a region: what they use, and what runs beside two others."""

# In the order in which they begin. What takes long begins early: the last to end decides how long
# all of it takes.
STAGES = (
    Stage("assembly", ("make", "--no-print-directory", "assembly")),
    Stage("lint", ("make", "--no-print-directory", "lint")),
    Stage("unit", tests("unit")),
    Stage("integration", tests("integration"), after=("assembly",), waits=True),
    Stage("simulation", tests("simulation", "model")),
    Stage("drills", tests("drills"), after=ALONE),
    Stage(
        "layers",
        ("make", "--no-print-directory", "layers"),
        after=("assembly",),
        may_lack=True,
    ),
    Stage("templates", ("make", "--no-print-directory", "synth", "lint-infra"), after=("layers",)),
    Stage(
        "localstack",
        ("make", "--no-print-directory", "test-localstack", "TESTS=--part"),
        after=("assembly",),
        may_lack=True,
    ),
    Stage("local cloud", tests("local_cloud", "braket_emulator"), after=ALONE),
    Stage("deployment", tests("deployment"), after=("layers", "templates")),
    Stage("contract", tests("contract")),
    Stage("plug-ins", tests("localstack", "process_executor"), after=("localstack",)),
)


@dataclass
class Outcome:
    """How a stage went.

    Parameters
    ----------
    began, seconds
        When, from the beginning of all, and how long; in seconds.
    status
        Its exit status.
    counts
        Of its tests: ``passed``, ``failed``, ``errors``, ``skipped``.
    slowest
        Its slowest tests: seconds and names.
    """

    stage: Stage
    began: float
    seconds: float
    status: int
    counts: dict[str, int] = field(default_factory=dict)
    slowest: list[tuple[float, str]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether something is wrong; that this machine lacks something is not."""
        return self.status != 0 and not self._lacks

    @property
    def verdict(self) -> str:
        """Its end in a word."""
        return "FAILED" if self.failed else "not here" if self._lacks else "passed"

    @property
    def _lacks(self) -> bool:
        return self.stage.may_lack and self.status == NOT_HERE


class Run:
    """One run of stages, with its logs.

    Parameters
    ----------
    stages
        In the order in which they begin.
    logs
        The folder for what they print.
    lanes
        How many run at once, and beside them one of those that wait.
    """

    def __init__(self, stages: Sequence[Stage], logs: Path, lanes: int = LANES) -> None:
        self._stages, self._logs, self._lanes = stages, logs, lanes
        self._due = list(stages)
        self._turn = threading.Condition()
        self._ended: dict[str, Outcome] = {}
        self._origin = time.monotonic()

    def play(self) -> list[Outcome]:
        """Run all stages; returns how each went, in their order."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._origin = time.monotonic()
        takes = [*([False] * self._lanes), True]
        lanes = [threading.Thread(target=self._lane, args=(waiting,)) for waiting in takes]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        return [self._ended[stage.name] for stage in self._stages]

    def _lane(self, waiting: bool) -> None:
        while (stage := self._next(waiting)) is not None:
            outcome = self._outcome(stage)
            with self._turn:
                self._ended[stage.name] = outcome
                self._turn.notify_all()
            print(told(outcome, self._log(stage)), flush=True)

    def _next(self, waiting: bool) -> Stage | None:
        """Take the first stage that may begin, waiting while none may; None when all have begun.

        Parameters
        ----------
        waiting
            Take only those that wait.
        """
        names = {stage.name for stage in self._stages}
        with self._turn:
            while due := [stage for stage in self._due if stage.waits or not waiting]:
                for stage in due:
                    if names & set(stage.after) <= self._ended.keys():
                        self._due.remove(stage)
                        return stage
                self._turn.wait()
        return None

    def _outcome(self, stage: Stage) -> Outcome:
        """Run a stage; what keeps it from being run or read is its failure, and in its log."""
        began = time.monotonic()
        outcome = Outcome(stage, began - self._origin, 0.0, status=1)
        try:
            self._run(stage, outcome)
        except Exception as error:  # whatever it is, others wait for this stage's end
            outcome.status = 1
            with self._log(stage).open("a") as log:
                said = f"{type(error).__name__}: {error}"
                log.write(f"ci: {stage.name} did not come to its end: {said}\n")
        outcome.seconds = time.monotonic() - began
        return outcome

    def _run(self, stage: Stage, outcome: Outcome) -> None:
        report = self._log(stage).with_suffix(".xml")
        report.unlink(missing_ok=True)
        first_port = FIRST_PORT + PORTS * self._stages.index(stage)
        with self._log(stage).open("wb") as log:
            ran = subprocess.run(
                stage.command,
                cwd=ROOT,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "PYTEST_ADDOPTS": f"--junitxml={report}",
                    # Clouds that start at the same time would find the same ports free.
                    "BELLPAIR_TEST_FIRST_PORT": str(first_port),
                },
            )
        status = ran.returncode
        if status == 2 and stage.command[0] == "make":
            status = _of_make(self._log(stage))
        outcome.status = status
        if report.exists():
            _read(report, outcome)

    def _log(self, stage: Stage) -> Path:
        return self._logs / f"{stage.name.replace(' ', '-')}.log"


def told(outcome: Outcome, log: Path) -> str:
    """Return what is said when a stage ends: how it went, and the end of its log if it failed."""
    lines = [f"{outcome.stage.name}: {outcome.verdict} in {outcome.seconds:.0f} s ({log})"]
    if outcome.status != 0:
        lines += [f"  | {line}" for line in log.read_text(errors="replace").splitlines()[-25:]]
    return "\n".join(lines)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return how long each stage took, how it went, and its slowest tests."""
    lines = [f"{'stage':14}{'began':>7}{'took':>7}  {'':10}tests"]
    for outcome in outcomes:
        counted = ", ".join(f"{n} {word}" for word, n in outcome.counts.items() if n)
        times = f"{outcome.began:>6.0f}s{outcome.seconds:>6.0f}s"
        lines.append(f"{outcome.stage.name:14}{times}  {outcome.verdict:10}{counted}".rstrip())
        lines += [f"{'':14}{seconds:>13.1f}s  {name}" for seconds, name in outcome.slowest]
    return "\n".join(lines)


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return all tests' numbers as pytest's own last line has them."""
    words = {"failed": "failed", "passed": "passed", "skipped": "skipped", "errors": "errors"}
    totals = {word: sum(o.counts.get(word, 0) for o in outcomes) for word in words}
    said = ", ".join(f"{totals[word]} {words[word]}" for word in words if totals[word])
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{said or 'no tests ran'} in {seconds:.2f}s ({hours}:{minutes:02}:{rest:02})"


def status_of(outcomes: Iterable[Outcome]) -> int:
    """Return the exit status: of the first stage that failed, or 0."""
    return next((outcome.status for outcome in outcomes if outcome.failed), 0)


def main(wanted: Sequence[str]) -> int:
    """Run the stages named, or all; returns the exit status."""
    unknown = set(wanted) - {stage.name for stage in STAGES}
    if unknown:
        known = ", ".join(stage.name for stage in STAGES)
        print(f"ci: no stage {', '.join(sorted(unknown))}; there are {known}", file=sys.stderr)
        return 2
    began = time.monotonic()
    stages = [stage for stage in STAGES if not wanted or stage.name in wanted]
    outcomes = Run(stages, BUILD / "ci").play()
    print("", table(outcomes), sep="\n")
    print(summary(outcomes, time.monotonic() - began), flush=True)
    return status_of(outcomes)


def _of_make(log: Path) -> int:
    """Return the status of the command that make ran: make's own is 2, whatever failed in it."""
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    code = last[0].rpartition("Error ")[2] if last else ""
    return int(code) if code.isdigit() else 2


def _read(report: Path, outcome: Outcome) -> None:
    """Take a stage's tests from its report."""
    # The file is pytest's own, written a moment ago.
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314
    total = {
        word: sum(int(suite.get(word, 0)) for suite in suites)
        for word in ("tests", "failures", "errors", "skipped")
    }
    failed, errors, skipped = total["failures"], total["errors"], total["skipped"]
    outcome.counts = {
        "failed": failed,
        "passed": total["tests"] - failed - errors - skipped,
        "skipped": skipped,
        "errors": errors,
    }
    cases = [
        (float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}")
        for suite in suites
        for case in suite.iter("testcase")
    ]
    outcome.slowest = sorted(cases, reverse=True)[:SLOWEST]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
