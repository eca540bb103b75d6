"""What asks functions, and queues word to callbacks, over real HTTP to an emulated AWS."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from bellpair_core.adapters.aws import client
from bellpair_core.adapters.lambda_ingestions import LambdaIngestions
from bellpair_core.adapters.lambda_workers import LambdaWorkers
from bellpair_core.adapters.meter import Meter
from bellpair_core.adapters.sqs_callbacks import SqsCallbacks
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.calibration import Ingested
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.function import Invocation
from bellpair_core.ports import WorkerRefused
from tests.examples import job_example

HOME = "us-east-1"


class Lambda:
    """A Lambda service with one function.

    Attributes
    ----------
    answer
        What the function answers.
    error
        What is wrong with the function, as the service tells it in a header; ``None`` is nothing.
    status, code
        What the service itself answers.
    asked
        Function, tenant and event of each invocation.
    """

    def __init__(self) -> None:
        self.answer: Any = {}
        self.error: str | None = None
        self.status = 200
        self.code = ""
        self.asked: list[tuple[str, str | None, Any]] = []


@pytest.fixture
def service() -> Iterator[Lambda]:
    served = Lambda()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            function = self.path.split("/")[3]
            served.asked.append((function, self.headers.get("X-Amz-Tenant-Id"), event))
            body = json.dumps(served.answer).encode()
            self.send_response(served.status)
            if served.error:
                self.send_header("X-Amz-Function-Error", served.error)
            if served.code:
                self.send_header("X-Amzn-ErrorType", served.code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client.cache_clear()
        yield served
    client.cache_clear()
    server.shutdown()


def workers() -> LambdaWorkers:
    return LambdaWorkers({"qiskit": "bellpair-test-worker-qiskit"}, HOME)


def test_a_device_is_brought_in_by_the_function_of_its_region(service: Lambda) -> None:
    service.answer = {"square-4": {"calibration_id": "today", "new": True, "problem": None}}

    done = LambdaIngestions("bellpair-test-calibration").ingest("square-4", HOME)

    assert done == Ingested(calibration_id="today", new=True)
    assert service.asked == [("bellpair-test-calibration", None, {"ingest": "square-4"})]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"error": "Unhandled"}, "the function failed"),
        ({"answer": {}}, "does not know the device"),
        ({"answer": {"square-4": "what"}}, "does not know the device"),
        ({"status": 404, "code": "ResourceNotFoundException"}, "ResourceNotFoundException"),
        ({"status": 500, "code": "ServiceException"}, "ServiceException"),
    ],
)
def test_a_function_that_brings_nothing_in_may_be_asked_again(
    service: Lambda, changes: dict[str, Any], said: str
) -> None:
    for name, value in changes.items():
        setattr(service, name, value)

    with pytest.raises(TransientFault, match=said):
        LambdaIngestions("bellpair-test-calibration").ingest("square-4", HOME)


def test_a_package_is_looked_at_in_its_tenants_own_environment(service: Lambda) -> None:
    service.answer = {"entries": [{"entry": "m:F", "name": "f", "inputs": {"type": "object"}}]}

    (found,) = workers().inspect("qiskit", "acme", b"zip", "m:F")

    assert (found.entry, found.name, found.inputs) == ("m:F", "f", {"type": "object"})
    event = {"inspect": {"package": base64.b64encode(b"zip").decode(), "entry": "m:F"}}
    assert service.asked == [("bellpair-test-worker-qiskit", "acme", event)]


def test_a_worker_describes_itself_apart_from_tenants(service: Lambda) -> None:
    service.answer = {"python": "3.11.9", "packages": {"a": "1"}, "memory_mb": 1, "seconds": 2}

    said = workers().describe("qiskit")

    assert (said.python, said.packages, said.memory_mb) == ("3.11.9", {"a": "1"}, 1)
    assert service.asked == [("bellpair-test-worker-qiskit", "bellpair", {"describe": True})]


def test_a_refusal_names_what_is_missing(service: Lambda) -> None:
    refused = {"code": "function-invalid", "message": "no cudaq", "remedy": "r", "missing": "cudaq"}
    service.answer = {"refused": refused}

    with pytest.raises(WorkerRefused) as caught:
        workers().inspect("qiskit", "acme", b"zip", None)

    told = caught.value
    assert (told.message, told.remedy, told.missing) == ("no cudaq", "r", "cudaq")


@pytest.mark.parametrize("answer", [None, {}, {"entries": 7}, {"entries": [{"name": "f"}]}, []])
def test_what_describes_no_function_is_refused(service: Lambda, answer: Any) -> None:
    service.answer = answer

    with pytest.raises(WorkerRefused, match="does not describe itself"):
        workers().inspect("qiskit", "acme", b"zip", None)


def test_a_worker_that_dies_over_a_package_refuses_it(service: Lambda) -> None:
    service.answer, service.error = {"errorType": "Runtime.ExitError"}, "Unhandled"

    with pytest.raises(WorkerRefused, match="process ended"):
        workers().inspect("qiskit", "acme", b"zip", None)
    with pytest.raises(TransientFault, match="did not describe itself"):
        workers().describe("qiskit")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "TooManyRequestsException"),
        (404, "ResourceNotFoundException"),
        (409, "ResourceConflictException"),
        (500, "ServiceException"),
        (502, "EC2UnexpectedException"),
    ],
)
def test_a_worker_that_is_not_there_now_is_asked_again(
    service: Lambda, status: int, code: str
) -> None:
    service.status, service.code = status, code

    with pytest.raises(TransientFault):
        workers().inspect("qiskit", "acme", b"zip", None)
    assert len(service.asked) == 1


@pytest.fixture(scope="module")
def sqs() -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        client.cache_clear()
        yield client("sqs", HOME)
    client.cache_clear()
    server.stop()


def invocation(callback: str | None) -> Invocation:
    return Invocation(
        name="f",
        version=1,
        worker="qiskit",
        entry="m:F",
        inputs=BlobRef.within(b"{}"),
        seed=1,
        timeout_s=60,
        callback=callback,
    )


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url).get("Messages", [])
    return found


def test_word_of_a_job_with_a_callback_is_queued_and_may_come_again(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"test-{uuid4().hex[:12]}")["QueueUrl"]
    queue = SqsCallbacks(url, HOME, Meter(1024))
    job = job_example(function=invocation("cb-1"))

    for other in (job_example("circuit"), job_example("quiet", function=invocation(None)), job):
        queue.enqueue(other)

    (message,) = received(sqs, url)
    assert json.loads(message["Body"]) == {"job_id": job.id}
    assert received(sqs, url) == []
    queue.postpone(message["ReceiptHandle"], timedelta(0))
    (again,) = received(sqs, url)
    assert again["Body"] == message["Body"]


def test_word_that_cannot_be_queued_is_a_fault_that_may_pass(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"test-{uuid4().hex[:12]}")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    queue = SqsCallbacks(url, HOME, Meter(1024))

    with pytest.raises(TransientFault):
        queue.enqueue(job_example(function=invocation("cb-1")))
