"""A job's way over a device with a service of its own: real adapter, wire, service and compiler."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from bellpair_core.adapters.device_adapters import AdapterUnknown, adapter_named
from bellpair_core.adapters.device_tasks import DeviceTasks
from bellpair_core.adapters.http_device import HttpDevice, Patience
from bellpair_core.logic.devices.ingest_calibration import Ingestion
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.device_names import parts_of_task
from bellpair_core.model.errors import DeviceUnavailable, JobFailed, TransientFault
from bellpair_core.model.job import Job
from bellpair_core.ports import TaskUnknown
from bellpair_core.ports.devices import OpenDevice
from bellpair_core.settings import DeviceSetting
from bellpair_quantum.stage import JobCompiler
from bellpair_reference_device.qpu import Kite
from bellpair_reference_device.server import serving
from bellpair_reference_device.service import DeviceService
from tests.contract.test_http_device import TASK
from tests.examples import job_example
from tests.fakes.device_surroundings import surroundings
from tests.polling import eventually
from tests.unit.logic.workplace import Workplace

ONE_HOT = b"""OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
x q[0];
c[2] = measure q[0];
c[0] = measure q[1];
c[1] = measure q[2];
"""


class Lab(Workplace):
    """A workplace that also has ``kite-5``, in whose lab ``service`` runs."""

    def __init__(self, service: DeviceService, url: str) -> None:
        super().__init__()
        self.service = service
        setting = DeviceSetting.model_validate(
            {"name": "kite-5", "adapter": "http", "url": url, "max_in_flight": 2}
        )
        self.settings = self.settings.model_copy(
            update={"devices": (*self.settings.devices, setting)}
        )
        self.compiler: Any = JobCompiler()
        self.tasks: Any = router(setting)
        parts = self.tasks, self.catalogue, self.blobs, self.clock
        self.ingested = Ingestion(*parts, "us-east-1", {}.get)([setting])

    def job(self, key: str = "first", source: bytes = ONE_HOT) -> Job:
        job = job_example(key, device="kite-5", program=self.blobs.put(source), shots=200)
        self.ledger.insert(job)
        return job

    def over(self, job: Job) -> bool:
        return bool(self.tasks.poll(self.task_arn(job)).status.terminal)


def hasty(name: str) -> OpenDevice:
    opened = adapter_named(name)
    patience = Patience(2, 2.0)
    if opened is HttpDevice:
        return partial(HttpDevice, patient=patience, impatient=patience)
    return opened


def router(*settings: DeviceSetting) -> DeviceTasks:
    return DeviceTasks(settings, surroundings(), hasty)


@pytest.fixture
def lab() -> Iterator[Lab]:
    clock = Workplace().clock
    service = DeviceService(Kite(5, measured_at=clock()))
    with serving(service) as url:
        yield Lab(service, url)


def test_the_device_is_in_the_catalogue_as_its_service_tells(lab: Lab) -> None:
    device = lab.device("kite-5")

    assert lab.ingested["kite-5"].problem is None
    assert (device.status, device.provider, device.num_qubits) == ("online", "Bellpair", 5)
    assert (device.shots_max, device.price.per_task_usd) == (10_000, 0.1)
    assert device.calibrated_at == lab.clock()
    assert device.median_two_qubit_error == pytest.approx(0.01, abs=0.005)


def test_a_job_is_compiled_launched_polled_and_read(lab: Lab) -> None:
    job = lab.job()
    lab.start(job)
    parts = parts_of_task(lab.task_arn(job))
    assert parts is not None and parts[0] == "kite-5"
    eventually(lambda: lab.over(job))

    # No event tells of it: the waiting state's time-out has the launch stage ask.
    lab.launch(job, "asked again")
    assert lab.workflows.answers["asked again"]["task_status"] == "COMPLETED"
    lab.process(job, lab.task_arn(job))

    assert lab.finish(job) == "succeeded"
    stored = lab.stored(job)
    assert stored.result is not None
    counts = json.loads(lab.blobs.get(stored.result))["counts"]
    assert sum(counts.values()) == 200
    assert max(counts, key=lambda text: counts[text]) == "100"


def test_a_task_that_waits_is_asked_for_until_it_is_over(lab: Lab) -> None:
    job = lab.job()
    lab.service.set({"hold": True})
    lab.start(job)

    lab.launch(job, "second")
    task = lab.stored(job).task
    assert task is not None and task.queue_position == "1"
    assert "second" not in lab.workflows.answers
    lab.service.set({"hold": False})
    eventually(lambda: lab.over(job))
    lab.launch(job, "third")

    assert lab.workflows.answers["third"]["task_arn"] == task.arn


def test_the_other_region_finds_the_same_task(lab: Lab) -> None:
    job = lab.job()
    lab.service.set({"hold": True})
    lab.start(job)
    first = lab.task_arn(job)
    before = lab.stored(job)
    assert before.task is not None
    forgot = before.moved(lab.clock(), task=before.task.model_copy(update={"arn": None}))
    lab.ledger.replace(before, forgot)

    peer = lab.peer()
    peer.promote()
    peer.adopt()
    peer.launch(peer.stored(job), "in the other region")

    assert lab.task_arn(job) == first
    assert lab.service.set({})["tasks"] == 1


def test_a_device_that_is_offline_sends_the_job_back_with_no_task(lab: Lab) -> None:
    job = lab.job()
    lab.dispatch()
    lab.compile(job)
    lab.service.set({"status": "offline"})

    with pytest.raises(DeviceUnavailable, match="kite-5 is offline"):
        lab.launch(job)

    assert lab.stored(job).task is None
    assert lab.service.set({})["tasks"] == 0


def test_a_service_that_is_away_is_named_and_holds_the_job(lab: Lab) -> None:
    job = lab.job()
    lab.dispatch()
    lab.compile(job)
    lab.tasks = router(
        DeviceSetting.model_validate(
            {"name": "kite-5", "adapter": "http", "url": "http://127.0.0.1:9"}
        )
    )

    with pytest.raises(TransientFault):
        lab.launch(job)

    assert lab.stored(job).waiting_for == "the device service of kite-5 does not answer"
    assert lab.breakers("kite-5").reason == "the device service of kite-5 does not answer"


def test_a_cancelled_job_leaves_nothing_in_the_queue(lab: Lab) -> None:
    job = lab.job()
    lab.service.set({"hold": True})
    lab.start(job)

    lab.tasks.cancel(lab.task_arn(job))

    assert lab.tasks.poll(lab.task_arn(job)).status == "CANCELLED"
    assert lab.service.queue()["waiting"] == 0


def test_a_device_that_is_offered_no_more_knows_no_tasks() -> None:
    none = router()

    with pytest.raises(TaskUnknown, match="kite-5"):
        none.poll("bellpair:task:kite-5:t-1")
    none.cancel("bellpair:task:kite-5:t-1")
    with pytest.raises(JobFailed, match="not offered"):
        none.launch(TASK, "job-1", "OPENQASM 3.0;")
    with pytest.raises(TransientFault, match="not offered"):
        none.health("bellpair:device:kite-5", "us-east-1")


def test_the_stage_still_knows_how_the_device_is(lab: Lab) -> None:
    lab.service.set({"status": "retired"})

    assert lab.tasks.health("bellpair:device:kite-5", "us-west-2") is DeviceStatus.RETIRED


def test_an_adapter_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(AdapterUnknown, match=r"'kite' is installed; there are braket, http"):
        adapter_named("kite")
    with pytest.raises(AdapterUnknown, match=r"no device adapter at json:nothing"):
        adapter_named("json:nothing")
    assert adapter_named("json:dumps") is json.dumps  # type: ignore[comparison-overlap]


def test_the_adapters_of_the_table_are_those_of_the_package() -> None:
    from importlib.metadata import entry_points

    from bellpair_core.adapters.device_adapters import BUILT_IN

    points = entry_points(group="bellpair.devices")
    assert {point.name: point.value for point in points} == BUILT_IN
