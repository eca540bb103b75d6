"""Errors say what happened, where, and what to do; and never the key."""

from __future__ import annotations

import logging
import traceback

import pytest

from bellpair import (
    AuthError,
    BellpairError,
    Client,
    ConfigurationError,
    Conflict,
    InvalidProgram,
    InvalidRequest,
    NotFound,
    ServerError,
    TooLarge,
)
from bellpair.configuration import Configuration
from tests.unit.sdk.conftest import BELL
from tests.unit.sdk.fake_api import KEY, FakeRegion, Fault, problem


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "request-invalid", InvalidRequest),
        (401, "unauthenticated", AuthError),
        (403, "forbidden", AuthError),
        (404, "job-not-found", NotFound),
        (409, "idempotency-conflict", Conflict),
        (413, "source-too-large", TooLarge),
        (422, "device-unknown", InvalidRequest),
        (422, "program-too-wide", InvalidProgram),
        (500, "internal", ServerError),
    ],
)
def test_a_problem_document_becomes_its_exception(
    lone_client: Client, east: FakeRegion, status: int, code: str, kind: type[BellpairError]
) -> None:
    east.faults.append(Fault(status, problem(status, code, "What.", remedy="Do this.")))
    with pytest.raises(BellpairError) as caught:
        lone_client.devices()
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.detail, error.remedy, error.request_id) == (
        status, code, "What.", "Do this.", "req-42",
    )  # fmt: skip
    assert str(error) == f"What. Do this. [{code}, request req-42]"


def test_a_syntax_error_has_its_place(lone_client: Client) -> None:
    with pytest.raises(InvalidProgram) as caught:
        lone_client.submit(BELL + "  bad q[0];\n", 100)
    assert (caught.value.line, caught.value.column) == (8, 3)
    assert str(caught.value).startswith("line 8, column 3: The gate 'bad' is not defined.")


@pytest.mark.parametrize(
    "raw", [b"", b"<html>Bad gateway</html>", b"[1, 2]", b'"text"', b'{"detail": 7, "line": "x"}']
)
def test_an_answer_that_is_no_problem_document_still_makes_sense(
    lone_client: Client, east: FakeRegion, raw: bytes
) -> None:
    east.faults.append(Fault(500, raw=raw))
    with pytest.raises(ServerError, match="HTTP status 500") as caught:
        lone_client.devices()
    assert caught.value.request_id == "req-42"


def test_a_gateways_own_message_is_kept(lone_client: Client, east: FakeRegion) -> None:
    east.faults.append(Fault(401, {"message": "Unauthorized"}))
    with pytest.raises(AuthError, match="Unauthorized"):
        lone_client.devices()


@pytest.mark.parametrize("raw", [b"<html>Welcome</html>", b"[]"])
def test_a_success_that_is_not_bellpairs_is_told_apart(
    lone_client: Client, east: FakeRegion, raw: bytes
) -> None:
    east.faults.append(Fault(200, raw=raw))
    with pytest.raises(ServerError, match="Check that the endpoint is Bellpair's"):
        lone_client.devices()


def test_an_answer_that_does_not_fit_names_the_field(lone_client: Client, east: FakeRegion) -> None:
    east.faults.append(Fault(200, {"id": "job-1"}))
    with pytest.raises(ServerError, match="JobRecord: status"):
        lone_client.job("job-1")


def test_the_key_is_in_no_representation(lone_client: Client) -> None:
    shown = [
        repr(lone_client),
        repr(lone_client._transport),
        repr(Configuration(("https://x",), KEY)),
    ]
    assert not any(KEY in text for text in shown)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(401, problem(401, "unauthenticated", f"{KEY} is wrong", errors=[{"detail": KEY}])),
        Fault(422, problem(422, "program-invalid", KEY, line=1, remedy=f"not {KEY}")),
        Fault(500, {"message": f"Authorization: Bearer {KEY}"}),
        Fault(200, {"id": KEY}),
        Fault(lose_answer=True),
    ],
)
def test_the_key_is_in_no_error_and_no_log(
    east: FakeRegion, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    east.faults.extend([fault] * 3)
    with Client([east.url], KEY, timeout=0.05) as client, pytest.raises(BellpairError) as caught:
        client.job("job-1")
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error) + str(error.to_dict())
    assert KEY not in told
    assert KEY not in caplog.text
    assert caplog.records, "the HTTP library's own log must have been looked at"


@pytest.mark.parametrize("key", ["bp_x_pass word", "bp_x_pass\nword", "bp_x_passwörd"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an API key") as caught:
        Client(["http://127.0.0.1:1"], key)
    error = caught.value
    assert "pass" not in str(error) + repr(error)
    assert error.__cause__ is None
