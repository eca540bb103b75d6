"""What the HTTP adapter makes of a service's answers, and what it never does."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bellpair_core.adapters import http_device
from bellpair_core.adapters.http_device import DeviceAddressRefused, HttpDevice, Patience
from bellpair_core.model.errors import ErrorCode, JobFailed, ResultMissing, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.ports import LaunchRefused, TaskState, TaskStatus, TaskUnknown
from bellpair_core.settings import DeviceSetting
from tests.fakes.device_surroundings import GivenSecrets, surroundings

TOKEN = "s3cr3t-of-the-kite"
TASK = Task(
    generation=1,
    client_token="t" * 64,
    device_arn="bellpair:device:kite-5",
    region="us-east-1",
    digest="d" * 64,
    shots=100,
)
DONE = TaskState(arn="t-1", status=TaskStatus.COMPLETED)

Answer = tuple[int, Any, dict[str, str]]


def answer(status: int, body: Any, **headers: str) -> Answer:
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}


def problem(status: int, code: str, detail: str = "because") -> Answer:
    return answer(status, {"code": code, "detail": detail})


MADE = answer(200, {"schema": "bellpair.task/1", "id": "t-1", "status": "queued"})
OFFLINE = problem(503, "device-offline")
GATEWAY = answer(502, "<html>Bad gateway</html>")
BUSY = problem(429, "busy")


class Script:
    """The answers that the service gives, one for each request; the requests it was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.slept: list[float] = []

    @property
    def sent(self) -> list[str]:
        return [f"{method} {path}" for method, path, _, _ in self.requests]


@pytest.fixture
def service() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.requests.append((self.command, self.path, dict(self.headers), body))
            status, content, headers = script.answers.pop(0)
            given = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(given)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given)

        do_GET = do_POST = do_DELETE = do

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    yield script
    server.shutdown()
    server.server_close()


def device(service: Script, secrets: GivenSecrets | None = None, **options: Any) -> HttpDevice:
    setting = DeviceSetting.model_validate(
        {
            "name": "kite-5",
            "adapter": "http",
            "url": service.url,
            "credential": "env:KITE" if secrets else None,
        }
    )
    patience = {"patient": Patience(3, 5.0), "impatient": Patience(2, 2.0)}
    return HttpDevice(
        setting, surroundings(secrets=secrets), sleep=service.slept.append, **(patience | options)
    )


def launch(service: Script) -> str:
    return device(service).launch(TASK, "job-1", "OPENQASM 3.0;")


def test_a_launch_says_what_is_to_be_run_under_the_clients_token(service: Script) -> None:
    service.answers = [MADE]

    assert launch(service) == "t-1"
    ((method, path, headers, body),) = service.requests
    assert (method, path, headers["Idempotency-Key"]) == ("POST", "/tasks", TASK.client_token)
    assert json.loads(body) == {
        "schema": "bellpair.task-request/1",
        "program": "OPENQASM 3.0;",
        "shots": 100,
        "job": "job-1",
    }


@pytest.mark.parametrize("first", [GATEWAY, BUSY], ids=["gateway", "busy"])
def test_a_request_that_is_repeated_keeps_its_token(service: Script, first: Answer) -> None:
    service.answers = [first, MADE]

    assert launch(service) == "t-1"
    assert [headers["Idempotency-Key"] for _, _, headers, _ in service.requests] == [
        TASK.client_token
    ] * 2
    assert service.slept == [0.2]


def test_a_service_says_when_to_come_back_within_reason(service: Script) -> None:
    for asked in ("1", "3600"):
        service.answers.append(answer(429, {"code": "busy"}, Retry_After=asked))
    service.answers.append(MADE)

    assert launch(service) == "t-1"
    assert service.slept == [1.0, 2.0]


@pytest.mark.parametrize(
    ("before", "conclusive"), [([], True), ([GATEWAY], False)], ids=["only", "repeated"]
)
def test_a_refusal_is_conclusive_where_no_other_request_was_sent(
    service: Script, before: list[Answer], conclusive: bool
) -> None:
    service.answers = [*before, OFFLINE]

    with pytest.raises(LaunchRefused) as refused:
        launch(service)

    assert (refused.value.conclusive, refused.value.retired) == (conclusive, False)


def test_a_device_that_is_gone_is_told_from_one_that_is_offline(service: Script) -> None:
    service.answers = [problem(410, "device-retired")]

    with pytest.raises(LaunchRefused) as refused:
        launch(service)

    assert refused.value.retired


@pytest.mark.parametrize("refusal", [problem(422, "program-refused"), problem(409, "token-reused")])
def test_a_program_that_is_refused_fails_the_job(service: Script, refusal: Answer) -> None:
    service.answers = [refusal]

    with pytest.raises(JobFailed) as failed:
        launch(service)

    assert JobFailed.parse(str(failed.value))[:2] == (ErrorCode.DEVICE_REFUSED, "because")


@pytest.mark.parametrize("status", [301, 400, 403, 404, 405, 409, 413, 422, 500, 503])
def test_a_status_alone_ends_no_job(service: Script, status: int) -> None:
    service.answers = [answer(status, "<html>from a gateway</html>", Location="/elsewhere")] * 3

    with pytest.raises(TransientFault, match=f"HTTP status {status}"):
        launch(service)

    assert set(service.sent) == {"POST /tasks"}


def test_a_service_that_is_busy_is_told_from_one_that_is_away(service: Script) -> None:
    service.answers = [BUSY] * 3 + [GATEWAY] * 3
    with pytest.raises(TransientFault) as busy:
        launch(service)
    with pytest.raises(TransientFault) as away:
        launch(service)

    assert (busy.value.throttled, away.value.throttled) == (True, False)


def test_a_task_that_the_service_does_not_know_is_not_called_failed(service: Script) -> None:
    service.answers = [problem(404, "task-unknown"), answer(404, "<html>no route</html>")]

    with pytest.raises(TaskUnknown):
        device(service).poll("t-1")
    with pytest.raises(TransientFault):
        device(service).poll("t-1")


@pytest.mark.parametrize("code", ["task-over", "task-unknown"])
def test_what_is_over_or_gone_is_cancelled_in_peace(service: Script, code: str) -> None:
    service.answers = [problem(409, code)]

    device(service).cancel("t-1")


def test_an_id_stays_within_its_part_of_the_path(service: Script) -> None:
    service.answers = [problem(404, "task-unknown")]

    with pytest.raises(TaskUnknown):
        device(service).poll("../device?x=1#y")

    assert service.sent == ["GET /tasks/..%2Fdevice%3Fx%3D1%23y"]


RESULT = {"schema": "bellpair.result/1", "qubits": [3, 1], "counts": {"01": 60, "11": 40}}


def test_a_result_is_as_counts_of_reads_it(service: Script) -> None:
    service.answers = [answer(200, RESULT)]

    assert device(service).result(DONE) == {
        "measuredQubits": [3, 1],
        "measurementCounts": {"01": 60, "11": 40},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        problem(404, "result-missing"),
        answer(200, "not JSON"),
        answer(200, [1, 2]),
        answer(200, RESULT | {"counts": {}}),
        answer(200, RESULT | {"counts": {"0": 1}}),
        answer(200, RESULT | {"counts": {"0x": 1}}),
        answer(200, RESULT | {"counts": {"01": -1}}),
        answer(200, RESULT | {"counts": {"01": 0.5}}),
        answer(200, RESULT | {"qubits": [1, 1]}),
        answer(200, RESULT | {"schema": "bellpair.result/2"}),
    ],
)
def test_a_result_that_cannot_be_read_is_missing(service: Script, wrong: Answer) -> None:
    service.answers = [wrong]

    with pytest.raises(ResultMissing):
        device(service).result(DONE)


@pytest.mark.parametrize(
    "ask",
    [HttpDevice.describe, HttpDevice.health, HttpDevice.queue, HttpDevice.calibration],
    ids=["describe", "health", "queue", "calibration"],
)
@pytest.mark.parametrize("body", ["<html>", "[" * 100_000, "null"], ids=["html", "deep", "null"])
def test_nonsense_is_an_outage(
    service: Script, ask: Callable[[HttpDevice], object], body: str
) -> None:
    service.answers = [answer(200, body)]

    with pytest.raises(TransientFault):
        ask(device(service))


def test_an_answer_without_end_is_not_read_to_its_end(
    service: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_device, "DEVICE_ANSWER_BYTES_MAX", 1000)
    service.answers = [answer(200, "x" * 1001)]

    with pytest.raises(TransientFault, match="more than 1000 bytes"):
        device(service).calibration()


def test_an_answer_that_is_cut_off_is_asked_for_again(service: Script) -> None:
    whole = json.dumps(RESULT)
    service.answers = [answer(200, whole[:-5], Content_Length=str(len(whole)))] * 2
    service.answers.append(answer(200, whole))

    assert device(service).result(DONE)["measuredQubits"] == [3, 1]


def test_what_a_stranger_says_is_cut_and_made_printable(service: Script) -> None:
    service.answers = [problem(422, "program-refused", "no\x1b[31m\n" + "x" * 10_000)]

    with pytest.raises(JobFailed) as failed:
        launch(service)

    text = JobFailed.parse(str(failed.value))[1]
    assert text.isprintable()
    assert len(text) == 500


def test_the_token_is_sent_and_read_again_when_it_is_not_good_any_more(service: Script) -> None:
    secrets = GivenSecrets({"env:KITE": TOKEN})
    service.answers = [problem(401, "unauthorized"), MADE]

    device(service, secrets).launch(TASK, "job-1", "OPENQASM 3.0;")

    assert [headers["Authorization"] for _, _, headers, _ in service.requests] == [
        f"Bearer {TOKEN}"
    ] * 2
    assert secrets.read == ["env:KITE"]


def test_a_token_that_is_never_good_is_an_outage_and_asked_for_twice(service: Script) -> None:
    service.answers = [problem(401, "unauthorized")] * 2

    with pytest.raises(TransientFault, match="unauthorized"):
        device(service, GivenSecrets({"env:KITE": TOKEN})).poll("t-1")

    assert len(service.requests) == 2


@pytest.mark.parametrize("secret", ["", "two\r\nX-Other: header", "kité"])
def test_what_is_no_token_is_not_sent(service: Script, secret: str) -> None:
    with pytest.raises(TransientFault) as fault:
        device(service, GivenSecrets({"env:KITE": secret})).poll("t-1")

    assert service.requests == []
    assert secret not in str(fault.value) or not secret


def test_the_token_is_in_no_message_and_no_log(
    service: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    opened = device(service, GivenSecrets({"env:KITE": TOKEN}))
    service.answers = [GATEWAY] * 3 + [problem(401, "unauthorized")] * 2
    messages = []
    for ask in (opened.describe, opened.queue):
        with pytest.raises(TransientFault) as fault:
            ask()
        messages.append(repr(fault.value))

    assert TOKEN not in "".join([*messages, caplog.text, repr(vars(opened))])


@pytest.mark.parametrize(
    "url",
    [
        None,
        "kite.example",
        "http://kite.example",
        "http://127.0.0.1.kite.example",
        "http://10.0.0.1",
        "ftp://kite.example",
        "https://me:word@kite.example",
        "https://kite.example/?x=1",
        "https://kite.example:none",
    ],
)
def test_a_url_that_is_not_asked_is_refused_when_it_is_opened(url: str | None) -> None:
    setting = DeviceSetting.model_validate({"name": "kite-5", "adapter": "http", "url": url})

    with pytest.raises(DeviceAddressRefused, match="kite-5"):
        HttpDevice(setting, surroundings())


class Names:
    """`HostNames` that give what a test says."""

    def __init__(self, *addresses: str) -> None:
        self.given = addresses

    def addresses(self, host: str, port: int) -> Sequence[str]:
        return self.given


@pytest.mark.parametrize(
    "addresses",
    [
        ("169.254.169.254",),
        ("127.0.0.1",),
        ("10.1.2.3",),
        ("::1",),
        ("fd00::1",),
        ("93.184.216.34", "10.1.2.3"),
        (),
    ],
)
def test_a_name_that_leads_inside_is_not_followed(addresses: tuple[str, ...]) -> None:
    setting = DeviceSetting.model_validate(
        {"name": "kite-5", "adapter": "http", "url": "https://kite.example"}
    )
    opened = HttpDevice(setting, surroundings(), hosts=Names(*addresses))

    with pytest.raises(TransientFault, match=r"kite\.example"):
        opened.health()


def test_this_machines_name_leads_nowhere_else(service: Script) -> None:
    opened = device(service, hosts=Names("93.184.216.34"))

    with pytest.raises(TransientFault, match="no address"):
        opened.health()
