"""Submitting, waiting, and what comes back."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bellpair import (
    Client,
    Conflict,
    InvalidProgram,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobStatus,
    NotFound,
    ResultTimeout,
    TooLarge,
)
from bellpair.models import Queue
from bellpair.pacing import QUICKEST_POLL, SLOWEST_POLL, poll_interval
from bellpair.result import Result
from tests.unit.sdk.conftest import BELL
from tests.unit.sdk.fake_api import FakeLedger, FakeRegion, Fault
from tests.unit.sdk.fake_clock import FakeClock


@pytest.mark.parametrize(
    ("queue", "place"),
    [
        ({"position": 7, "position_is_bound": False}, "7"),
        ({"position": 1001, "position_is_bound": True}, "at least 1001"),
        ({"position": 7}, "7"),
        ({}, None),
    ],
)
def test_a_place_in_a_queue_says_whether_it_is_a_bound(
    queue: dict[str, object], place: str | None
) -> None:
    assert Queue.model_validate(queue).place == place


def test_a_submitted_program_comes_back_as_counts(client: Client, east: FakeRegion) -> None:
    job = client.submit(BELL, 1000, "sv1", name="bell", tags={"who": "me"})
    assert (job.status, job.record.shots, job.record.queue.position) == ("queued", 1000, 2)
    assert job.status is JobStatus.QUEUED

    result = job.result(timeout=60)

    assert result.counts == {"00": 503, "11": 497}
    assert result.probabilities == {"00": 0.503, "11": 0.497}
    assert (result.shots, result.device, result.bit_order) == (1000, "sv1", "little-endian")
    assert result.timings["compiling"] == 0.11
    assert result.compiled_program == "OPENQASM 3.0;"
    assert [event.type for event in job.record.events][-1] == "succeeded"
    assert job.usage is None
    assert client.job(job.id, cost=True).usage.total_usd == pytest.approx(0.3001551667)
    assert east.seen[0].body == {
        "source": BELL, "shots": 1000, "device": "sv1", "name": "bell", "tags": {"who": "me"},
    }  # fmt: skip


def test_fields_of_a_newer_service_are_kept(client: Client) -> None:
    job = client.submit(BELL, 10)
    assert job.record.to_dict()["from_the_future"] == {"unknown": True}


def test_a_status_of_a_newer_service_is_waited_through(
    client: Client, ledger: FakeLedger, east: FakeRegion
) -> None:
    job = client.submit(BELL, 10)
    east.faults.append(Fault(200, ledger.jobs[job.id] | {"status": "teleporting"}))
    seen: list[str] = []
    job.result(timeout=60, on_poll=lambda job: seen.append(str(job.status)))
    assert seen[0] == "teleporting"
    assert seen[-1] == "succeeded"


def test_a_failed_job_raises_its_own_code_message_and_remedy(
    client: Client, ledger: FakeLedger
) -> None:
    ledger.error = {
        "code": "task-failed",
        "message": "The laser is off.",
        "remedy": "Switch it on.",
    }
    job = client.submit(BELL, 10)
    with pytest.raises(JobFailed, match=r"The laser is off\. Switch it on\.") as caught:
        job.result()
    assert (caught.value.code, caught.value.job_id) == ("task-failed", job.id)
    assert not isinstance(caught.value, JobCancelled)


def test_a_cancelled_job_raises_so(client: Client) -> None:
    job = client.submit(BELL, 10)
    assert job.cancel().status == "cancelled"
    with pytest.raises(JobCancelled) as caught:
        job.result()
    assert caught.value.job_id == job.id


def test_a_job_that_is_late_raises_a_timeout_and_goes_on(
    client: Client, ledger: FakeLedger, clock: FakeClock
) -> None:
    ledger.stuck = True
    job = client.submit(BELL, 10)
    with pytest.raises(ResultTimeout) as caught:
        job.result(timeout=12.5)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.job_id == job.id
    assert clock.now == pytest.approx(12.5)

    ledger.stuck = False
    assert job.result().counts


def test_a_timeout_of_zero_looks_once(client: Client, east: FakeRegion) -> None:
    job = client.submit(BELL, 10)
    with pytest.raises(ResultTimeout):
        job.result(timeout=0)
    assert east.paths().count(f"GET /v1/jobs/{job.id}") == 1


def test_waiting_looks_often_at_first_and_rarely_later(
    client: Client, ledger: FakeLedger, clock: FakeClock
) -> None:
    ledger.stuck = True
    with pytest.raises(ResultTimeout):
        client.submit(BELL, 10).result(timeout=100)
    pauses = clock.sleeps[:-1]
    assert pauses[0] == QUICKEST_POLL
    assert pauses[-1] == SLOWEST_POLL
    assert pauses == sorted(pauses)


def test_looking_is_never_later_than_a_share_of_the_wait() -> None:
    assert poll_interval(0.0) == QUICKEST_POLL
    assert poll_interval(1.0) == pytest.approx(0.2)
    assert poll_interval(3600.0) == SLOWEST_POLL


def test_waiting_outlasts_an_outage(
    client: Client, east: FakeRegion, west: FakeRegion, clock: FakeClock
) -> None:
    job = client.submit(BELL, 10)
    east.faults.extend([Fault(503)] * 30)
    west.faults.extend([Fault(503)] * 30)
    assert job.result().counts
    assert clock.now > 30


def test_an_outage_does_not_stretch_the_timeout(
    client: Client, east: FakeRegion, west: FakeRegion, clock: FakeClock
) -> None:
    job = client.submit(BELL, 10)
    east.faults.extend([Fault(503)] * 500)
    west.faults.extend([Fault(503)] * 500)
    with pytest.raises(ResultTimeout):
        job.result(timeout=20)
    assert clock.now <= 21


def test_all_pages_are_walked_and_no_more_than_needed(client: Client, east: FakeRegion) -> None:
    made = [client.submit(BELL, 10).id for _ in range(7)]
    assert [job.id for job in client.jobs()] == made[::-1]

    before = len(east.seen)
    assert [job.id for job in client.jobs(limit=2)] == made[:-3:-1]
    assert len(east.seen) == before + 1


def test_filters_reach_the_service(client: Client, east: FakeRegion) -> None:
    client.submit(BELL, 10)
    assert list(client.jobs(status="failed", device="sv1")) == []
    assert east.seen[-1].query["status"] == "failed"
    assert east.seen[-1].query["device"] == "sv1"


def test_the_same_key_and_body_is_the_same_job(client: Client) -> None:
    first = client.submit(BELL, 10, idempotency_key="mine")
    assert client.submit(BELL, 10, idempotency_key="mine").id == first.id


def test_the_same_key_with_another_body_is_a_conflict(client: Client) -> None:
    client.submit(BELL, 10, idempotency_key="mine")
    with pytest.raises(Conflict):
        client.submit(BELL, 11, idempotency_key="mine")


@pytest.mark.parametrize("key", ["", " ", "a\nb", "é"])
def test_an_idempotency_key_that_no_header_can_carry_is_refused(
    client: Client, east: FakeRegion, key: str
) -> None:
    with pytest.raises(InvalidRequest):
        client.submit(BELL, 10, idempotency_key=key)
    assert east.seen == []


def test_a_number_that_is_not_finite_is_never_sent(client: Client, east: FakeRegion) -> None:
    with pytest.raises(InvalidRequest, match="not finite"):
        client.submit(BELL, 10, constraints={"max_cost_usd": math.inf})
    assert east.seen == []


def test_an_unknown_job_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound):
        client.job("job-unknown")


@pytest.mark.parametrize("job_id", ["", "../devices", "job-1/result", "job-1?x=1", "jöb"])
def test_what_cannot_be_a_job_id_is_never_sent(
    client: Client, east: FakeRegion, job_id: str
) -> None:
    with pytest.raises(InvalidRequest):
        client.job(job_id)
    assert east.seen == []


def test_health_tells_of_each_endpoint(east: FakeRegion, dead_url: str) -> None:
    with Client([east.url, dead_url], None) as client:
        health = client.health()
    assert (health[east.url].status, health[east.url].region) == ("ok", "us-east-1")
    assert health[dead_url].status == "unreachable"


def test_a_file_is_submitted_by_its_path(client: Client, east: FakeRegion, tmp_path: Path) -> None:
    (tmp_path / "bell.qasm").write_text(BELL)
    client.submit(tmp_path / "bell.qasm", 10)
    assert east.seen[-1].body["source"] == BELL


def test_a_files_name_in_place_of_a_program_is_noticed(client: Client, east: FakeRegion) -> None:
    with pytest.raises(InvalidProgram, match=r"Pass Path\('bell.qasm'\)"):
        client.submit("bell.qasm", 10)
    assert east.seen == []


def test_a_source_of_a_mebibyte_is_sent_and_one_byte_more_is_not(
    client: Client, east: FakeRegion
) -> None:
    largest = BELL + "/" * (1024 * 1024 - len(BELL))
    client.submit(largest, 10)
    sent = len(east.seen)
    with pytest.raises(TooLarge):
        client.submit(largest + "/", 10)
    assert len(east.seen) == sent


@pytest.mark.parametrize("program", ["", " \n", 7, None, b"\xff\xfe\x00"])
def test_what_is_no_program_is_refused(client: Client, program: object) -> None:
    with pytest.raises(InvalidProgram):
        client.submit(program, 10)


def test_a_file_that_is_missing_or_no_text_is_refused(client: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidProgram, match="No such file"):
        client.submit(tmp_path / "missing.qasm", 10)
    (tmp_path / "noise.qasm").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidProgram, match="UTF-8"):
        client.submit(tmp_path / "noise.qasm", 10)


def test_a_qiskit_circuit_is_submitted_as_openqasm(client: Client, east: FakeRegion) -> None:
    qiskit = pytest.importorskip("qiskit")
    circuit = qiskit.QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    client.submit(circuit, 10)
    source = east.seen[-1].body["source"]
    assert source.startswith("OPENQASM 3")
    assert "cx q[0], q[1];" in source


def test_the_most_common_outcomes_come_first_and_ties_in_order() -> None:
    result = Result(job_id="job-1", counts={"11": 5, "00": 5, "01": 9}, shots=19)
    assert result.most_common() == [("01", 9), ("00", 5), ("11", 5)]
    assert result.most_common(1) == [("01", 9)]


def test_no_counts_have_no_probabilities() -> None:
    assert Result(job_id="job-1", counts={}, shots=0).probabilities == {}
