"""Whether a receiver of callbacks can tell Bellpair's from anybody's."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from bellpair.callbacks import InvalidCallback, signature, verify

SECRET = "cbs_Zm9vYmFy"
BODY = json.dumps({"id": "d-1", "job": {"id": "job-1", "status": "succeeded"}}).encode()
SIGNED_AT = 1_767_268_800


def headers(body: bytes = BODY, at: int = SIGNED_AT, secret: str = SECRET) -> dict[str, str]:
    return {
        "X-Bellpair-Timestamp": str(at),
        "X-Bellpair-Signature": signature(body, at, secret),
    }


def test_what_was_signed_is_read() -> None:
    told = verify(BODY, headers(), SECRET, now=SIGNED_AT + 3)
    assert told["job"] == {"id": "job-1", "status": "succeeded"}
    assert verify(BODY.decode(), headers(), SECRET, now=SIGNED_AT) == told


def test_the_signature_is_the_documented_one() -> None:
    expected = hmac.new(SECRET.encode(), f"{SIGNED_AT}.".encode() + BODY, hashlib.sha256)
    assert headers()["X-Bellpair-Signature"] == f"v1={expected.hexdigest()}"


def test_names_of_headers_have_no_case_and_one_of_several_signatures_is_enough() -> None:
    given = {name.lower(): value for name, value in headers().items()}
    given["x-bellpair-signature"] = f"v0=abc, {given['x-bellpair-signature']}"
    assert verify(BODY, given, SECRET, now=SIGNED_AT)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"X-Bellpair-Timestamp": str(SIGNED_AT)},
        {"X-Bellpair-Signature": headers()["X-Bellpair-Signature"]},
        headers() | {"X-Bellpair-Timestamp": "soon"},
        headers() | {"X-Bellpair-Timestamp": str(SIGNED_AT + 1)},
        headers() | {"X-Bellpair-Signature": "v1="},
        headers() | {"X-Bellpair-Signature": "v1=é"},
        headers(secret="cbs_other"),
        headers(body=BODY + b" "),
    ],
)
def test_what_was_not_signed_so_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InvalidCallback):
        verify(BODY, given, SECRET, now=SIGNED_AT)


@pytest.mark.parametrize("away", [-301, 301])
def test_an_old_call_is_refused_and_so_is_one_of_the_future(away: int) -> None:
    with pytest.raises(InvalidCallback, match="301 s away"):
        verify(BODY, headers(), SECRET, now=SIGNED_AT + away)
    assert verify(BODY, headers(), SECRET, tolerance_s=400, now=SIGNED_AT + away)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"nonsense"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidCallback, match="no JSON object"):
        verify(body, headers(body), SECRET, now=SIGNED_AT)
