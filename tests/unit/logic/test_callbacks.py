"""What callbacks are told of a job's end, and when again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair.callbacks import InvalidCallback, verify
from bellpair_core.logic.callbacks.public_address import is_public
from bellpair_core.logic.callbacks.send_callback import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Fate,
    Sent,
    send_callback,
)
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.callback import Callback
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.ports import CallOutcome
from tests.examples import ACME, NOON
from tests.fakes import FakeClock
from tests.fakes.fake_callbacks import FakeCaller
from tests.fakes.memory_functions import MemoryFunctions

from .workplace import Workplace

SECRET = "cbs_secret"


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def accept(place: Workplace, **changes: Any) -> Job:
    """A job that a function runs in, with a callback."""
    function = Invocation(
        name="vqe-h2",
        version=3,
        alias="latest",
        worker="qiskit",
        entry="vqe_h2:VqeH2",
        inputs=BlobRef.within(b"{}"),
        seed=1,
        timeout_s=600,
        callback="cb-1",
    )
    return place.accept(function=function, **changes)


class Desk:
    """What sends word, and a job that ended."""

    def __init__(self, place: Workplace) -> None:
        self.ledger = place.ledger
        self.book = MemoryFunctions()
        self.book.put_callback(
            Callback(
                id="cb-1",
                tenant=ACME,
                url="https://hooks.example.com:8443/x?y=1",
                secret=SECRET,
                created_at=NOON,
            )
        )
        self.caller = FakeCaller()
        self.clock = FakeClock()
        self.job = accept(place, status=JobStatus.EXECUTING, attempt=1)

    def end(self, status: JobStatus = JobStatus.CANCELLED) -> None:
        """The job ends."""
        self.ledger.replace(self.job, self.job.moved(self.clock(), status))

    def send(self, attempt: int = 1) -> Sent:
        """One attempt."""
        return send_callback(
            self.job.id,
            attempt,
            ledger=self.ledger,
            book=self.book,
            caller=self.caller,
            clock=self.clock,
            api_endpoint="https://api.example.com/prod",
        )


@pytest.fixture
def desk(place: Workplace) -> Desk:
    return Desk(place)


def test_what_is_sent_is_signed_as_the_client_library_checks(desk: Desk) -> None:
    desk.end()

    assert desk.send().fate is Fate.DELIVERED

    ((host, port, path, headers, body),) = desk.caller.calls
    assert (host, port, path) == ("hooks.example.com", 8443, "/x?y=1")
    now = desk.clock().timestamp()
    told = verify(body, headers, SECRET, now=now)
    assert told["type"] == "job-ended"
    assert (told["job"]["id"], told["job"]["status"]) == (desk.job.id, "cancelled")
    assert told["job"]["function"] == {"name": "vqe-h2", "version": 3, "alias": "latest"}
    assert told["job"]["link"] == f"https://api.example.com/prod/v1/jobs/{desk.job.id}"
    assert told["job"]["finished_at"] == "2026-01-01T12:00:00Z"
    for changed in (body + b" ", body.replace(b"cancelled", b"succeeded")):
        with pytest.raises(InvalidCallback):
            verify(changed, headers, SECRET, now=now)
    with pytest.raises(InvalidCallback):
        verify(body, headers, "cbs_other", now=now)
    with pytest.raises(InvalidCallback):
        verify(body, headers, SECRET, now=now + 301)


def test_a_repetition_says_the_same_at_another_time(desk: Desk) -> None:
    desk.end()
    desk.caller.outcomes = [CallOutcome(status=503, problem="HTTP status 503")]

    first = desk.send(1)
    desk.clock.advance(first.pause)
    second = desk.send(2)

    assert (first.fate, second.fate) == (Fate.LATER, Fate.DELIVERED)
    (*_, once, body), (*_, again, repeated) = desk.caller.calls
    assert body == repeated
    assert once[TIMESTAMP_HEADER] != again[TIMESTAMP_HEADER]
    assert once[SIGNATURE_HEADER] != again[SIGNATURE_HEADER]


def test_the_pauses_grow_to_half_an_hour(desk: Desk) -> None:
    desk.end()
    desk.caller.outcomes = [CallOutcome(problem="no answer")] * 60

    pauses = [desk.send(attempt).pause.total_seconds() for attempt in (1, 2, 3, 8, 9, 50)]

    assert pauses == [10, 20, 40, 1280, 1800, 1800]


def test_a_job_that_goes_on_is_not_told_of(desk: Desk) -> None:
    assert desk.send().fate is Fate.DROPPED
    assert desk.caller.calls == []


def test_a_callback_that_was_deleted_hears_nothing(desk: Desk) -> None:
    desk.end()
    desk.book.delete_callback(ACME, "cb-1")

    assert desk.send().fate is Fate.DROPPED
    assert desk.caller.calls == []


def test_what_is_sent_holds_neither_inputs_nor_the_secret(desk: Desk) -> None:
    desk.end()
    desk.send()

    body = json.loads(desk.caller.calls[0][-1])
    assert set(body) == {"id", "type", "job"}
    assert SECRET not in desk.caller.calls[0][-1].decode()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "example.com",
        "",
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
