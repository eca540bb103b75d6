"""The checks of adapters pass for those that are good, and each fails for one that is not."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from bellpair_core.adapters.aws import client
from bellpair_core.adapters.braket_device import BraketDevice
from bellpair_core.adapters.http_device import HttpDevice, Patience
from bellpair_core.model.device import DeviceStatus, ProgramSets, TaskPrice
from bellpair_core.model.errors import JobFailed, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.ports.devices import (
    CalibrationDocument,
    DeviceDescription,
    DeviceHealth,
)
from bellpair_core.ports.tasks import LaunchRefused, TaskState, TaskStatus, TaskUnknown
from bellpair_core.settings import DeviceSetting
from bellpair_device_conformance import CHECKS, Bench, Outcome, Report, run_suite
from bellpair_reference_device.qpu import Kite
from bellpair_reference_device.server import serving
from bellpair_reference_device.service import DeviceService
from tests.braket_emulator.conftest import CREDENTIALS, starting
from tests.fakes.device_surroundings import surroundings
from tests.fakes.direct_device import HERE, DirectDevice

HASTY = Patience(2, 0.3)
ION = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"
BUCKET = "amazon-braket-conformance"


@pytest.fixture(scope="module")
def service() -> Iterator[DeviceService]:
    service = DeviceService(Kite(11))
    yield service
    service.close()


def switch_of(service: DeviceService) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        service.set({"status": "online" if on else "offline"})

    return switch


def bench_of(
    service: DeviceService, adapter: type[DirectDevice], answer_within_s: float = 30.0
) -> Bench:
    opened = type("Opened", (adapter,), {"service": service})
    setting = DeviceSetting(name="kite-5", adapter="direct", url=HERE)  # type: ignore[call-arg]
    return Bench(
        opened,
        setting,
        surroundings(),
        patience_s=30.0,
        answer_within_s=answer_within_s,
        switch=switch_of(service),
    )


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(check.name, check.outcome.value, check.detail) for check in report.checks]


def all_passed(report: Report) -> None:
    assert told(report) == [(check.name, "passed", "") for check in CHECKS]
    assert report.conforms


def test_the_http_adapter_and_the_reference_device_conform() -> None:
    service = DeviceService(Kite(3))
    with serving(service, "let me in") as url:
        setting = DeviceSetting.model_validate(
            {"name": "kite-5", "adapter": "http", "url": url, "credential": "env:KITE"}
        )
        opened = partial(HttpDevice, patient=HASTY, impatient=HASTY)
        given = surroundings(secrets={"env:KITE": "let me in"})
        all_passed(run_suite(Bench(opened, setting, given, switch=switch_of(service)), "http"))


def test_an_adapter_without_a_wire_conforms(service: DeviceService) -> None:
    all_passed(run_suite(bench_of(service, DirectDevice), "direct"))


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    s3 = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    s3.start()
    host, port = s3.get_host_and_port()
    yield f"http://{host}:{port}"
    s3.stop()


@pytest.fixture(scope="module")
def braket(s3_endpoint: str) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as environment, starting(s3_endpoint) as start:
        environment.setenv("AWS_ENDPOINT_URL_S3", s3_endpoint)
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        client.cache_clear()
        client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        emulator = start("--seed", "5")

        def switch(on: bool) -> None:
            body = json.dumps({"status": "ONLINE" if on else "OFFLINE"}).encode()
            address = f"{emulator.url}/_emulator/devices/ion-11"
            urllib.request.urlopen(urllib.request.Request(address, body, method="PUT")).close()

        setting = DeviceSetting(name="ion-11", arn=ION, region="us-east-1", url=emulator.url)
        given = surroundings(result_buckets={"us-east-1": BUCKET})
        yield Bench(BraketDevice, setting, given, switch=switch)
    client.cache_clear()


SQUARE = "arn:aws:braket:us-west-2::device/qpu/emulated/square-20"


@pytest.fixture
def lattice(braket: Bench, s3_endpoint: str) -> Iterator[Bench]:
    """A device that takes program sets, over the same store of results."""
    with starting(s3_endpoint) as start:
        emulator = start("--seed", "5", region="us-west-2")
        setting = DeviceSetting(name="square-20", arn=SQUARE, region="us-west-2", url=emulator.url)
        yield Bench(BraketDevice, setting, surroundings(result_buckets={"us-west-2": BUCKET}))


QUICK = [check.name for check in CHECKS if check.name != "silence"]


def test_the_braket_adapter_and_the_emulator_conform(braket: Bench) -> None:
    report = run_suite(braket, "braket", only=QUICK)

    assert told(report) == [(name, "passed", "") for name in QUICK]


def test_the_braket_adapter_keeps_the_order_of_several_programs_in_one_task(
    lattice: Bench,
) -> None:
    assert lattice.description.program_sets is not None
    assert told(run_suite(lattice, "braket", only=["program-sets"])) == [
        ("program-sets", "passed", "")
    ]


@pytest.mark.slow
def test_the_braket_adapter_gives_up_on_a_service_that_is_silent(braket: Bench) -> None:
    assert run_suite(braket, "braket", only=["silence"]).conforms


def test_what_cannot_be_tried_is_skipped_and_says_how_it_could(service: DeviceService) -> None:
    bench = bench_of(service, DirectDevice)
    bench.switch = None

    report = run_suite(bench, "direct", only=["offline", "health"])

    assert [check.outcome for check in report.checks] == [Outcome.PASSED, Outcome.SKIPPED]
    assert "--offline-command" in report.checks[1].detail
    assert report.conforms


def test_a_check_that_is_not_there_is_named(service: DeviceService) -> None:
    with pytest.raises(LookupError, match=r"no check healthy; there are describe, health"):
        run_suite(bench_of(service, DirectDevice), "direct", only=["healthy"])


class Nameless(DirectDevice):
    def describe(self, *, patient: bool = True) -> DeviceDescription:
        return super().describe().model_copy(update={"provider": ""})


class Sickly(DirectDevice):
    def health(self) -> DeviceHealth:
        return DeviceHealth(status=DeviceStatus.OFFLINE)


class NegativeQueue(DirectDevice):
    def queue(self) -> int | None:
        return -1


class PaysOut(DirectDevice):
    def describe(self, *, patient: bool = True) -> DeviceDescription:
        return super().describe().model_copy(update={"price": TaskPrice(per_shot_usd=-1.0)})


class TooGood(DirectDevice):
    def calibration(self) -> CalibrationDocument:
        document = super().calibration()
        document.content["qubits"][0]["readout_0_to_1"] = 1.5
        return document


class FailsAll(DirectDevice):
    def poll(self, task_id: str) -> TaskState:
        return super().poll(task_id).model_copy(update={"status": TaskStatus.FAILED})


class LongWinded(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        return super().launch(task, job_id, program).ljust(300, "x")

    def poll(self, task_id: str) -> TaskState:
        return super().poll(task_id.rstrip("x")).model_copy(update={"arn": task_id})


class LosesAShot(DirectDevice):
    def result(self, state: TaskState) -> Mapping[str, Any]:
        document = super().result(state)
        counts = dict(document["measurementCounts"])
        counts[max(counts, key=lambda text: counts[text])] -= 1
        return {**document, "measurementCounts": counts}


class Backwards(DirectDevice):
    def result(self, state: TaskState) -> Mapping[str, Any]:
        document = super().result(state)
        turned = {text[::-1]: n for text, n in document["measurementCounts"].items()}
        return {**document, "measurementCounts": turned}


class Unable(DirectDevice):
    def describe(self, *, patient: bool = True) -> DeviceDescription:
        taken = ProgramSets(programs_max=2, shots_max=10_000)
        return super().describe().model_copy(update={"program_sets": taken})


class Forgetful(DirectDevice):
    launches = 0

    def launch(self, task: Task, job_id: str, program: str) -> str:
        type(self).launches += 1
        token = f"{task.client_token}-{self.launches}"
        return super().launch(task.model_copy(update={"client_token": token}), job_id, program)


class RemembersForItself(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        token = f"{task.client_token}-{id(self)}"
        return super().launch(task.model_copy(update={"client_token": token}), job_id, program)


class OneForAll(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        return super().launch(task.model_copy(update={"client_token": "all"}), job_id, program)


class TokenOfTheRequest(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        token = f"{task.client_token}-{task.shots}"
        return super().launch(task.model_copy(update={"client_token": token}), job_id, program)


class KnowsItsOwnAlone(DirectDevice):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.mine: set[str] = set()

    def launch(self, task: Task, job_id: str, program: str) -> str:
        self.mine.add(task_id := super().launch(task, job_id, program))
        return task_id

    def poll(self, task_id: str) -> TaskState:
        if task_id not in self.mine:
            raise TaskUnknown("it was launched by another process")
        return super().poll(task_id)


class CancelsOnce(DirectDevice):
    def cancel(self, task_id: str) -> None:
        if self.poll(task_id).status.terminal:
            raise RuntimeError("it is over")
        super().cancel(task_id)


class MakesUpTasks(DirectDevice):
    def poll(self, task_id: str) -> TaskState:
        try:
            return super().poll(task_id)
        except TaskUnknown:
            return TaskState(arn=task_id, status=TaskStatus.QUEUED)


class MakesUpResults(DirectDevice):
    def result(self, state: TaskState) -> Mapping[str, Any]:
        try:
            return super().result(state)
        except Exception:
            return {"measuredQubits": [1], "measurementCounts": {"0": 1}}


class RefusesForNow(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        try:
            return super().launch(task, job_id, program)
        except JobFailed as failed:
            raise TransientFault(str(failed)) from failed


class TakesFewer(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        fewer = min(task.shots, self.service.device()["shots_max"])
        return super().launch(task.model_copy(update={"shots": fewer}), job_id, program)


class VagueOffline(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        try:
            return super().launch(task, job_id, program)
        except LaunchRefused as refusal:
            raise TransientFault("something is wrong") from refusal


class RefusesBeforeItLooks(DirectDevice):
    def launch(self, task: Task, job_id: str, program: str) -> str:
        if self.service.status != "online":
            raise LaunchRefused("it is offline", conclusive=True)
        return super().launch(task, job_id, program)


class LetsErrorsThrough(DirectDevice):
    def reach(self) -> None:
        if not self.here:
            raise ConnectionRefusedError("nobody is there")


class WaitsForEver(DirectDevice):
    released = threading.Event()

    def reach(self) -> None:
        if not self.here:
            self.released.wait(60)


BROKEN: dict[str, type[DirectDevice]] = {
    "describe": Nameless,
    "health": Sickly,
    "queue": NegativeQueue,
    "price": PaysOut,
    "calibration": TooGood,
    "completes": FailsAll,
    "task-id": LongWinded,
    "all-shots": LosesAShot,
    "bit-order": Backwards,
    "program-sets": Unable,
    "same-token": Forgetful,
    "same-token-at-once": RemembersForItself,
    "other-token": OneForAll,
    "token-reused": TokenOfTheRequest,
    "other-process": KnowsItsOwnAlone,
    "cancel": CancelsOnce,
    "unknown-task": MakesUpTasks,
    "missing-result": MakesUpResults,
    "bad-program": RefusesForNow,
    "too-many-shots": TakesFewer,
    "offline": VagueOffline,
    "found-offline": RefusesBeforeItLooks,
    "nobody-there": LetsErrorsThrough,
    "silence": WaitsForEver,
}


def test_each_check_has_an_adapter_that_fails_it() -> None:
    assert list(BROKEN) == [check.name for check in CHECKS]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_adapter_fails_its_check(service: DeviceService, name: str) -> None:
    try:
        # Only what never answers is waited for so long.
        broken = bench_of(service, BROKEN[name], answer_within_s=0.5)
        report = run_suite(broken, "broken", only=[name])
    finally:
        WaitsForEver.released.set()

    (result,) = report.checks
    assert result.outcome is Outcome.FAILED
    assert result.detail
    assert not report.conforms
