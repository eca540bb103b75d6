"""The function machine's definition: valid, bounded, and apart from any one run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_cdk.review.machines import validate
from bellpair_cdk.stage import SIZES
from bellpair_core.model import errors
from bellpair_core.model.limits import BROKER_TIME, CALL_COMPILE_TIME, LOOPS_MAX
from tests.deployment.assembly import Assembly, definition, listed
from tests.deployment.test_state_machine import (
    EVENTS_OF_ALL_ELSE,
    EVENTS_OF_AN_EXECUTION,
    EXHAUSTED,
    OUTAGES,
    names_of,
)

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

Machine = dict[str, Any]

STAGES = ("Prepare", "Park")
EVENTS_OF_A_STATE = {"Pass": 2, "Choice": 2, "Task": 6, "Succeed": 2}
"""A task is entered, scheduled, started, submitted, succeeded or timed out, and left."""


@pytest.fixture(scope="module")
def text(local: Assembly) -> str:
    return definition(local, "Jobs-us-east-1", "FunctionWorkflow")


def test_the_broker_has_the_time_that_a_function_is_told_of() -> None:
    assert SIZES["broker"].timeout == BROKER_TIME.total_seconds()
    assert CALL_COMPILE_TIME <= BROKER_TIME / 2


@pytest.fixture(scope="module")
def states(text: str) -> Machine:
    found: Machine = json.loads(text)["States"]
    return found


def test_the_deployed_definition_is_valid(text: str) -> None:
    assert validate(text) == ()


def test_a_stage_that_fails_for_good_comes_to_finish(states: Machine) -> None:
    for name in STAGES:
        anything = states[name]["Catch"][-1]
        assert (anything["ErrorEquals"], anything["Next"]) == (["States.ALL"], "Finish")
        assert anything["ResultPath"] == "$.error"


def test_a_job_that_another_region_owns_is_left_to_it(states: Machine) -> None:
    for name in (*STAGES, "Finish"):
        fenced = next(rule for rule in states[name]["Catch"] if "Fenced" in names_of(rule))
        assert (fenced["ErrorEquals"], fenced["Next"]) == (["Fenced"], "LeftToAnotherRegion")


def test_an_outage_that_outlasts_the_repetitions_is_left_to_the_sweeper(states: Machine) -> None:
    for name in STAGES:
        outage = next(rule for rule in states[name]["Catch"] if rule["Next"] == "LeftToSweeper")
        assert set(outage["ErrorEquals"]) == OUTAGES
        tried = next(rule for rule in states[name]["Retry"] if "TransientFault" in names_of(rule))
        assert names_of(tried) == OUTAGES
        assert tried["MaxAttempts"] >= 6


def test_a_stage_that_runs_out_of_time_is_not_tried_for_ever(states: Machine) -> None:
    for name in (*STAGES, "Finish"):
        tried = next(rule for rule in states[name]["Retry"] if "Sandbox.Timedout" in names_of(rule))
        assert 1 <= tried["MaxAttempts"] <= 5
        assert not any(
            EXHAUSTED & names_of(rule)
            for rule in states[name].get("Catch", [])
            if rule["Next"] == "LeftToSweeper"
        )


def test_a_run_is_repeated_only_where_it_was_refused(states: Machine) -> None:
    (tried,) = states["Run"]["Retry"]
    assert tried["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
    anything = states["Run"]["Catch"][-1]
    assert anything["ErrorEquals"] == ["States.ALL"]
    # What a caught error leaves must not be taken for the job's own later on.
    assert anything["ResultPath"] != "$.error"


def test_errors_are_named_as_the_code_raises_them(states: Machine) -> None:
    named = {
        error
        for state in states.values()
        for rule in [*state.get("Retry", []), *state.get("Catch", [])]
        for error in rule["ErrorEquals"]
    }
    ours = {name for name in named if "." not in name}
    assert ours == {"TransientFault", "Fenced"}
    for name in ours:
        assert issubclass(getattr(errors, name), errors.StageError)


def test_who_the_execution_is_reaches_every_stage(states: Machine) -> None:
    whose = {(f"{key}.$", f"$.{key}") for key in ("job_id", "epoch", "attempt", "trace_id")}
    assert states["Prepare"]["Parameters"].items() >= whose
    assert states["Park"]["Parameters"]["Payload"].items() >= whose
    assert "Parameters" not in states["Finish"]


def test_a_worker_is_told_of_its_run_and_of_nothing_else(states: Machine) -> None:
    asked = states["Run"]["Parameters"]
    assert asked.keys() == {"FunctionName.$", "TenantId.$", "Payload"}
    assert asked["TenantId.$"] == asked["Payload"]["run"]["tenant.$"]
    assert asked["Payload"].keys() == {"run"}
    assert asked["Payload"]["run"].keys() == {"job_id.$", "run.$", "ticket.$", "tenant.$"}


def test_a_lost_event_costs_one_poll(states: Machine) -> None:
    park = states["Park"]
    assert park["Resource"].endswith(".waitForTaskToken")
    assert park["TimeoutSeconds"] == 5
    assert park["Catch"][0] == {
        "ErrorEquals": ["States.Timeout"],
        "ResultPath": "$.park",
        "Next": "Again",
    }
    assert not any("States.Timeout" in names_of(rule) for rule in park["Retry"])


def test_as_many_turns_as_one_execution_has_leave_room_in_the_history(states: Machine) -> None:
    turn = ("Prepare", "Decide", "Run", "Read", "Outcome", "Park", "Again")
    events = sum(EVENTS_OF_A_STATE[states[name]["Type"]] for name in turn)
    assert LOOPS_MAX * events + EVENTS_OF_ALL_ELSE <= EVENTS_OF_AN_EXECUTION / 2


def test_every_way_to_the_next_turn_counts_it(states: Machine) -> None:
    ways = {name for name, state in states.items() if state.get("Next") == "Prepare"}
    assert ways == {"Begin", "Again", "Crashed", "Breathe"}
    # Three workers lost at once, as with a zone, would else end a job that did nothing wrong.
    paused = {name for name, state in states.items() if state.get("Next") == "Breathe"}
    assert paused == {"Broke", "NotAnswered"}
    for name in ("Again", "Crashed", "Broke", "NotAnswered"):
        counted = states[name]["Parameters"]["runs.$"]
        assert counted == "States.MathAdd($.turn.runs, 1)"
        assert states[name]["Parameters"].keys() <= {"runs.$", "crash", "crash.$"}


def test_the_machine_may_call_its_stages_and_the_workers(assembly: Assembly) -> None:
    called = {
        str(resource).removesuffix(":live")
        for place, statement in assembly.statements()
        if "Jobs-us-east-1" in place and "FunctionWorkflowRole" in place
        for resource in listed(statement["Resource"])
        if "lambda:InvokeFunction" in listed(statement["Action"])
    }
    workers = {name.rpartition("-worker-")[2] for name in called if "-worker-" in name}
    assert workers == {"qiskit", "python"}
    assert len(called) == len(workers) + 3
