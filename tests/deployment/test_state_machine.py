"""The job state machine: valid, and every way through it ends well."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bellpair_cdk.definition import numbered
from bellpair_cdk.review.machines import validate
from bellpair_cdk.stage import POLL_SECONDS_MIN
from bellpair_core.model import errors
from tests.deployment.assembly import Assembly
from tests.deployment.assembly import definition as definition_of
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

Machine = dict[str, Any]

STAGES = ("Transpile", "Execute", "PostProcess")
OUTAGES = {
    "TransientFault",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
}
"""Errors that say that something is out of reach or lost, and nothing of the job."""
EXHAUSTED = {"Sandbox.Timedout", "States.Timeout"}
"""Errors of a stage that ran out of time, as it would again."""

EVENTS_OF_AN_EXECUTION = 25_000
EVENTS_OF_A_POLL = 4
"""The task is scheduled, started, submitted and timed out."""
EVENTS_OF_ALL_ELSE = 500
"""More than all stages with all their repetitions write."""


def names_of(rule: Machine) -> set[str]:
    """The errors that a rule is for."""
    return set(rule["ErrorEquals"])


@pytest.fixture(scope="module")
def definition(local: Assembly) -> str:
    return definition_of(local, "Jobs-us-east-1", "JobWorkflow")


@pytest.fixture(scope="module")
def states(definition: str) -> Machine:
    found: Machine = json.loads(definition)["States"]
    return found


def test_the_deployed_definition_is_valid(definition: str) -> None:
    assert validate(definition) == ()


def _next_is_nowhere(machine: Machine) -> None:
    machine["States"]["Transpile"]["Next"] = "Nowhere"


def _type_is_misspelt(machine: Machine) -> None:
    machine["States"]["Finish"]["Type"] = "Tsk"


def _time_is_text(machine: Machine) -> None:
    machine["States"]["Execute"]["TimeoutSeconds"] = "${PollSeconds}"


def _task_does_nothing(machine: Machine) -> None:
    del machine["States"]["PostProcess"]["Resource"]


def _state_is_never_reached(machine: Machine) -> None:
    machine["States"]["Island"] = {"Type": "Succeed"}


def _state_has_no_way_out(machine: Machine) -> None:
    del machine["States"]["Finish"]["End"]


@pytest.mark.parametrize(
    "break_it",
    [
        _next_is_nowhere,
        _type_is_misspelt,
        _time_is_text,
        _task_does_nothing,
        _state_is_never_reached,
        _state_has_no_way_out,
    ],
)
def test_a_broken_definition_is_caught(
    definition: str, break_it: Callable[[Machine], None]
) -> None:
    machine = json.loads(definition)
    break_it(machine)
    assert validate(json.dumps(machine))


def test_a_stage_that_fails_for_good_comes_to_finish(states: Machine) -> None:
    for name in STAGES:
        anything = states[name]["Catch"][-1]
        assert (anything["ErrorEquals"], anything["Next"]) == (["States.ALL"], "Finish")
        assert anything["ResultPath"] == "$.error"


def test_a_job_that_another_region_owns_is_left_to_it(states: Machine) -> None:
    for name in (*STAGES, "Finish"):
        fenced = states[name]["Catch"][0]
        assert (fenced["ErrorEquals"], fenced["Next"]) == (["Fenced"], "LeftToAnotherRegion")
    assert states["LeftToAnotherRegion"]["Type"] == "Succeed"


def test_an_outage_that_outlasts_the_repetitions_is_left_to_the_sweeper(states: Machine) -> None:
    for name in STAGES:
        outage = states[name]["Catch"][1]
        assert outage["Next"] == "LeftToSweeper"
        assert set(outage["ErrorEquals"]) == OUTAGES
    assert states["LeftToSweeper"]["Type"] == "Succeed"


def test_a_superseded_calibration_takes_the_job_back_to_its_compilation(states: Machine) -> None:
    interrupts = {
        name: rule
        for name in STAGES
        for rule in states[name]["Catch"]
        if names_of(rule) == {"CalibrationSuperseded"}
    }
    assert set(interrupts) == {"Execute", "PostProcess"}
    for rule in interrupts.values():
        # Finish would take anything under ``error`` for the job's end.
        assert (rule["Next"], rule["ResultPath"]) == ("Transpile", "$.superseded")


def test_what_is_left_to_the_sweeper_was_tried_again_before(states: Machine) -> None:
    for name in (*STAGES, "Finish"):
        tried = next(rule for rule in states[name]["Retry"] if "TransientFault" in names_of(rule))
        assert names_of(tried) == OUTAGES
        assert tried["MaxAttempts"] >= 6


def test_a_stage_that_runs_out_of_time_fails_the_job(states: Machine) -> None:
    for name in STAGES:
        tried = next(rule for rule in states[name]["Retry"] if "Sandbox.Timedout" in names_of(rule))
        assert 1 <= tried["MaxAttempts"] <= 5
        assert not any(
            EXHAUSTED & names_of(rule)
            for rule in states[name]["Catch"]
            if rule["Next"] == "LeftToSweeper"
        )


def test_errors_are_named_as_the_code_raises_them(states: Machine) -> None:
    named = {
        error
        for state in states.values()
        for rule in [*state.get("Retry", []), *state.get("Catch", [])]
        for error in rule["ErrorEquals"]
    }
    ours = {name for name in named if "." not in name}
    assert ours == {"TransientFault", "ResultMissing", "Fenced", "CalibrationSuperseded"}
    for name in ours:
        assert issubclass(getattr(errors, name), errors.StageError)


def test_retries_back_off_with_jitter(states: Machine) -> None:
    for state in states.values():
        for rule in state.get("Retry", []):
            if "TransientFault" in rule["ErrorEquals"]:
                assert rule["JitterStrategy"] == "FULL"
                assert rule["BackoffRate"] > 1
                assert rule["MaxDelaySeconds"] <= 60


def test_a_lost_event_costs_one_poll(states: Machine) -> None:
    execute = states["Execute"]
    poll = execute["Retry"][0]
    assert execute["Resource"].endswith(".waitForTaskToken")
    assert execute["TimeoutSeconds"] == 5
    assert poll["ErrorEquals"] == ["States.Timeout"]
    assert poll["MaxAttempts"] * execute["TimeoutSeconds"] >= 48 * 3600


def test_the_shortest_poll_leaves_room_in_the_history(definition: str) -> None:
    machine = json.loads(definition)
    pause = machine["States"]["Execute"]["Retry"][0]["IntervalSeconds"]
    polls = machine["TimeoutSeconds"] / (POLL_SECONDS_MIN["aws"] + pause)
    assert polls * EVENTS_OF_A_POLL + EVENTS_OF_ALL_ELSE <= EVENTS_OF_AN_EXECUTION


def test_who_the_execution_is_reaches_every_stage(states: Machine) -> None:
    whose = {(f"{key}.$", f"$.{key}") for key in ("job_id", "epoch", "attempt", "trace_id")}
    assert states["Execute"]["Parameters"]["Payload"].items() >= whose
    for name in ("Transpile", "PostProcess"):
        assert states[name]["Parameters"].items() >= whose
        assert states[name]["ResultPath"] == f"$.{name.lower()}"
    assert "Parameters" not in states["Finish"]


def test_a_number_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="Unknown"):
        numbered(ROOT / "statemachines" / "job.asl.json", {"Unknown": 1})
