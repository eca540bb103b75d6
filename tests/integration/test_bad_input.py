"""Requests that are refused, over real HTTP: the same table that the API's own tests use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from bellpair_core.logic.page_token import LIFETIME, write_page_token
from bellpair_core.model.limits import CACHE_SECONDS
from tests.bad_input import BAD_INPUTS, BadInput, submission, unmet
from tests.running_cloud import RunningCloud

BRAKET_REGION = "us-east-1"


@pytest.fixture(scope="module")
def tenant() -> str:
    """A tenant's name that nobody else has."""
    return f"acme-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def stranger(cloud: RunningCloud, tenant: str) -> Iterator[httpx.Client]:
    """A user of a tenant that never had a job accepted."""
    with cloud.http(key=cloud.client_file["operator_key"]) as operator:
        made = operator.post("/v1/tenants", json={"name": tenant})
    assert made.status_code == 201, made.text
    with cloud.http(key=made.json()["api_key"]) as client:
        yield client


@pytest.mark.parametrize("case", [case for case in BAD_INPUTS if not case.needs_devices], ids=str)
def test_it_is_refused_with_a_place_and_a_remedy(
    cloud: RunningCloud, stranger: httpx.Client, case: BadInput
) -> None:
    headers = {"Content-Type": "application/json", **case.headers}
    if case.authorization is None:
        headers["Authorization"] = stranger.headers["Authorization"]
    elif case.authorization:
        headers["Authorization"] = case.authorization
    with cloud.http(key=None) as http:
        answer = http.request(case.method, case.path, content=case.content, headers=headers)

    assert answer.status_code == case.status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert unmet(case, answer.json()) == []
    assert answer.json()["request_id"]


@pytest.mark.parametrize(
    ("status", "code"), [("OFFLINE", "device-offline"), ("RETIRED", "device-retired")]
)
def test_a_device_that_went_away_takes_no_job(
    cloud: RunningCloud, stranger: httpx.Client, status: str, code: str
) -> None:
    with cloud.emulator(BRAKET_REGION) as emulator:
        emulator.put("/_emulator/devices/ion-11", json={"status": status}).raise_for_status()
        try:
            await_status(stranger, status.lower())
            answer = stranger.post("/v1/jobs", json=submission(device="ion-11"))
        finally:
            emulator.put("/_emulator/devices/ion-11", json={"status": "ONLINE"})
            await_status(stranger, "online")

    assert answer.json()["code"] == code
    assert "ion-11" in answer.json()["detail"]
    assert answer.json()["remedy"]


def test_a_name_of_a_device_that_has_too_few_qubits_comes_with_those_that_fit(
    stranger: httpx.Client,
) -> None:
    wide = "OPENQASM 3.0; qubit[20] q; bit[20] c; c = measure q;"

    answer = stranger.post("/v1/jobs", json=submission(source=wide, device="ion-11"))

    assert (answer.status_code, answer.json()["code"]) == (422, "program-too-wide")
    assert "square-20" in answer.text
    assert "sv1" in answer.text


def test_a_disabled_key_is_refused(
    cloud: RunningCloud, tenant: str, stranger: httpx.Client
) -> None:
    with cloud.http(key=cloud.client_file["operator_key"]) as operator:
        made = operator.post(f"/v1/tenants/{tenant}/keys", json={}).json()
        path = f"/v1/tenants/{tenant}/keys/{made['key_id']}"
        forbidden = stranger.delete(path)
        disabled = operator.delete(path)
    with cloud.http(key=made["api_key"]) as holder:
        refused = holder.get("/v1/jobs")

    assert (forbidden.status_code, disabled.status_code) == (403, 200), disabled.text
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")


def test_more_shots_than_the_device_takes_are_refused_with_its_range(
    stranger: httpx.Client,
) -> None:
    answer = stranger.post("/v1/jobs", json=submission(device="ion-11", shots=10_001))

    assert (answer.status_code, answer.json()["code"]) == (422, "shots-out-of-range")
    assert (answer.json()["shots_min"], answer.json()["shots_max"]) == (1, 10_000)


def test_a_page_token_of_long_ago_is_refused(stranger: httpx.Client, tenant: str) -> None:
    fresh = page_token(tenant, at=datetime.now(UTC))
    old = page_token(tenant, at=datetime.now(UTC) - LIFETIME - timedelta(minutes=1))

    assert stranger.get("/v1/jobs", params={"page_token": fresh}).status_code == 200
    answer = stranger.get("/v1/jobs", params={"page_token": old})

    assert (answer.status_code, answer.json()["code"]) == (400, "page-token-invalid")
    assert "an hour old" in answer.json()["detail"]


def test_a_damaged_page_token_is_refused(stranger: httpx.Client, tenant: str) -> None:
    token = page_token(tenant, at=datetime.now(UTC))
    middle = len(token) // 2
    damaged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]

    for changed in (damaged, token[:-5]):
        answer = stranger.get("/v1/jobs", params={"page_token": changed})
        assert (answer.status_code, answer.json()["code"]) == (400, "page-token-invalid")
        assert "damaged" in answer.json()["detail"]


def page_token(tenant: str, at: datetime) -> str:
    """A token as the API itself writes it for the tenant's unfiltered listing."""
    position = {"0": "2026-01-01T00:00:00.000000#job-0"}
    return write_page_token(
        position, tenant=tenant, filters={"status": None, "device": None}, at=at
    )


def test_nothing_of_all_this_was_stored(stranger: httpx.Client) -> None:
    listed = stranger.get("/v1/jobs").json()

    assert listed["jobs"] == []


def await_status(http: httpx.Client, wanted: str, within_s: float = 60.0) -> None:
    """Wait until the catalogue shows the device's change, which an event brings, to every worker.

    Each of the API's workers trusts what it read for a while, and any of them may answer; once
    nothing else was seen for longer than that, nothing else is remembered.
    """
    deadline = time.monotonic() + within_s
    seen_since: float | None = None
    while seen_since is None or time.monotonic() - seen_since < CACHE_SECONDS + 0.5:
        asked = time.monotonic()
        devices = {device["name"]: device for device in http.get("/v1/devices").json()["devices"]}
        if devices["ion-11"]["status"] != wanted:
            seen_since = None
        elif seen_since is None:
            seen_since = asked
        assert asked < deadline, f"ion-11 is still {devices['ion-11']['status']}"
        time.sleep(0.1)
