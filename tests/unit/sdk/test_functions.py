"""Deploying and invoking functions, and following what they do."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest

from bellpair import (
    Client,
    Conflict,
    InvalidFunction,
    InvalidRequest,
    Job,
    JobFailed,
    JobPaused,
    NotFound,
    ResultTimeout,
    Unreachable,
)
from bellpair.models import JobEvent
from bellpair.pacing import QUICKEST_POLL, stream_interval
from bellpair.transport import Transport
from tests.unit.sdk.conftest import BELL
from tests.unit.sdk.fake_api import FakeLedger, FakeRegion, Fault
from tests.unit.sdk.fake_clock import FakeClock

START = {"start": [0.1]}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    file = tmp_path / "vqe_h2.py"
    file.write_text("import ansatz\ndef run(runtime, start): ...\n")
    (tmp_path / "ansatz.py").write_text("")
    return file


@pytest.fixture
def deployed(client: Client, module: Path) -> Client:
    client.deploy_function(module)
    return client


def test_a_module_is_deployed_with_its_imports(
    client: Client, module: Path, ledger: FakeLedger, east: FakeRegion
) -> None:
    version = client.deploy_function(module, "run", "vqe-h2", "qiskit", "canary")
    assert (version.name, version.version, version.entry) == ("vqe-h2", 1, "vqe_h2:run")
    assert version.inputs["required"] == ["start"]
    assert version.to_dict()["from_the_future"] == 1
    with zipfile.ZipFile(io.BytesIO(ledger.functions.packages[0])) as archive:
        assert archive.namelist() == ["ansatz.py", "vqe_h2.py"]
    sent = dict(east.seen[0].body)
    del sent["package"]
    assert sent == {
        "entry": "vqe_h2:run", "name": "vqe-h2", "worker": "qiskit", "alias": "canary",
    }  # fmt: skip


def test_the_same_source_again_is_the_same_version(client: Client, module: Path) -> None:
    first = client.deploy_function(module)
    assert client.deploy_function(str(module)).digest == first.digest
    (module.parent / "ansatz.py").write_text("x = 1")
    assert client.deploy_function(module).version == 2


def test_a_lost_answer_of_a_deployment_makes_no_second_version(
    client: Client, module: Path, east: FakeRegion, ledger: FakeLedger
) -> None:
    east.faults.append(Fault(lose_answer=True))
    assert client.deploy_function(module).version == 1
    assert len(ledger.functions.versions) == 1


def test_what_cannot_be_packed_is_not_sent(client: Client, east: FakeRegion, module: Path) -> None:
    with pytest.raises(InvalidFunction):
        client.deploy_function(module, "walk")
    with pytest.raises(InvalidFunction):
        client.deploy_function("missing.py")
    with pytest.raises(InvalidRequest):
        client.deploy_function(module, name="Not A Name")
    assert east.seen == []


def test_a_refusal_of_the_service_is_an_invalid_function(client: Client, tmp_path: Path) -> None:
    (tmp_path / "refused.py").write_text("x = 1")
    with pytest.raises(InvalidFunction, match="no quantum function") as caught:
        client.deploy_function(tmp_path / "refused.py")
    assert caught.value.code == "function-invalid"


def test_functions_versions_and_aliases_are_looked_at(deployed: Client, module: Path) -> None:
    module.write_text("def run(runtime): ...\n")
    deployed.deploy_function(module, alias="canary")
    (function,) = deployed.functions()
    assert (function.name, function.latest) == ("vqe-h2", 2)
    assert function.aliases == {"latest": {1: 100}, "canary": {2: 100}}
    shown = deployed.function("vqe-h2")
    assert shown.newest is not None and shown.newest.version == 2
    assert shown.openapi == {"paths": {"/v1/functions/vqe-h2/invocations": {}}}
    assert [version.version for version in deployed.function_versions("vqe-h2")] == [2, 1]
    moved = deployed.set_alias("vqe-h2", "stable", {1: 90, 2: 10})
    assert moved.aliases["stable"] == {1: 90, 2: 10}


def test_versions_aliases_and_functions_are_deleted(deployed: Client, east: FakeRegion) -> None:
    deployed.delete_alias("vqe-h2", "latest")
    assert deployed.functions()[0].aliases == {}
    deployed.delete_function_version("vqe-h2", 1)
    with pytest.raises(NotFound):
        deployed.delete_function("vqe-h2")
    assert east.paths()[-1] == "DELETE /v1/functions/vqe-h2"
    with pytest.raises(NotFound):
        deployed.function("vqe-h2")


@pytest.mark.parametrize("name", ["", "../jobs", "Vqe", "vqe:latest/x", "vqe:", "vqe:0", "vqe:é"])
def test_what_cannot_be_a_name_is_never_sent(client: Client, east: FakeRegion, name: str) -> None:
    for call in (client.function, client.invoke, client.delete_function):
        with pytest.raises(InvalidRequest):
            call(name)
    with pytest.raises(InvalidRequest):
        client.delete_callback("../x")
    assert east.seen == []


def test_an_invocation_sends_what_it_is_given(deployed: Client, east: FakeRegion) -> None:
    deployed.invoke(
        "vqe-h2:canary",
        {"start": np.array([0.1, 0.2]), "shots": np.int64(5), "field": 1 - 2j},
        device="ion-11",
        max_cost_usd=2.5,
        seed=7,
        timeout_s=600,
        callback="cb-1",
        job_name="mine",
        tags={"a": "b"},
        idempotency_key="mine",
    )
    seen = east.seen[-1]
    assert seen.path == "/v1/functions/vqe-h2:canary/invocations"
    assert seen.headers["idempotency-key"] == "mine"
    assert "prefer" not in seen.headers
    assert seen.body == {
        "inputs": {"start": [0.1, 0.2], "shots": 5, "field": {"re": 1.0, "im": -2.0}},
        "device": "ion-11", "max_cost_usd": 2.5, "seed": 7, "timeout_s": 600, "callback": "cb-1",
        "name": "mine", "tags": {"a": "b"},
    }  # fmt: skip


def test_only_what_is_given_is_sent(deployed: Client, east: FakeRegion) -> None:
    deployed.invoke("vqe-h2", START)
    assert east.seen[-1].body == {"inputs": {"start": [0.1]}}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1.5: 2}, b"bytes"])
def test_inputs_without_a_json_form_are_refused(
    client: Client, east: FakeRegion, value: object
) -> None:
    with pytest.raises(InvalidRequest, match="inputs"):
        client.invoke("vqe-h2", {"start": value})
    assert east.seen == []


def test_inputs_that_do_not_fit_are_listed(deployed: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        deployed.invoke("vqe-h2", {})
    assert caught.value.code == "inputs-invalid"
    assert caught.value.errors == ({"pointer": "/start", "detail": "Field required"},)


def test_an_invoked_function_gives_its_output(deployed: Client) -> None:
    job = deployed.invoke("vqe-h2", START)
    assert (job.status, job.record.function.target) == ("queued", "vqe-h2:1")
    assert job.output(timeout=60) == {"energy": -1.137, "history": [[0.1, -1.0]]}
    assert job.record.calls == 2
    assert job.record.spent_usd == pytest.approx(0.02)
    assert job.record.progress.message == "iteration 2"


def test_a_lost_answer_of_an_invocation_makes_no_second_job(
    deployed: Client, east: FakeRegion, ledger: FakeLedger
) -> None:
    east.faults.append(Fault(lose_answer=True))
    deployed.invoke("vqe-h2", START)
    assert len(ledger.jobs) == 1


def test_an_invocation_may_bring_its_result_along(deployed: Client, east: FakeRegion) -> None:
    job = deployed.invoke("vqe-h2", START, wait=20)
    assert east.seen[-1].headers["prefer"] == "wait=20"
    asked = len(east.seen)
    assert job.finished
    assert job.output()["energy"] == -1.137
    assert len(east.seen) == asked
    assert "result" not in job.record.to_dict()


def test_a_wait_is_cut_to_what_the_service_allows(deployed: Client, east: FakeRegion) -> None:
    deployed.invoke("vqe-h2", START, wait=600)
    assert east.seen[-1].headers["prefer"] == "wait=25"


def test_an_answer_that_is_held_back_is_waited_for() -> None:
    patience: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        patience.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, json={})

    wire = httpx.MockTransport(answer)
    transport = Transport(
        ("http://a.test", "http://b.test"), "k", timeout=20, wire=wire, clock=FakeClock()
    )
    transport.request("POST", "/v1/x", held=25)
    transport.request("POST", "/v1/x", repeatable=False, held=25)
    transport.request("POST", "/v1/x", timeout=4)
    assert patience == [28.0, 35.0, 2.0]


def test_counts_and_output_are_not_mistaken_for_each_other(deployed: Client) -> None:
    with pytest.raises(InvalidRequest, match=r"job\.output\(\)"):
        deployed.invoke("vqe-h2", START).result()
    with pytest.raises(InvalidRequest, match=r"job\.result\(\)"):
        deployed.submit(BELL, 10).output()


def test_a_job_of_a_list_knows_what_it_runs_when_asked(deployed: Client) -> None:
    job = deployed.invoke("vqe-h2", START)
    job.wait()
    short = job.record.model_copy(update={"function": None})
    assert Job(job._transport, short).output()["energy"] == -1.137
    with pytest.raises(InvalidRequest, match=r"job\.output\(\)"):
        Job(job._transport, short).result()


def test_a_failed_function_raises_its_own_error(deployed: Client, ledger: FakeLedger) -> None:
    ledger.functions.error = {"code": "function-failed", "message": "ZeroDivisionError"}
    with pytest.raises(JobFailed, match="ZeroDivisionError") as caught:
        deployed.invoke("vqe-h2", START).output()
    assert caught.value.code == "function-failed"


def test_events_tell_of_states_and_progress_until_the_end(deployed: Client) -> None:
    job = deployed.invoke("vqe-h2", START)
    told = list(job.events())
    assert [event.type for event in told] == [
        "queued", "executing", "progress", "progress", "processing", "succeeded",
    ]  # fmt: skip
    assert [event.fraction for event in told if event.type == "progress"] == [0.5, 1.0]
    assert job.finished
    assert job.record.calls == 2
    assert list(job.events()) == told


def test_following_a_job_costs_one_request_a_look(deployed: Client, east: FakeRegion) -> None:
    job = deployed.invoke("vqe-h2", START)
    asked = len(east.seen)
    list(job.events())
    looks = [path for path in east.paths()[asked:] if path == f"GET /v1/jobs/{job.id}"]
    assert len(looks) == 1


def test_following_outlasts_an_outage(
    deployed: Client, east: FakeRegion, west: FakeRegion, clock: FakeClock
) -> None:
    job = deployed.invoke("vqe-h2", START)
    east.faults.extend([Fault(503)] * 30)
    west.faults.extend([Fault(503)] * 30)
    assert [event.type for event in job.events()][-1] == "succeeded"
    assert clock.now > 30


def test_an_outage_does_not_stretch_the_time_to_follow(
    deployed: Client, east: FakeRegion, west: FakeRegion, clock: FakeClock
) -> None:
    job = deployed.invoke("vqe-h2", START)
    east.faults.extend([Fault(503)] * 500)
    west.faults.extend([Fault(503)] * 500)
    with pytest.raises(ResultTimeout):
        list(job.events(timeout=20))
    assert clock.now <= 21


def test_events_follow_the_active_region(
    deployed: Client, ledger: FakeLedger, east: FakeRegion, west: FakeRegion
) -> None:
    events = deployed.invoke("vqe-h2", START).events()
    told = [next(events)]
    east.faults.extend([Fault(503)] * 100)
    ledger.active = "us-west-2"
    told.extend(events)
    assert [event.type for event in told][-1] == "succeeded"
    assert len(told) == 6
    assert west.paths()


def test_events_that_are_not_followed_end_with_what_is_there(
    deployed: Client, east: FakeRegion
) -> None:
    job = deployed.invoke("vqe-h2", START)
    assert [event.type for event in job.events(follow=False)] == ["queued"]
    assert f"GET /v1/jobs/{job.id}" not in east.paths()


def test_events_of_a_job_that_is_late_end_with_a_timeout(
    deployed: Client, ledger: FakeLedger, clock: FakeClock
) -> None:
    ledger.stuck = True
    told: list[JobEvent] = []
    events = deployed.invoke("vqe-h2", START).events(timeout=12)
    with pytest.raises(ResultTimeout):
        told.extend(events)
    assert 12 <= clock.now <= 15


def test_news_that_never_end_are_asked_for_ever_more_calmly() -> None:
    assert stream_interval(0, 0) == QUICKEST_POLL
    assert stream_interval(0, 10) == pytest.approx(0.2)
    assert stream_interval(0, 3600) == 1.0
    assert stream_interval(60, 3600) == 2.0


def test_what_a_function_prints_is_read(deployed: Client, ledger: FakeLedger) -> None:
    job = deployed.invoke("vqe-h2", START)
    assert list(job.logs()) == []
    assert "".join(job.logs(follow=True)) == "iteration 1\niteration 2\n"
    assert "".join(job.logs()) == "iteration 1\niteration 2\n"

    ledger.functions.dropped = 5000
    assert "".join(job.logs()).splitlines()[-1] == (
        "[5,000 more characters were printed, which are not kept]"
    )


def test_a_job_paused_at_its_cap_is_told_and_goes_on_when_the_cap_is_raised(
    deployed: Client, ledger: FakeLedger, east: FakeRegion
) -> None:
    ledger.functions.course.insert(2, "paused")
    job = deployed.invoke("vqe-h2", START, max_cost_usd=1)
    with pytest.raises(JobPaused, match=r"next call 0\.30") as caught:
        job.output()
    assert caught.value.job_id == job.id
    assert "resume" in caught.value.remedy
    with pytest.raises(JobPaused):
        list(job.events())

    job.resume(5)
    assert east.seen[-1].body == {"max_cost_usd": 5}
    with pytest.raises(Conflict):
        job.resume()
    assert east.seen[-1].body == {}
    assert job.output()["energy"] == -1.137


def test_a_job_that_is_not_paused_cannot_be_resumed(deployed: Client) -> None:
    with pytest.raises(Conflict, match="not paused"):
        deployed.invoke("vqe-h2", START).resume(5)


def test_a_job_resumed_by_somebody_else_is_waited_for(deployed: Client, ledger: FakeLedger) -> None:
    ledger.functions.course.insert(2, "paused")
    job = deployed.invoke("vqe-h2", START)
    with pytest.raises(JobPaused):
        job.wait()
    deployed.job(job.id).resume(5)
    assert job.output()["energy"] == -1.137


def test_workers_tell_what_they_have(client: Client) -> None:
    workers = client.workers()
    assert [worker.name for worker in workers] == ["python", "qiskit"]
    assert workers[1].packages["qiskit"] == "2.6.2"


def test_callbacks_are_added_listed_and_deleted(client: Client) -> None:
    made = client.add_callback("https://example.org/hook")
    assert made.secret == "cbs_once"
    assert "cbs_once" not in repr(made)
    assert [callback.url for callback in client.callbacks()] == ["https://example.org/hook"]
    client.delete_callback(made.id)
    assert client.callbacks() == []
    with pytest.raises(NotFound):
        client.delete_callback(made.id)


def test_a_callback_is_not_registered_twice_by_a_lost_answer(
    client: Client, east: FakeRegion, ledger: FakeLedger
) -> None:
    east.faults.append(Fault(lose_answer=True))
    with pytest.raises(Unreachable):
        client.add_callback("https://example.org/hook")
    assert len(ledger.functions.callbacks) == 1
