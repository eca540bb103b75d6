"""The load: who submits what, what is kept of it, and when nothing is to be submitted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from bellpair.errors import Conflict, Unreachable
from bellpair_local.drills.load import Load, OnRetry, submitted
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.records import Invoked, Request, Submission

FAST = 1000.0


@dataclass
class FakeRegion:
    """Accepts what it is sent; the first answers to some requests are faults."""

    faults: dict[str, list[Exception]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, number: int, on_retry: OnRetry) -> FakeClient:
        return FakeClient(self, on_retry)


@dataclass
class FakeClient:
    """Retries like the client library."""

    region: FakeRegion
    on_retry: OnRetry

    def submit(self, program: str, shots: int, device: str, *, idempotency_key: str | None) -> Any:
        key = idempotency_key or ""
        while faults := self.region.faults.get(key):
            fault = faults.pop(0)
            if not isinstance(fault, Unreachable) or fault.status == 0:
                raise fault
            self.on_retry(fault, 0.0)
        with self.region.lock:
            self.region.keys.append(key)
        return SimpleNamespace(id=f"job-{key}", record=SimpleNamespace(region="us-east-1", epoch=1))

    def invoke(self, name: str, *, seed: int | None, idempotency_key: str | None) -> Any:
        return SimpleNamespace(id=f"{name}-{seed}-{idempotency_key}")

    def close(self) -> None:
        """Nothing to close."""


def finished(load: Load) -> Load:
    load.start()
    deadline = time.monotonic() + 20
    while not load.over:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return load


def requests(jobs: int) -> Any:
    return Plan(jobs, FAST, 1).requests("run")


def test_each_request_is_submitted_once_with_its_own_key() -> None:
    region = FakeRegion()
    wanted = requests(30)
    load = finished(Load(wanted, FAST, region.client, clients=4))
    assert sorted(region.keys) == sorted(request.key for request in wanted)
    assert load.accepted == 30
    assert {made.job_id for made in load.submissions} == {f"job-{r.key}" for r in wanted}


def test_repeated_attempts_are_kept_with_the_submission_that_made_them() -> None:
    wanted = requests(2)
    region = FakeRegion({wanted[1].key: [Unreachable("gone"), Unreachable("gone")]})
    load = finished(Load(wanted, FAST, region.client, clients=1))
    assert [len(made.attempts) for made in load.submissions] == [0, 2]
    assert load.accepted == 2


def test_giving_up_is_a_client_error_and_a_device_known_to_be_offline_is_not() -> None:
    wanted = requests(2)
    region = FakeRegion(
        {
            wanted[0].key: [Unreachable("no answer", status=0)],
            wanted[1].key: [Conflict("ion-11 is offline", code="device-offline", status=409)],
        }
    )
    gave_up, refused = finished(Load(wanted, FAST, region.client, clients=1)).submissions
    assert (gave_up.error, gave_up.refused) == ("no answer", None)
    assert (refused.error, refused.refused) == (None, "device-offline")


def test_nothing_is_submitted_while_nothing_may_be() -> None:
    region = FakeRegion()
    allowed = threading.Event()
    load = Load(requests(5), FAST, region.client, 2, may_offer=allowed.is_set)
    load.start()
    assert load.submissions == []
    allowed.set()
    deadline = time.monotonic() + 20
    while not load.over:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert load.accepted == 5


def test_a_client_that_breaks_ends_the_load_with_its_error() -> None:
    def broken(number: int, on_retry: Callable[..., None]) -> FakeClient:
        raise RuntimeError("no client")

    load = Load(requests(3), FAST, broken, clients=2)
    load.start()
    with pytest.raises(RuntimeError, match="no client"):
        finished_or_failed(load)


def finished_or_failed(load: Load) -> None:
    deadline = time.monotonic() + 20
    while not load.over:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_seed_alone_fixes_what_is_submitted_and_when_the_outage_comes() -> None:
    plan = Plan(50, 5, 7)
    assert plan.requests("a") == plan.requests("a")
    assert plan.outage_after() == Plan(50, 5, 7).outage_after()
    assert [r.source for r in plan.requests("a")] == [r.source for r in plan.requests("b")]
    assert plan.requests("a") != Plan(50, 5, 8).requests("a")
    assert {r.device for r in plan.requests("a")} == {
        "sv1", "any", "any-qpu", "ion-11", "square-20",
    }  # fmt: skip


def test_two_runs_with_one_seed_share_no_idempotency_key() -> None:
    plan = Plan(50, 5, 7)
    assert not {r.key for r in plan.requests("a")} & {r.key for r in plan.requests("b")}


def test_a_function_is_invoked_with_its_seed_and_key() -> None:
    client = FakeRegion().client(0, lambda error, pause: None)
    request = Request(-1, "key", "", 0, "", Invoked("vqe-h2", 7))
    assert submitted(client, request).id == "vqe-h2-7-key"


def test_what_is_submitted_beside_the_load_is_promised_too() -> None:
    load = Load([], FAST, FakeRegion().client, 1)
    load.include(Submission(Request(-1, "key", "", 0, "", Invoked("f", 7)), 0.0, job_id="job-f"))
    assert load.promised == ["job-f"]
    assert len(load.submissions) == 1
