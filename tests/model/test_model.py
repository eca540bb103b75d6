"""Every run of the failover protocol within a few faults, and what each of its rules is for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import checker

pytestmark = pytest.mark.skipif(not checker.is_installed(), reason=checker.MISSING)

SCENARIOS = {
    "promotion while an invocation is lost": ("-DPROMOTION -DLOSSES=1", 100_000),
    "promotion while a stage runs twice": ("-DPROMOTION -DRETRY", 300_000),
    "promotion there and back": ("-DPROMOTION -DRETURN", 150_000),
    "active dies, passive is cut off": ("-DDEATH=EAST -DPARTITION=WEST", 300_000),
    "active dies and comes back": ("-DDEATH=EAST -DREVIVAL -DMISHAPS=0", 150_000),
}
"""Macros, and the least number of states: with fewer, the model does not say what it should."""

DEEP_SCENARIOS = {
    "active dies, promotion at any moment": ("-DDEATH=EAST -DPROMOTION", 700_000),
    "active dies and comes back, a task fails": ("-DDEATH=EAST -DREVIVAL", 700_000),
    "passive dies, promotion at any moment": ("-DDEATH=WEST -DPROMOTION", 1_500_000),
    "active cut off, there and back": ("-DPROMOTION -DRETURN -DPARTITION=EAST", 700_000),
    "passive cut off, there and back": ("-DPROMOTION -DRETURN -DPARTITION=WEST", 700_000),
    "there and back, an invocation is lost": ("-DPROMOTION -DRETURN -DLOSSES=1", 1_000_000),
    "a stage runs twice and is lost": ("-DPROMOTION -DRETRY -DLOSSES=1", 3_000_000),
    "death, promotion and partition": ("-DDEATH=EAST -DPROMOTION -DPARTITION=WEST", 2_000_000),
}
"""Searched by `make check-model` as well: minutes, and up to 1 GB of memory."""

if os.environ.get("BELLPAIR_MODEL_DEEP") == "1":
    SCENARIOS |= DEEP_SCENARIOS

LOST = "-DPROMOTION -DLOSSES=1"
TWICE = "-DPROMOTION -DRETRY"
RETURN = "-DPROMOTION -DRETURN"

BREAKS = {
    "ACKNOWLEDGE_FIRST": ("-DDEATH=EAST", "acknowledged"),
    "SWEEPER": (LOST, "acknowledged"),
    "POLLING": (LOST, "acknowledged"),
    "EPOCH_CONDITION": (RETURN, "writer"),
    "VERSION_CONDITION": (RETURN, "job.status"),
    "TERMINAL_CONDITION": (TWICE, "job.status"),
    "ADOPTION_CONDITION": (RETURN, "job.status"),
    "ADOPTION_EPOCH": (RETURN, "writer"),
    "PROMOTION_EPOCH": (RETURN, "writer"),
    "PROMOTION_CONDITION": (
        "-DDEATH=EAST -DREVIVAL -DPROMOTION -DRETURN -DMISHAPS=0",
        "pair_epoch",
    ),
    "REATTACH": (RETURN, "task"),
    "INTENT_AFTER_CREATE": (RETURN, "task"),
    "WITHDRAWAL_CONDITION": (TWICE, "task"),
    "RELAUNCH_WRITE": (TWICE, "task"),
    "SILENCE_IS_REFUSAL": (LOST, "task"),
    "EVENT_GENERATION": (RETURN, "task"),
}
"""For each rule of the protocol the faults that show what it is for, and what they violate."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_run_violates_anything(scenario: str, tmp_path: Path) -> None:
    macros, floor = SCENARIOS[scenario]
    _require_sound(checker.check(macros, tmp_path), floor)


def test_every_run_comes_to_an_end(tmp_path: Path) -> None:
    """With `judge`, which looks at the ends, this is liveness: what was promised is done."""
    _require_sound(checker.check(LOST, tmp_path, cycles=True), 200_000)


@pytest.mark.parametrize("rule", BREAKS)
def test_without_the_rule_something_is_violated(rule: str, tmp_path: Path) -> None:
    macros, property_ = BREAKS[rule]
    verdict = checker.check(f"-DBREAK_{rule} {macros}", tmp_path, optimize=False)
    print(f"without {rule}: {verdict.violated}\n{verdict.history}")
    assert verdict.errors == 1, f"{rule} is not needed, or its absence is not seen"
    assert property_ in verdict.violated, verdict.violated
    assert verdict.history, "the run that shows it cannot be told"


def test_each_rule_of_the_model_is_broken_by_a_test() -> None:
    text = checker.MODEL.read_text()
    named = {
        line.split()[1].removeprefix("BREAK_")
        for line in text.splitlines()
        if line.startswith(("#ifdef BREAK_", "#ifndef BREAK_"))
    }
    assert named == set(BREAKS)


def _require_sound(verdict: checker.Verdict, floor: int) -> None:
    assert verdict.errors == 0, f"{verdict.violated}\n{verdict.history}\n{verdict.report}"
    assert verdict.complete, verdict.report
    assert verdict.states >= floor, f"only {verdict.states} states: the model hardly does anything"
