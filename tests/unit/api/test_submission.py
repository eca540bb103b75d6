"""Submitting jobs."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import schemas
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import JobStatus, job_id
from bellpair_core.model.limits import (
    CACHE_SECONDS,
    INLINE_BLOB_BYTES_MAX,
    RESULT_BITS_MAX,
    SOURCE_BYTES_MAX,
)
from bellpair_core.model.pair import PairMode, PairRecord
from tests.bad_input import OBSTACLES, submission
from tests.examples import BELL, SV1

from .conftest import Api
from .gateway import HttpAnswer


def submit(api: Api, key: str, idempotency_key: str | None = None, **changes: object) -> HttpAnswer:
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    return api.request("POST", "/v1/jobs", key=key, headers=headers, body=submission(**changes))


def large_program() -> str:
    """A program whose comment cannot be compressed into a job's own record."""
    return f"{BELL}// {random.Random(1).randbytes(2 * INLINE_BLOB_BYTES_MAX).hex()}\n"


def let_caches_expire(api: Api) -> None:
    api.world.clock.advance(timedelta(seconds=CACHE_SECONDS + 0.1))


def test_a_good_submission_is_stored_once_and_wakes_its_queue(api: Api, key: str) -> None:
    answer = submit(api, key, "first", name="bell", tags={"team": "blue"})

    job = api.world.ledger.jobs[job_id("acme", "first")]
    assert answer.status == 202
    assert schemas.Job.model_validate(answer.json).id == job.id
    assert (job.status, job.epoch, job.region) == (JobStatus.QUEUED, 1, "us-east-1")
    assert (job.tenant, job.name, job.tags) == ("acme", "bell", {"team": "blue"})
    assert (job.num_qubits, job.num_bits, job.language_version) == (2, 2, "3.0")
    assert api.world.blobs.get(job.program) == BELL.encode()
    assert [event.type for event in job.events] == ["queued"]
    assert (api.world.ledger.writes, api.world.wakeups.queues) == (1, ["sv1"])


def test_a_job_keeps_the_trace_of_its_submission(api: Api, key: str) -> None:
    root = "1-5759e988-bd862e3fe1be46a994272793"
    sent = {"X-Amzn-Trace-Id": f"Root={root};Sampled=1"}

    traced = api.request("POST", "/v1/jobs", key=key, headers=sent, body=submission())
    untraced = submit(api, key)

    for answer in (traced, untraced):
        assert answer.json["trace_id"] == answer.headers["x-trace-id"]
        shown = api.request("GET", f"/v1/jobs/{answer.json['id']}", key=key)
        assert shown.json["trace_id"] == answer.json["trace_id"]
    assert traced.json["trace_id"] == root


def test_an_accepted_job_carries_what_its_acceptance_consumed(api: Api, key: str) -> None:
    submit(api, key, "first")

    usage = api.world.ledger.jobs[job_id("acme", "first")].usage
    assert (usage.lambda_requests, usage.queue_requests) == (1, 1)
    assert usage.lambda_gb_s > 0


def test_without_a_key_each_submission_is_a_new_job(api: Api, key: str) -> None:
    first, second = submit(api, key), submit(api, key)

    assert first.json["id"] != second.json["id"]
    assert len(api.world.ledger.jobs) == 2


def test_the_same_key_and_body_give_the_same_job(api: Api, key: str) -> None:
    first = submit(api, key, "k", tags={"a": "1", "b": "2"})
    again = submit(api, key, "k", tags={"b": "2", "a": "1"})

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(api.world.ledger.jobs) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"shots": 101},
        {"device": "any"},
        {"source": BELL + "\n"},
        {"name": "n"},
        {"tags": {"t": ""}},
    ],
    ids=str,
)
def test_the_same_key_with_another_body_is_a_conflict(
    api: Api, key: str, change: dict[str, object]
) -> None:
    first = submit(api, key, "k")

    second = submit(api, key, "k", **change)

    assert (second.status, second.json["code"]) == (409, "idempotency-conflict")
    assert second.json["job_id"] == first.json["id"]
    assert api.world.ledger.jobs[first.json["id"]].shots == 100


def test_a_conflict_leaves_nothing_of_a_large_program_behind(api: Api, key: str) -> None:
    submit(api, key, "k")

    conflict = submit(api, key, "k", source=large_program())

    assert (conflict.status, conflict.json["code"]) == (409, "idempotency-conflict")
    assert api.world.blobs.stored == {}


def test_a_large_program_that_is_sent_again_gives_the_same_job(api: Api, key: str) -> None:
    program = large_program()
    first = submit(api, key, "k", source=program)
    again = submit(api, key, "k", source=program)

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert list(api.world.blobs.stored.values()) == [program.encode()]


def test_only_a_large_program_is_asked_for_before_it_is_stored(api: Api, key: str) -> None:
    submit(api, key, "warm")
    reads = api.world.ledger.reads

    submit(api, key, "small")
    assert api.world.ledger.reads == reads
    submit(api, key, "large", source=large_program())
    assert api.world.ledger.reads == reads + 1


def test_two_tenants_may_use_the_same_key(api: Api, key: str) -> None:
    mine = submit(api, key, "k")
    theirs = submit(api, api.new_key(tenant="blue"), "k", shots=7)

    assert theirs.status == 202
    assert mine.json["id"] != theirs.json["id"]


def test_a_repetition_is_answered_though_its_device_went_offline_meanwhile(
    api: Api, key: str
) -> None:
    first = submit(api, key, "k")
    api.world.catalogue.put_device(SV1.model_copy(update={"status": DeviceStatus.OFFLINE}))
    let_caches_expire(api)

    again, other = submit(api, key, "k"), submit(api, key, "k", shots=5)

    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert other.json["code"] == "device-offline"


def test_a_repetition_does_not_wake_the_queue_of_a_finished_job(api: Api, key: str) -> None:
    first = submit(api, key, "k")
    api.request("DELETE", f"/v1/jobs/{first.json['id']}", key=key)
    api.world.wakeups.queues.clear()

    again = submit(api, key, "k")

    assert (again.json["status"], api.world.wakeups.queues) == ("cancelled", [])


def test_any_device_will_do_when_one_fits(api: Api, key: str) -> None:
    answer = submit(api, key, device="any", shots=100_000)

    assert (answer.status, answer.json["device"]) == (202, "any")
    assert api.world.wakeups.queues == ["any"]


def test_any_qpu_will_do_when_one_fits(api: Api, key: str) -> None:
    answer = submit(api, key, device="any-qpu", shots=100)

    assert (answer.status, answer.json["device"]) == (202, "any-qpu")
    assert api.world.wakeups.queues == ["any-qpu"]


def test_a_job_for_any_qpu_is_measured_by_qpus_alone(api: Api, key: str) -> None:
    answer = submit(api, key, device="any-qpu", shots=100_000)

    assert (answer.status, answer.json["code"]) == (422, "shots-out-of-range")


def test_a_job_may_ask_for_the_largest_result_that_can_be_fetched(api: Api, key: str) -> None:
    source = "OPENQASM 3.0; qubit q; bit[40] c; c[0] = measure q;"

    assert submit(api, key, source=source, shots=RESULT_BITS_MAX // 40).status == 202


def test_a_source_of_exactly_one_mebibyte_is_accepted(api: Api, key: str) -> None:
    padding = "/" * (SOURCE_BYTES_MAX - len(BELL.encode()) - 1)

    answer = submit(api, key, source=f"{BELL}{padding}\n")

    assert answer.status == 202, answer.text


def test_an_openqasm_2_program_is_accepted(api: Api, key: str) -> None:
    source = (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
        "h q[0];\ncx q[0], q[1];\nmeasure q -> c;\n"
    )

    answer = submit(api, key, "two", source=source)

    assert answer.status == 202, answer.text
    assert api.world.ledger.jobs[job_id("acme", "two")].language_version == "2.0"


@pytest.mark.parametrize(
    ("source", "said"), [(source, said) for _, source, said in OBSTACLES], ids=range(len(OBSTACLES))
)
def test_what_no_device_runs_yet_is_refused_with_a_remedy_of_its_own(
    api: Api, key: str, source: str, said: dict[str, Any]
) -> None:
    answer = submit(api, key, source=source)

    assert (answer.status, answer.json["code"]) == (422, "program-unsupported")
    assert (answer.json["line"], answer.json["column"]) == (said["line"], said["column"])
    assert said["detail"] in answer.json["detail"]
    assert answer.json["remedy"] != ErrorCode.PROGRAM_UNSUPPORTED.remedy
    assert api.world.ledger.jobs == {}


def test_a_body_in_base64_is_read(api: Api, key: str) -> None:
    answer = api.request("POST", "/v1/jobs", key=key, body=submission(), base64_body=True)

    assert answer.status == 202


def test_a_body_that_is_not_utf_8_is_not_json(api: Api, key: str) -> None:
    answer = api.request("POST", "/v1/jobs", key=key, body=b'{"source": "\xff"}', base64_body=True)

    assert (answer.status, answer.json["code"]) == (400, "body-not-json")


def test_a_passive_region_names_the_active_one(api: Api, key: str) -> None:
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=2)

    answer = submit(api, key)

    assert (answer.status, answer.json["code"]) == (503, "region-passive")
    assert (answer.json["active_region"], answer.headers["retry-after"]) == ("us-west-2", "1")
    assert (api.world.ledger.jobs, api.world.blobs.puts) == ({}, 0)


def test_while_paused_new_jobs_wait_and_accepted_ones_are_still_known(api: Api, key: str) -> None:
    first = submit(api, key, "k")
    api.world.ledger.pair_record = PairRecord(
        active="us-east-1", passive="us-west-2", mode=PairMode.PAUSED
    )
    let_caches_expire(api)

    new, again = submit(api, key), submit(api, key, "k")

    assert (new.status, new.json["code"]) == (503, "not-accepting")
    assert int(new.headers["retry-after"]) > 0
    assert (again.status, again.json["id"]) == (202, first.json["id"])


def test_a_job_is_accepted_in_the_epoch_of_the_pair_record(api: Api, key: str) -> None:
    api.world.ledger.pair_record = PairRecord(active="us-east-1", passive="us-west-2", epoch=5)

    assert submit(api, key).json["epoch"] == 5


def test_an_unreachable_ledger_is_a_retriable_error(api: Api, key: str) -> None:
    api.world.ledger.reachable = False

    answer = submit(api, key)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "ledger" not in answer.json["detail"]


def test_a_warm_process_reads_pair_and_devices_once_in_a_while(api: Api, key: str) -> None:
    submit(api, key)
    reads = (api.world.ledger.reads, api.world.catalogue.reads)

    submit(api, key)
    assert (api.world.ledger.reads, api.world.catalogue.reads) == reads

    let_caches_expire(api)
    submit(api, key)
    assert api.world.ledger.reads > reads[0]
    assert api.world.catalogue.reads > reads[1]
