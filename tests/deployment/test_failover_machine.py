"""The failover machine's definition: valid, quick to try again, and with a way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bellpair_cdk.review.machines import validate
from bellpair_core.model import errors
from bellpair_core.model.limits import DRAIN_SECONDS_MAX
from tests.deployment.assembly import Assembly, definition
from tests.deployment.test_state_machine import EXHAUSTED, OUTAGES, names_of

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

Machine = dict[str, Any]

BEFORE_PROMOTION = ("HoldOrRelease", "Confirm", "Pause", "Drained", "Promote")
AFTER_PROMOTION = ("Resume", "Announce")

EVENTS_OF_AN_EXECUTION = 25_000
EVENTS_OF_A_DRAIN_PASS = 10
"""Waited (2), asked (6: entered, scheduled, started, succeeded and the like), chosen (2)."""
EVENTS_OF_ALL_ELSE = 4_000
"""Room for tens of thousands of adopted jobs, a page of a hundred writing about ten."""


@pytest.fixture(scope="module")
def text(local: Assembly) -> str:
    return definition(local, "Failover-us-east-1")


@pytest.fixture(scope="module")
def machine(text: str) -> Machine:
    found: Machine = json.loads(text)
    return found


def tasks(machine: Machine) -> Iterator[tuple[str, Machine]]:
    """Yield every task, however deep."""
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name, state
        inner = [*state.get("Branches", [])]
        if "ItemProcessor" in state:
            inner.append(state["ItemProcessor"])
        for part in inner:
            yield from tasks(part)


def test_the_deployed_definition_is_valid(text: str) -> None:
    assert validate(text) == ()


def test_both_regions_run_the_same_machine(local: Assembly, text: str) -> None:
    assert definition(local, "Failover-us-west-2") == text


def test_every_task_is_tried_again_within_a_second_of_an_outage(machine: Machine) -> None:
    assert {name for name, _ in tasks(machine)} == {
        *BEFORE_PROMOTION,
        *AFTER_PROMOTION,
        *("AdoptSome", "Devices", "Abort"),
    }
    for name, task in tasks(machine):
        outage, hung = task["Retry"]
        assert names_of(outage) == OUTAGES, name
        assert names_of(hung) == EXHAUSTED, name
        for rule in (outage, hung):
            assert (rule["IntervalSeconds"], rule["JitterStrategy"]) == (1, "FULL"), name
            assert rule["BackoffRate"] <= 1.5, name
        assert outage["MaxDelaySeconds"] <= 10, name
        assert hung["MaxAttempts"] <= 3, name


def test_no_refusal_is_tried_again(machine: Machine) -> None:
    for name, task in tasks(machine):
        for rule in task["Retry"]:
            assert not names_of(rule) & {"PromotionRefused", "Fenced", "States.ALL"}, name


def test_a_step_that_hangs_is_asked_anew_long_before_its_function_gives_up(machine) -> None:
    for name in (*BEFORE_PROMOTION, *AFTER_PROMOTION, "Abort"):
        assert machine["States"][name]["TimeoutSeconds"] == 10, name


def test_what_fails_before_the_adoption_is_taken_back(machine: Machine) -> None:
    for name in (*BEFORE_PROMOTION, *AFTER_PROMOTION):
        last = machine["States"][name]["Catch"][-1]
        assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "Abort"), name
        assert last["ResultPath"] == "$.error"


def test_nothing_takes_back_a_promotion_that_another_has_overtaken(machine: Machine) -> None:
    for name in AFTER_PROMOTION:
        first = machine["States"][name]["Catch"][0]
        assert (first["ErrorEquals"], first["Next"]) == (["Fenced"], "Overtaken"), name


def test_the_whole_of_adoption_comes_after_acceptance_is_back(machine: Machine) -> None:
    states = machine["States"]
    assert states["Promote"]["Next"] == "Resume"
    assert states["Resume"]["Next"] == "Adopt"
    assert states["Adopt"]["Next"] == "Announce"
    shards = states["Adopt"]["Branches"][0]["States"]["Shards"]
    assert shards["MaxConcurrency"] == 4
    assert shards["ItemsPath"] == "$.resume.shards"


def test_the_longest_drain_fits_into_an_execution(machine: Machine) -> None:
    states = machine["States"]
    assert states["LetJobsEnd"]["Seconds"] == 1
    events = DRAIN_SECONDS_MAX * EVENTS_OF_A_DRAIN_PASS
    assert events + EVENTS_OF_ALL_ELSE <= EVENTS_OF_AN_EXECUTION
    assert machine["TimeoutSeconds"] > 2 * DRAIN_SECONDS_MAX


def test_errors_are_named_as_the_code_raises_them(text: str, machine: Machine) -> None:
    named = {
        error
        for _, task in tasks(machine)
        for rule in [*task["Retry"], *task["Catch"]]
        for error in rule["ErrorEquals"]
        if "." not in error
    }
    named.add(machine["States"]["Refused"]["Choices"][0]["StringEquals"])
    assert named == {"TransientFault", "Fenced", "PromotionRefused"}
    for name in named:
        assert issubclass(getattr(errors, name), errors.StageError)
