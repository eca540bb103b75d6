"""What the worker makes of the broker's answers, faults and refusals."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from bellpair_core.model import limits as core_limits
from bellpair_core.model.errors import ErrorCode
from bellpair_worker import limits, outcomes
from bellpair_worker.broker import BrokerFault, LambdaBroker, Refused, Session, Unreachable
from bellpair_worker.faults import fault
from bellpair_worker.printed import Printed
from bellpair_worker.run import Run

from .conftest import Worker
from .memory_broker import BEGUN, RUN, MemoryBroker, body


class Clock:
    """Time that passes by pauses alone."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def session(broker: Any, clock: Clock) -> Session:
    return Session(broker, RUN, now=clock.now, pause=clock.pause)


def test_a_fault_is_tried_again_with_longer_pauses(clock: Clock) -> None:
    broker = MemoryBroker("")
    broker.faults = [BrokerFault("TransientFault", "busy") for _ in range(6)]
    assert session(broker, clock).request("open")["tail"] == BEGUN
    assert len(clock.pauses) == 6 and clock.pauses[-1] > clock.pauses[0]


def test_patience_ends(clock: Clock) -> None:
    def broker(request: Any) -> Any:
        raise BrokerFault("TransientFault", "busy")

    with pytest.raises(Unreachable, match="busy"):
        session(broker, clock).request("open")
    assert limits.BROKER_PATIENCE_SECONDS / 2 < clock.time <= limits.BROKER_PATIENCE_SECONDS


def test_a_repetition_is_the_same_request(clock: Clock) -> None:
    seen: list[str] = []

    def broker(request: Any) -> Any:
        seen.append(json.dumps(request))
        if len(seen) == 1:
            raise BrokerFault("TransientFault", "lost the answer")
        return {"tail": BEGUN + 1}

    news = iter([{"output": "once"}])
    asked = Session(broker, RUN, take_news=lambda: next(news, {}), now=clock.now, pause=clock.pause)
    asked.request("checkpoint", updates=[])
    assert seen[0] == seen[1] and "once" in seen[0]
    assert asked.tail == BEGUN + 1 and asked.progressed


def test_a_note_is_no_progress(clock: Clock) -> None:
    asked = session(lambda request: {"tail": 9}, clock)
    asked.request("note")
    assert asked.tail == 9 and not asked.progressed


@pytest.mark.parametrize("kind", ["Fenced", "JobCancelled", "JobFailed"])
def test_what_no_repetition_cures_is_a_refusal(clock: Clock, kind: str) -> None:
    broker = MemoryBroker("")
    broker.faults = [BrokerFault(kind, "over")]
    with pytest.raises(Refused, match=kind):
        session(broker, clock).request("open")
    assert clock.pauses == []


def test_a_run_that_another_took_over_says_no_more(worker: Worker) -> None:
    broker = MemoryBroker(body("while True: runtime.now()"))
    broker.refusals["checkpoint"] = {"code": "fenced", "message": "Another run.", "remedy": "-"}
    outcome = worker.run(broker)
    assert outcome["outcome"] == "yielded" and outcome["refused"]["code"] == "fenced"
    assert broker.ops == ["open", "checkpoint"]


def test_a_refusal_that_is_the_functions_fault_fails_it(worker: Worker) -> None:
    broker = MemoryBroker(body("while True: runtime.now()"))
    broker.refusals["checkpoint"] = {"code": "limit-exceeded", "message": "10,000 calls."}
    outcome = worker.run(broker)
    assert outcome["outcome"] == "failed"
    assert json.loads(outcome["error"]["Cause"])["errorMessage"].startswith(
        "limit-exceeded|10,000 calls.|"
    )
    assert broker.ops[-1] == "fail"


class PagedBroker(MemoryBroker):
    """Has more of the journal than goes into its first answer."""

    def __call__(self, request: Any) -> Any:
        answer = super().__call__(request)
        if request["op"] == "open":
            return answer | {"marker": "page-2"}
        return answer | ({"operations": [], "marker": None} if request["op"] == "state" else {})


def test_a_long_journal_is_read_page_by_page(worker: Worker) -> None:
    broker = PagedBroker(body("return n"))
    assert worker.run(broker) == {"outcome": "finished"}
    assert broker.one("state")["marker"] == "page-2"


def test_progress_is_told_with_the_next_request(worker: Worker) -> None:
    broker = MemoryBroker(body("runtime.progress(0.5, 'halfway')"))
    assert worker.run(broker) == {"outcome": "finished"}
    assert broker.one("finish")["progress"] == {"fraction": 0.5, "message": "halfway"}


def test_what_a_silent_function_prints_is_told_meanwhile(worker: Worker) -> None:
    broker = MemoryBroker(body("print('early', flush=True)\nwhile True: pass"))
    worker.run(broker, seconds=8)
    assert broker.ops[1] == "note" and broker.requests[1]["output"] == "early\n"


def test_failures_have_codes_that_the_platform_knows() -> None:
    assert {ErrorCode(code) for code in outcomes.FAILURES}  # type: ignore[call-arg]
    parts = json.loads(outcomes.failed(fault("function-failed", "a|b"))["error"]["Cause"])
    assert parts["errorMessage"].startswith("function-failed|a/b|")


def test_limits_are_those_of_the_platform() -> None:
    assert core_limits.BROKER_TIME.total_seconds() < limits.BROKER_ANSWER_SECONDS
    assert limits.OUTPUT_CHARACTERS_MAX == core_limits.OUTPUT_SHOWN_CHARACTERS_MAX
    assert limits.PACKAGE_ZIP_BYTES_MAX == core_limits.PACKAGE_BYTES_MAX


def test_printed_text_may_be_cut_anywhere() -> None:
    import os

    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    printed = Printed(characters_max=4)
    for byte in "aé€z!!".encode():
        os.write(writer, bytes([byte]))
        printed.drain(reader)
    os.close(writer)
    assert not printed.drain(reader)
    os.close(reader)
    printed.close()
    assert printed.take() == "aé€z\n[2 more characters were printed and not kept]\n"


class FakeLambda:
    """Answers invocations as boto3's client does."""

    def __init__(self, payload: Any, error: str | None = None) -> None:
        self._payload, self._error = payload, error
        self.asked: dict[str, Any] = {}

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(self._payload).encode())}
        return answer | ({"FunctionError": self._error} if self._error else {})


def test_the_broker_is_a_function() -> None:
    client = FakeLambda({"tail": 4})
    assert LambdaBroker(client, "broker-function")({"op": "note"}) == {"tail": 4}
    assert client.asked == {"FunctionName": "broker-function", "Payload": b'{"op": "note"}'}


def test_a_request_that_lambda_would_not_take_is_refused_with_its_size() -> None:
    with pytest.raises(Refused, match="bytes at once") as caught:
        LambdaBroker(FakeLambda({}), "broker-function")({"op": "x" * limits.REQUEST_BYTES_MAX})
    assert caught.value.code == "limit-exceeded"


@pytest.mark.parametrize(
    ("client", "kind"),
    [
        (FakeLambda({"errorType": "TransientFault", "errorMessage": "x"}, "Unhandled"),
         "TransientFault"),
        (FakeLambda("text", "Unhandled"), "Unknown"),
        (FakeLambda([1]), "Unknown"),
    ],
)  # fmt: skip
def test_its_errors_are_faults(client: FakeLambda, kind: str) -> None:
    with pytest.raises(BrokerFault) as caught:
        LambdaBroker(client, "broker-function")({"op": "note"})
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("kind", "failed", "crash"),
    [
        ("TransientFault", True, "broker-unreachable"),
        ("ReadTimeoutError", False, "broker-unreachable"),
        ("Sandbox.Timedout", True, "broker-failed"),
        ("KeyError", True, "broker-failed"),
    ],
)
def test_a_broker_that_fails_at_a_request_is_told_from_one_that_is_away(
    clock: Clock, kind: str, failed: bool, crash: str
) -> None:
    def broker(request: Any) -> Any:
        raise BrokerFault(kind, "its own words", failed=failed)

    with pytest.raises(Unreachable) as caught:
        session(broker, clock).request("open")

    said = outcomes.unanswered(caught.value)
    assert said["outcome"] == "crashed" and said["crash"]["Error"] == crash
    assert kind in said["crash"]["Cause"]
    assert (crash == "broker-unreachable") == ("its own words" in said["crash"]["Cause"])


def test_a_function_that_asks_for_nothing_is_ended_when_its_job_is(worker: Worker) -> None:
    broker = MemoryBroker(body("while True: pass"))
    broker.refusals["note"] = {"code": "job-cancelled", "message": "It is to be cancelled."}

    outcome = Run(broker, worker.nursery, RUN, seconds=60, look_seconds=0.1).play()

    assert outcome["outcome"] == "yielded" and outcome["refused"]["code"] == "job-cancelled"
    assert broker.ops == ["open", "note"]


def test_an_outage_ends_no_function_that_asks_for_nothing(worker: Worker) -> None:
    broker = MemoryBroker(
        body("import time\nend = time.monotonic() + 2.5\nwhile time.monotonic() < end: pass")
    )

    def before(request: Any) -> None:
        if request["op"] == "note":
            raise BrokerFault("TransientFault", "away")

    broker.before = before
    run = Run(broker, worker.nursery, RUN, seconds=60, look_seconds=0.1)
    assert run.play() == {"outcome": "finished"}
    assert broker.ops == ["open", "note", "finish"]
