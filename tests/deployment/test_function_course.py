"""Every way that a function's job can take, walked in the local cloud's interpreter."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ministack.services import stepfunctions

from bellpair_local.ministack_seams import step_functions as seams
from tests.deployment.assembly import Assembly, definition
from tests.deployment.course import Answer, Raised, always, in_turn, play

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

GIVEN = {"job_id": "job-a", "epoch": 3, "attempt": 1, "trace_id": "t"}
RUN = {"next": "run", "run": 4, "ticket": "secret", "worker": "worker-python", "tenant": "acme"}
WAIT, LEAVE, FINISH = {"next": "wait"}, {"next": "leave"}, {"next": "finish"}
FAILED = {"Error": "JobFailed", "Cause": '{"errorMessage": "function-failed|x|y"}'}
NO_TURN_BEFORE = {"runs": 0, "crash": None}


@dataclass
class Course:
    """What one execution called, in order, and how it ended."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    status: str = ""

    @property
    def steps(self) -> list[str]:
        """The functions, in the order of their calls."""
        return [name for name, _ in self.calls]

    def asked(self, step: str) -> list[dict[str, Any]]:
        """The events of one function, in order."""
        return [event for name, event in self.calls if name == step]

    @property
    def error(self) -> dict[str, str] | None:
        """What the function that ends jobs was told to have gone wrong."""
        (state,) = self.asked("finish")
        found: dict[str, str] | None = state.get("error")
        return found


@pytest.fixture
def walk(local: Assembly, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Course]:
    """Run an execution whose functions are scripted; parked, it is woken at once."""
    monkeypatch.setattr(stepfunctions, "_invoke_with_callback", stepfunctions._invoke_with_callback)
    seams._callback_tasks(stepfunctions)
    machine = json.loads(definition(local, "Jobs-us-east-1", "FunctionWorkflow"))
    machine["States"]["Park"]["TimeoutSeconds"] = 0.05
    for state in machine["States"].values():
        for rule in state.get("Retry", ()):
            rule["IntervalSeconds"] = 0

    def walked(
        prepare: Answer, work: Answer | None = None, park: Answer | None = None, **others: Answer
    ) -> Course:
        course = Course()
        scripted = {"resume": prepare, "park": park or _wake, "finish": lambda _: {}, **others}

        def call(function: str, event: dict[str, Any]) -> Any:
            place = function.rpartition(":")[2].removesuffix("Arn").lower()
            course.calls.append((place, event))
            return scripted[place](event)

        def invoke(resource: str, asked: dict[str, Any]) -> Any:
            assert resource == "arn:aws:states:::aws-sdk:lambda:invoke"
            course.calls.append(("run", asked))
            assert work is not None
            try:
                return work(asked)
            except Raised as raised:
                raise stepfunctions._ExecutionError(raised.error, "scripted") from raised

        monkeypatch.setattr(stepfunctions, "_invoke_aws_sdk_integration", invoke)
        course.status = play(monkeypatch, json.dumps(machine), GIVEN, call)["status"]
        return course

    return walked


def _wake(event: dict[str, Any]) -> None:
    stepfunctions._send_task_success({"taskToken": event["task_token"], "output": "{}"})


def says(**outcome: Any) -> dict[str, Any]:
    """A worker's answer as the service hands it on."""
    return {"StatusCode": 200, "Payload": json.dumps(outcome)}


def test_a_function_that_calls_nothing_runs_once(walk: Callable[..., Course]) -> None:
    course = walk(in_turn(RUN), in_turn(says(outcome="finished")))
    assert course.steps == ["resume", "run", "finish"]
    assert course.asked("resume") == [{**GIVEN, **NO_TURN_BEFORE}]
    assert course.asked("run") == [
        {
            "FunctionName": "worker-python",
            "TenantId": "acme",
            "Payload": {"run": {"job_id": "job-a", "run": 4, "ticket": "secret", "tenant": "acme"}},
        }
    ]
    assert (course.status, course.error) == ("SUCCEEDED", None)


def test_a_function_that_waits_is_parked_and_run_again(walk: Callable[..., Course]) -> None:
    outcomes = (says(outcome="suspended"), says(outcome="suspended"), says(outcome="finished"))
    course = walk(in_turn(RUN), in_turn(*outcomes))
    assert course.steps == [*("resume", "run", "park") * 2, "resume", "run", "finish"]
    assert [event["runs"] for event in course.asked("resume")] == [0, 1, 2]
    assert all(event["crash"] is None for event in course.asked("resume"))
    assert course.error is None


def test_an_event_that_does_not_come_costs_a_turn(walk: Callable[..., Course]) -> None:
    course = walk(
        in_turn(RUN, WAIT, RUN),
        in_turn(says(outcome="suspended"), says(outcome="finished")),
        park=lambda _: {},
    )
    assert course.steps == ["resume", "run", "park", "resume", "park", "resume", "run", "finish"]
    assert course.error is None


def test_a_call_that_is_not_over_is_waited_for_without_a_run(walk: Callable[..., Course]) -> None:
    course = walk(in_turn(WAIT, WAIT, RUN), in_turn(says(outcome="finished")))
    assert course.steps == ["resume", "park", "resume", "park", "resume", "run", "finish"]
    assert [event["runs"] for event in course.asked("resume")] == [0, 1, 2]


def test_a_run_that_gives_up_its_time_is_followed_by_another(walk: Callable[..., Course]) -> None:
    refused = {"code": "fenced", "message": "m", "remedy": "r"}
    outcomes = (
        says(outcome="yielded"),
        says(outcome="yielded", refused=refused),
        says(outcome="finished"),
    )
    course = walk(in_turn(RUN), in_turn(*outcomes))
    assert course.steps == [*("resume", "run") * 3, "finish"]


def test_a_function_that_failed_ends_with_its_own_error(walk: Callable[..., Course]) -> None:
    course = walk(in_turn(RUN), in_turn(says(outcome="failed", error=FAILED)))
    assert course.steps == ["resume", "run", "finish"]
    assert course.error == FAILED
    assert course.status == "SUCCEEDED"


def test_a_crash_is_told_to_the_next_turn_and_to_no_other(walk: Callable[..., Course]) -> None:
    crash = {"Error": "function-crashed", "Cause": "killed by signal 9"}
    outcomes = (
        says(outcome="crashed", crash=crash),
        says(outcome="suspended"),
        says(outcome="finished"),
    )
    course = walk(in_turn(RUN), in_turn(*outcomes))
    assert [event["crash"] for event in course.asked("resume")] == [None, crash, None]
    assert course.error is None


@pytest.mark.parametrize("kind", ["Runtime.ExitError", "Sandbox.Timedout", "Runtime.Unknown"])
def test_a_worker_that_breaks_is_told_to_the_next_turn(
    walk: Callable[..., Course], kind: str
) -> None:
    document = {"errorType": kind, "errorMessage": "exit status 1"}
    broke = {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": json.dumps(document)}
    course = walk(in_turn(RUN), in_turn(broke, says(outcome="finished")))
    _, told = (event["crash"] for event in course.asked("resume"))
    assert told["Error"] == kind
    assert json.loads(told["Cause"]) == document
    assert course.error is None


@pytest.mark.parametrize("error", ["Lambda.ServiceException", "Lambda.SdkClientException"])
def test_a_run_that_may_have_begun_is_fenced_by_the_next(
    walk: Callable[..., Course], error: str
) -> None:
    course = walk(in_turn(RUN), in_turn(Raised(error), says(outcome="finished")))
    assert course.steps == ["resume", "run", "resume", "run", "finish"]
    assert course.asked("resume")[1]["crash"]["Error"] == error
    assert course.error is None


def test_a_worker_without_a_free_place_is_asked_again(walk: Callable[..., Course]) -> None:
    throttled = Raised("Lambda.TooManyRequestsException")
    course = walk(in_turn(RUN), in_turn(throttled, throttled, says(outcome="finished")))
    assert course.steps == ["resume", "run", "run", "run", "finish"]


def test_a_worker_that_stays_without_one_is_left_to_the_sweeper(
    walk: Callable[..., Course],
) -> None:
    course = walk(in_turn(RUN), always("Lambda.TooManyRequestsException"))
    assert set(course.steps) == {"resume", "run"}
    assert course.status == "SUCCEEDED"


def test_a_job_that_is_paused_or_goes_on_elsewhere_is_left_alone(
    walk: Callable[..., Course],
) -> None:
    course = walk(in_turn(RUN, LEAVE), in_turn(says(outcome="yielded")))
    assert course.steps == ["resume", "run", "resume"]
    assert course.status == "SUCCEEDED"


def test_a_job_that_has_its_result_is_finished(walk: Callable[..., Course]) -> None:
    course = walk(in_turn(FINISH))
    assert course.steps == ["resume", "finish"]
    assert course.error is None


@pytest.mark.parametrize("stage", ["resume", "park"])
def test_a_stage_that_fails_for_good_ends_the_job(walk: Callable[..., Course], stage: str) -> None:
    scripted = {"resume": in_turn(WAIT), "park": _wake, stage: always("JobFailed")}
    course = walk(scripted["resume"], park=scripted["park"])
    assert course.steps[-2:] == [stage, "finish"]
    assert course.error is not None
    assert course.error["Error"] == "JobFailed"


@pytest.mark.parametrize("stage", ["resume", "park"])
@pytest.mark.parametrize("error", ["Fenced", "TransientFault"])
def test_a_stage_that_may_do_nothing_more_leaves_the_record(
    walk: Callable[..., Course], stage: str, error: str
) -> None:
    scripted = {"resume": in_turn(WAIT), "park": _wake, stage: always(error)}
    course = walk(scripted["resume"], park=scripted["park"])
    assert "finish" not in course.steps
    assert course.status == "SUCCEEDED"
