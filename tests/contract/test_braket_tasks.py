"""What the adapter makes of the device service's answers, above all of its refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bellpair_core.adapters.aws import client
from bellpair_core.adapters.device_tasks import DeviceTasks
from bellpair_core.model.errors import JobFailed, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.ports import LaunchRefused, TaskUnknown
from bellpair_core.ports.tasks import ProgramSetRefused
from tests.fakes.device_surroundings import surroundings

REGION = "us-east-1"
TASK = Task(
    generation=1,
    client_token="t" * 64,
    device_arn="arn:aws:braket:us-east-1::device/qpu/emulated/ion-11",
    region=REGION,
    digest="d" * 64,
    shots=100,
)

Answer = tuple[int, str, dict[str, Any]]


def refusal(status: int, code: str) -> Answer:
    """An error as the service words it."""
    return status, code, {"message": f"this is a {code}"}


MADE: Answer = (201, "", {"quantumTaskArn": "arn:aws:braket:us-east-1:1:quantum-task/1"})
OFFLINE = refusal(424, "DeviceOfflineException")
BROKEN = refusal(500, "InternalServiceException")
THROTTLED = refusal(429, "ThrottlingException")


class Script:
    """The answers that the service gives, one for each request; the requests it was sent."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.tokens: list[str] = []
        self.bodies: list[dict[str, Any]] = []


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.tokens.append(body["clientToken"])
            script.bodies.append(body)
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            status, code, answer = script.answers.pop(0)
            content = json.dumps(answer).encode()
            self.send_response(status)
            if code:
                self.send_header("x-amzn-ErrorType", code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_BRAKET", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client.cache_clear()
    yield script
    client.cache_clear()
    server.shutdown()
    server.server_close()


def launch() -> str:
    tasks = DeviceTasks([], surroundings(result_buckets={REGION: "amazon-braket-results"}))
    return tasks.launch(TASK, "job-1", "OPENQASM 3.0;")


def test_a_refusal_of_the_only_request_is_conclusive(service: Script) -> None:
    service.answers = [OFFLINE]

    with pytest.raises(LaunchRefused) as refused:
        launch()

    assert refused.value.conclusive
    assert len(service.tokens) == 1


@pytest.mark.parametrize("first", [BROKEN, THROTTLED], ids=["broken", "throttled"])
def test_a_refusal_after_another_request_is_not(service: Script, first: Answer) -> None:
    service.answers = [first, OFFLINE]

    with pytest.raises(LaunchRefused) as refused:
        launch()

    assert not refused.value.conclusive
    assert service.tokens == [TASK.client_token] * 2


def test_a_request_that_is_repeated_keeps_its_token(service: Script) -> None:
    service.answers = [BROKEN, MADE]

    assert launch() == MADE[2]["quantumTaskArn"]
    assert service.tokens == [TASK.client_token] * 2


def test_a_service_that_is_busy_is_told_from_one_that_is_away(service: Script) -> None:
    service.answers = [THROTTLED] * 3
    with pytest.raises(TransientFault) as busy:
        launch()
    service.answers = [BROKEN] * 3
    with pytest.raises(TransientFault) as away:
        launch()

    assert (busy.value.throttled, away.value.throttled) == (True, False)


def test_a_program_that_is_refused_fails_the_job(service: Script) -> None:
    service.answers = [refusal(400, "ValidationException")]

    with pytest.raises(JobFailed, match="this is a ValidationException"):
        launch()


def launch_set() -> str:
    tasks = DeviceTasks([], surroundings(result_buckets={REGION: "amazon-braket-results"}))
    return tasks.launch_set(TASK, "job-1", ["first", "second"])


def test_several_programs_are_one_task(service: Script) -> None:
    service.answers = [BROKEN, MADE]

    assert launch_set() == MADE[2]["quantumTaskArn"]

    first, again = service.bodies
    assert first == again
    action = json.loads(first["action"])
    assert action["braketSchemaHeader"]["name"] == "braket.ir.openqasm.program_set"
    assert [one["source"] for one in action["programs"]] == ["first", "second"]
    assert first["shots"] == TASK.shots


def test_the_programs_for_which_a_set_is_refused_are_told_apart(service: Script) -> None:
    status, code, said = refusal(400, "ValidationException")
    failures = [{"programIndex": 1, "errors": ["no such gate", "no such qubit"]}]
    service.answers = [(status, code, said | {"programSetValidationFailures": failures})]

    with pytest.raises(ProgramSetRefused) as refused:
        launch_set()

    assert refused.value.programs == {1: "no such gate no such qubit"}
    assert "the first one: no such gate" in str(refused.value)
    assert refused.value.conclusive


@pytest.mark.parametrize("before", [[], [BROKEN]], ids=["only", "repeated"])
def test_a_device_that_is_gone_is_told_from_one_that_is_offline(
    service: Script, before: list[Answer]
) -> None:
    service.answers = [*before, refusal(410, "DeviceRetiredException")]

    with pytest.raises(LaunchRefused) as refused:
        launch()

    assert (refused.value.retired, refused.value.conclusive) == (True, not before)


def test_a_task_that_the_service_does_not_know_is_not_called_failed(service: Script) -> None:
    service.answers = [refusal(404, "ResourceNotFoundException")]

    with pytest.raises(TaskUnknown):
        DeviceTasks([], surroundings()).poll(MADE[2]["quantumTaskArn"])
