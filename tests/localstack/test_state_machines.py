"""State machines on LocalStack evaluate JSONata without Java."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.polling import eventually

MACHINE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Count",
    "States": {
        "Count": {
            "Type": "Pass",
            "Assign": {"jobs": "{% $states.input.jobs[state = 'open'] %}"},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Pass",
            "Output": {
                "open": "{% $count($jobs) %}",
                "shots": "{% $sum($jobs.shots) %}",
                "first": "{% $uppercase($jobs[0].name) %}",
            },
            "End": True,
        },
    },
}
JOBS = [
    {"name": "bell", "state": "open", "shots": 100},
    {"name": "ghz", "state": "done", "shots": 10},
    {"name": "vqe", "state": "open", "shots": 20.5},
]

pytestmark = pytest.mark.localstack


@pytest.fixture(scope="module")
def machines(aws: str) -> Any:
    return boto3.client("stepfunctions", region_name="us-east-1", endpoint_url=aws)


def run(machines: Any, machine: dict[str, Any], given: Any) -> Any:
    """Run a machine to its end."""
    arn = machines.create_state_machine(
        name=f"test-{uuid4().hex[:12]}",
        definition=json.dumps(machine),
        roleArn="arn:aws:iam::424242424242:role/test",
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=arn, input=json.dumps(given))

    def ended() -> Any:
        described = machines.describe_execution(executionArn=execution["executionArn"])
        return described if described["status"] != "RUNNING" else None

    return eventually(ended)


def test_expressions_over_a_states_input_and_variables(machines: Any) -> None:
    ended = run(machines, MACHINE, {"jobs": JOBS})

    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == {"open": 2, "shots": 120.5, "first": "BELL"}


def test_an_expression_that_fails_fails_the_execution(machines: Any) -> None:
    failing = {
        "QueryLanguage": "JSONata",
        "StartAt": "Fail",
        "States": {"Fail": {"Type": "Pass", "Output": "{% $sum('words') %}", "End": True}},
    }

    ended = run(machines, failing, {})

    assert ended["status"] == "FAILED"
    assert ended["error"].startswith("States.")
