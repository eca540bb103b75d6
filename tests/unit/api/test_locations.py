"""Where an answer says that the job, or what was made, is."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest

from tests.bad_input import submission

from .conftest import Api
from .functions import deploy, deployment, entry, package
from .gateway import HttpAnswer
from .test_triggers import DROP

BASES = [
    "https://abc123.execute-api.us-east-1.amazonaws.com/api",
    "http://127.0.0.1:4566/restapis/abc123/api/_user_request_",
    "https://quantum.example.com",
    "https://example.com/labs/quantum",
]

Asking = Callable[[Api, str, str], HttpAnswer]
"""Sends a good request to a path."""


def submitted(api: Api, key: str, path: str) -> HttpAnswer:
    return api.request("POST", path, key=key, body=submission())


def invoked(api: Api, key: str, path: str) -> HttpAnswer:
    deploy(api, key)
    return api.request("POST", path, key=key, body={"inputs": {"distance": 0.74}})


def deployed(api: Api, key: str, path: str) -> HttpAnswer:
    api.world.workers.entries = [entry()]
    return api.request("POST", path, key=key, body=deployment(package()))


def triggered(api: Api, key: str, path: str) -> HttpAnswer:
    return api.request("POST", path, key=key, body=DROP)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("path", "ask", "status", "same"),
    [
        ("/v1/jobs", submitted, 202, "id"),
        ("/v1/functions/vqe-h2/invocations", invoked, 202, "id"),
        ("/v1/functions/vqe-h2:latest/invocations", invoked, 202, "id"),
        ("/v1/functions", deployed, 201, "digest"),
        ("/v1/triggers", triggered, 201, "name"),
    ],
)
def test_a_location_leads_to_what_was_made_under_any_url(
    api: Api, key: str, base: str, slash: str, path: str, ask: Asking, status: int, same: str
) -> None:
    answer = ask(api, key, path + slash)

    assert answer.status == status
    found = urljoin(base + path + slash, answer.headers["location"])
    assert found.startswith(f"{base}/v1/")
    behind = urlsplit(found).path.removeprefix(urlsplit(base).path)
    shown = api.request("GET", behind, key=key)
    assert (shown.status, shown.json[same]) == (200, answer.json[same])


def test_a_repeated_request_leads_to_the_same(api: Api, key: str) -> None:
    sent = {"Idempotency-Key": "once"}

    first, again = (
        api.request("POST", "/v1/jobs", key=key, headers=sent, body=submission()) for _ in range(2)
    )

    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
