"""The proxy lets a command pass up to a moment, and nothing of it through from there on."""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from bellpair_deploy_check.gate import Gate, Moment, open_gate
from bellpair_deploy_check.requests_seen import Request, operation
from tests.polling import eventually
from tests.unit.deploy_check.conftest import Cloud

pytestmark = pytest.mark.unit

SIGNED = "AWS4-HMAC-SHA256 Credential=424242424242/20260228/us-east-1/{}/aws4_request, Signature=0"
CREATE_STACK = b"Action=CreateStack&Version=2010-05-15"


def connection(gate: Gate) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(gate.endpoint).netloc, timeout=30)


def post(gate: Gate, body: bytes, service: str = "cloudformation") -> http.client.HTTPResponse:
    asking = connection(gate)
    asking.request("POST", "/", body, {"authorization": SIGNED.format(service)})
    return asking.getresponse()


def test_what_is_asked_and_answered_goes_through_as_it_is(gate: Gate, cloud: Cloud) -> None:
    answer = post(gate, b"Action=ListStacks")

    assert (answer.status, answer.read()) == (201, b"Action=ListStacks")
    assert answer.getheader("X-Amz-Request") == "7"
    assert cloud.asked == [("POST", "/", b"Action=ListStacks")]


def test_a_body_in_chunks_arrives_whole(gate: Gate, cloud: Cloud) -> None:
    asking = connection(gate)
    asking.request("PUT", "/bucket/key", iter([b"one ", b"two"]), encode_chunked=True)

    assert asking.getresponse().read() == b"one two"
    assert cloud.asked == [("PUT", "/bucket/key", b"one two")]


def test_the_size_of_what_is_only_looked_at_is_told(gate: Gate) -> None:
    asking = connection(gate)
    asking.request("HEAD", "/bucket/key")
    answer = asking.getresponse()

    assert (answer.getheader("Content-Length"), answer.read()) == ("12345", b"")


@pytest.mark.parametrize("carried_out", [True, False])
def test_the_request_of_the_moment_is_carried_out_or_not_and_never_answered(
    gate: Gate, cloud: Cloud, carried_out: bool
) -> None:
    wanted = frozenset({"cloudformation:CreateStack"})
    gate.hold_at(Moment(wanted, 2, carried_out=carried_out))
    assert post(gate, CREATE_STACK).status == 201
    assert post(gate, b"Action=ListStacks").status == 201
    assert not gate.reached.is_set()
    ended: list[BaseException] = []

    def second() -> None:
        try:
            post(gate, CREATE_STACK)
        except http.client.RemoteDisconnected as error:
            ended.append(error)

    asking = threading.Thread(target=second)
    asking.start()

    assert gate.reached.wait(30)
    gate.let_go()
    asking.join(30)
    assert len(ended) == 1
    assert len(cloud.asked) == (3 if carried_out else 2)


def test_nothing_gets_through_after_the_moment_until_it_is_let_go(gate: Gate, cloud: Cloud) -> None:
    gate.hold_at(Moment(frozenset({"cloudformation:CreateStack"}), 1, carried_out=False))
    request = Request("POST", "/", {"Authorization": SIGNED.format("cloudformation")}, CREATE_STACK)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(gate.pass_on, request)
        assert gate.reached.wait(30)
        later = pool.submit(gate.pass_on, request._replace(body=b"Action=ListStacks"))
        eventually(lambda: gate.kept == 2)
        gate.let_go()

        assert (first.result(30), later.result(30), cloud.asked) == (None, None, [])

    assert post(gate, CREATE_STACK).status == 201


def test_a_cloud_that_is_gone_is_told_as_such() -> None:
    with open_gate("http://127.0.0.1:9") as gate:
        answer = post(gate, b"Action=ListStacks")

    assert answer.status == 502
    assert b"does not answer" in answer.read()


@pytest.mark.parametrize(
    ("method", "target", "service", "body", "expected"),
    [
        ("POST", "/", "cloudformation", CREATE_STACK, "cloudformation:CreateStack"),
        ("PUT", "/bucket/key.zip?x-id=PutObject", "s3", b"zip", "s3:PutObject"),
        ("PUT", "/bucket/key.zip?partNumber=2&uploadId=7", "s3", b"zip", "s3:UploadPart"),
        ("PUT", "/bucket", "s3", b"", "s3:PUT"),
        ("HEAD", "/bucket/key.zip", "s3", b"", "s3:HEAD"),
        ("POST", "/", "states", b"{}", ""),
    ],
)
def test_an_operation_is_read_from_the_request(
    method: str, target: str, service: str, body: bytes, expected: str
) -> None:
    request = Request(method, target, {"Authorization": SIGNED.format(service)}, body)

    assert operation(request) == expected


def test_an_unsigned_request_has_no_operation() -> None:
    assert operation(Request("POST", "/", {}, CREATE_STACK)) == ""
