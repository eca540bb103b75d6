"""Lambda, Step Functions, SQS, EventBridge and API Gateway, as an application sees them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.integration.conftest import Small
from tests.polling import eventually

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2"])
def test_a_function_runs_with_its_layer_in_its_region(small: Small, region: str) -> None:
    result = small.invoke({"n": 1}, region)
    assert result == {"greeting": "hello from the layer", "region": region, "event": {"n": 1}}


def test_a_function_s_exception_is_reported_by_its_class(small: Small) -> None:
    error = small.invoke({"raise": True})
    assert error["errorType"] == "TransientFault"
    assert error["errorMessage"] == "asked to"
    assert "raise TransientFault" in error["stackTrace"][-1]


@pytest.mark.parametrize(
    ("data", "output"),
    [
        ({"n": 1}, {"greeting": "hello from the layer"}),
        ({"raise": True}, {"how": "caught"}),
        ({"raise_first": True}, {"greeting": "hello from the layer"}),
        ({"wait": 60, "answer": True, "raise": False}, {"answer": 42}),
        ({"wait": 60, "answer": False, "raise": True}, {"how": "caught"}),
        ({"wait": 1, "answer": False, "raise": False}, {"how": "timed out"}),
    ],
    ids=["result", "catch-by-name", "retry-by-name", "callback", "callback-raises", "timeout"],
)
def test_a_state_machine_follows_errors_by_name_and_waits_for_tokens(
    small: Small, data: dict[str, Any], output: dict[str, Any]
) -> None:
    execution = small.run_machine(data)
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]).items() >= output.items()


def test_a_result_over_256_kb_fails_its_state(small: Small) -> None:
    output = json.loads(small.run_machine({"bytes": 300_000})["output"])
    assert output["error"]["Error"] == "States.DataLimitExceeded"


def test_starting_the_same_execution_again_returns_it(small: Small) -> None:
    states = small.aws("stepfunctions")
    request = {
        "stateMachineArn": small.machine_arn,
        "name": uuid.uuid4().hex,
        "input": json.dumps({"wait": 30, "answer": False, "raise": False}),
    }
    first = states.start_execution(**request)
    assert states.start_execution(**request)["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(**request | {"input": "{}"})
    states.stop_execution(executionArn=first["executionArn"])


def test_a_queued_message_reaches_the_function(small: Small) -> None:
    key = uuid.uuid4().hex
    send(small, key)
    assert eventually(lambda: small.catalogue("us-east-1", key))["times"] == {"N": "1"}


def test_only_the_failed_message_of_a_batch_comes_again(small: Small) -> None:
    key = uuid.uuid4().hex
    queue = send(small, "poison", key)
    eventually(lambda: small.catalogue("us-east-1", "poison"))
    eventually(lambda: small.catalogue("us-east-1", key))

    def left() -> bool:
        attributes = small.aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])[
            "Attributes"
        ]
        return (
            attributes["ApproximateNumberOfMessages"],
            attributes["ApproximateNumberOfMessagesNotVisible"],
        ) == ("0", "1")

    assert eventually(left)
    small.aws("sqs").purge_queue(QueueUrl=queue)


def send(small: Small, *bodies: str) -> str:
    sqs = small.aws("sqs")
    queue: str = sqs.get_queue_url(QueueName="small-queue")["QueueUrl"]
    entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    return queue


def test_the_http_api_asks_its_authorizer(small: Small) -> None:
    hello = f"{small.api_url()}/hello"
    with httpx.Client(timeout=60) as http:
        assert http.get(hello).status_code == 401
        assert http.get(hello, headers={"Authorization": "open sesame"}).status_code == 401
        answer = http.get(hello, headers={"Authorization": "let-me-in"})
    assert answer.json() == {"path": "/hello", "who": "somebody"}
    assert answer.headers["x-greeting"] == "hello from the layer"


@pytest.mark.parametrize("failure", ["raise", "exit", "shape"])
def test_a_function_s_failure_is_told_in_the_api_s_own_words(small: Small, failure: str) -> None:
    answer = say_hello(small, failure)
    assert (answer.status_code, answer.json()) == (
        500,
        {"kind": "DEFAULT_5XX", "path": "/api/hello"},
    )
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-trace-id"].startswith("1-")


def test_a_body_over_10_mb_is_told_in_the_api_s_own_words(small: Small) -> None:
    answer = say_hello(small, "", b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()) == (
        413,
        {"kind": "REQUEST_TOO_LARGE", "path": "/api/hello"},
    )
    assert answer.headers["content-type"] == "application/problem+json"


def say_hello(small: Small, failure: str, body: bytes = b"") -> httpx.Response:
    return httpx.request(
        "GET",
        f"{small.api_url()}/hello",
        params={"fail": failure},
        headers={"Authorization": "let-me-in"},
        content=body,
        timeout=60,
    )


def test_a_function_gets_the_events_of_braket(small: Small) -> None:
    name = uuid.uuid4().hex
    answer = small.aws("events").put_events(
        Entries=[{"Source": "aws.braket", "DetailType": "x", "Detail": json.dumps({"name": name})}]
    )
    assert answer["FailedEntryCount"] == 0
    assert eventually(lambda: small.catalogue("us-east-1", f"braket {name}"))
