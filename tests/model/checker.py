"""Runs spin: from a Promela model and its macros to a verdict on all of its runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MODEL = Path(__file__).with_name("pair.pml")

MISSING = "the model checker is not here: install it with `apt-get install spin gcc`"

_COMPILER = shutil.which("cc") or shutil.which("gcc")


def is_installed() -> bool:
    """Whether both spin and a C compiler are on this machine."""
    return shutil.which("spin") is not None and _COMPILER is not None


@dataclass(frozen=True)
class Verdict:
    """What an exhaustive search found.

    Attributes
    ----------
    errors
        Violations found; the search ends at the first.
    states
        Distinct states visited.
    complete
        Whether every reachable state was visited: no limit of depth or memory was met.
    violated
        The violated assertion, as spin words it, or an empty text.
    history
        The run that leads to the violation, a line for each thing that happened.
    report
        All that the search printed.
    """

    errors: int
    states: int
    complete: bool
    violated: str
    history: str
    report: str


def check(macros: str, directory: Path, *, cycles: bool = False, optimize: bool = True) -> Verdict:
    """Search all runs of the model.

    Parameters
    ----------
    macros
        Such as ``"-DPROMOTION -DLOSSES=1"``; see the end of ``pair.pml``.
    directory
        Where the verifier is generated and compiled.
    cycles
        Look for runs that never end, instead of violated assertions.
    optimize
        Whether to compile for a long search; a short one takes less time than that.
    """
    options = macros.split()
    _run(directory, "spin", "-a", *options, str(MODEL))
    # Without weak fairness: that no run goes on for ever holds without any scheduler's help.
    mode = ["-DNP", "-DNOFAIR"] if cycles else ["-DSAFETY"]
    compiler = _COMPILER or "cc"
    level = "-O1" if optimize else "-O0"
    _run(directory, compiler, level, "-w", "-DCOLLAPSE", *mode, "-o", "pan", "pan.c")
    # -E: a state without a next step is judged by the model itself, in its process judge.
    search = ["./pan", "-E", "-m100000", "-w22", *(["-l"] if cycles else [])]
    report = _run(directory, *search)
    errors = re.search(r"errors: (\d+)", report)
    states = re.search(r"(\d+) states, stored", report)
    if errors is None or states is None:
        raise AssertionError(f"the search did not end as it should:\n{report}")
    violated = re.search(r"^pan:\d+: (.*?) \(at depth", report, re.MULTILINE)
    trail = directory / f"{MODEL.name}.trail"
    return Verdict(
        errors=int(errors[1]),
        states=int(states[1]),
        complete="max search depth too small" not in report
        and "Search not completed" not in report
        and "out of memory" not in report,
        violated=violated[1] if violated else "",
        history=_history(directory, options) if trail.exists() else "",
        report=report,
    )


def _history(directory: Path, options: list[str]) -> str:
    """The trail, told by the model's own words."""
    shutil.copy(directory / f"{MODEL.name}.trail", directory / "trail")
    said = _run(directory, "spin", "-k", "trail", "-T", "-B", *options, str(MODEL))
    return "\n".join(line.strip() for line in said.splitlines() if not line.startswith("spin:"))


def _run(directory: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode and command[0] != "spin" and not command[0].startswith("./"):
        raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr
