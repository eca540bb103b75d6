"""A region's worth of doubles, and the way a job goes through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, Self

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.jobs.adopt_jobs import adopt_jobs
from bellpair_core.logic.jobs.dispatch_jobs import dispatch_jobs
from bellpair_core.logic.jobs.finish_job import finish_job
from bellpair_core.logic.jobs.sweep_jobs import sweep_jobs
from bellpair_core.logic.recent import Recent
from bellpair_core.logic.tasks.compile_job import compile_job
from bellpair_core.logic.tasks.launch_task import launch_task
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.logic.tasks.process_result import process_result
from bellpair_core.logic.tasks.renewal import Renewal
from bellpair_core.logic.tasks.task_changed import task_changed
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus, DeviceTarget
from bellpair_core.model.job import Job
from bellpair_core.model.limits import OPEN_PAGE, OPEN_SHARDS
from bellpair_core.model.pair import Operation, OperationKind, Outcome
from bellpair_core.model.usage import Usage
from bellpair_core.ports import TaskState
from bellpair_core.settings import DeviceSetting, Settings
from tests.examples import device_example, job_example
from tests.fakes import (
    FakeClock,
    FakeCompiler,
    FakeIngestions,
    FakeTasks,
    FakeWakeups,
    FakeWorkflows,
    MemoryBlobs,
    MemoryCatalogue,
    MemoryForms,
    MemoryJournal,
    MemoryLedger,
)
from tests.fakes.fake_tasks import ACCOUNT

REGION = "us-east-1"
Observe = Callable[[Job, Mapping[str, Any], DeviceKind | None], None]
BELL_RESULT = {
    "measuredQubits": [0, 1],
    "measurements": [[0, 0]] * 6 + [[1, 1]] * 4,
}


class Workplace:
    """One region, its ledger, a simulator ``sv1`` and QPUs ``ion-11``, ``square-20`` with 2 places.

    The stages take a job as it was accepted, for its latest execution, or as an execution was
    started with it.
    """

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger()
        self.journal = MemoryJournal()
        self.catalogue = MemoryCatalogue()
        self.blobs = MemoryBlobs()
        self.tasks = FakeTasks()
        self.workflows = FakeWorkflows()
        self.wakeups = FakeWakeups()
        self.compiler = FakeCompiler()
        self.ingestions = FakeIngestions(self.device_calibration)
        self.forms = MemoryForms(self.clock)
        self.buckets = [f"amazon-braket-bellpair-test-{ACCOUNT}-us-east-1"]
        self.settings = Settings(
            stage="test",
            region=REGION,
            primary_region=REGION,
            secondary_region="us-west-2",
            devices=(
                DeviceSetting(name="sv1", arn="arn:aws:braket:::device/sim/amazon/sv1"),
                DeviceSetting(
                    name="ion-11",
                    arn="arn:aws:braket:us-east-1::device/qpu/emulated/ion-11",
                    region="us-east-1",
                    max_in_flight=2,
                ),
                DeviceSetting(
                    name="square-20",
                    arn="arn:aws:braket:us-west-2::device/qpu/emulated/square-20",
                    region="us-west-2",
                    max_in_flight=2,
                ),
            ),
        )
        for setting in self.settings.devices:
            name = setting.name
            kind = DeviceKind.QPU if setting.max_in_flight else DeviceKind.SIMULATOR
            self.catalogue.put_device(
                device_example(
                    name,
                    arn=setting.arn,
                    kind=kind,
                    region=setting.region or REGION,
                    max_in_flight=setting.max_in_flight,
                )
            )
            self.calibrate(name, f"calibration of {name}")

    def peer(self) -> Self:
        """The other region: the same ledger, catalogue, blobs, clock and device service, and
        executions and wake-ups of its own."""
        other = copy(self)
        other.workflows = FakeWorkflows()
        other.wakeups = FakeWakeups()
        other.compiler = FakeCompiler()
        other.settings = self.settings.model_copy(update={"region": self.settings.peer_region})
        return other

    def calibrate(self, name: str, calibration: str, **facts: Any) -> None:
        """The device's calibration is brought in: qubits 0 and 1, unless ``facts`` say else."""
        device = self.device(name)
        target = DeviceTarget(
            **{"qubits": (0, 1), "calibrated_at": self.clock(), **facts},
            device=name,
            kind=device.kind,
            calibration_id=calibration,
        )
        self.catalogue.put_device(
            device.model_copy(
                update={
                    "calibration_id": calibration,
                    "calibrated_at": target.calibrated_at,
                    "target": self.blobs.put(target.model_dump_json().encode()),
                    "seen_at": self.clock(),
                }
            )
        )

    def device(self, name: str) -> Device:
        """The device as the catalogue has it."""
        (device,) = (device for device in self.catalogue.devices() if device.name == name)
        return device

    @property
    def compiled(self) -> int:
        """How often something was compiled here."""
        return self.compiler.made

    def promote(self) -> None:
        """This region is promoted, by the one write."""
        now, record = self.clock(), self.ledger.pair()
        assert record.passive == self.settings.region
        kind = OperationKind.FAILOVER
        done = Operation(
            id=f"op-{record.epoch}",
            kind=kind,
            by="a test",
            reason="",
            started_at=now,
            outcome=Outcome.DONE,
        )
        self.ledger.replace_pair(record, record.promoted(now, done))

    def adopt(self, epoch: int | None = None, limit: int = OPEN_PAGE) -> Counter[str]:
        """Adoption of every shard, as the failover machine has it done."""
        total: Counter[str] = Counter()
        for shard in range(OPEN_SHARDS):
            more: int | bool = True
            while more:
                done = adopt_jobs(
                    shard,
                    self.ledger.pair().epoch if epoch is None else epoch,
                    ledger=self.ledger,
                    workflows=self.workflows,
                    wakeups=self.wakeups,
                    clock=self.clock,
                    region=self.settings.region,
                    limit=limit,
                )
                more = done.pop("more")
                total.update(done)
        return total

    def accept(self, key: str = "first", **changes: Any) -> Job:
        """A job that waits in the ledger."""
        program = self.blobs.put(b"OPENQASM 3.0; // Bell")
        job = job_example(key, program=program, **changes)
        self.ledger.insert(job)
        return job

    def dispatch(self, region: str | None = None, queues: set[str] | None = None) -> list[str]:
        """One pass of the dispatcher: a beat, or a wake-up that names queues."""
        return dispatch_jobs(
            ledger=self.ledger,
            journal=self.journal,
            workflows=self.workflows,
            clock=self.clock,
            region=region or self.settings.region,
            pair=Recent(self.ledger.pair, self.clock),
            devices=self.catalogue.devices,
            breakers=self.breakers,
            spent=Usage,
            queues=queues,
        )

    def compile(self, job: Job) -> dict[str, Any]:
        """The compile stage, in a process that has just started."""
        return compile_job(
            job.id,
            job.epoch,
            self.attempt(job),
            ledger=self.ledger,
            devices=self.catalogue.devices,
            newest=self.catalogue.devices,
            breakers=self.breakers,
            blobs=self.blobs,
            clock=self.clock,
            forms=FormMaker(self.compiler, self.forms, self.blobs),
            spent=Usage,
        )

    def launch(self, job: Job, token: str = "token", seen: Sequence[Device] | None = None) -> None:
        """The launch stage; the execution waits with ``token``.

        Parameters
        ----------
        seen
            The devices as the stage's process read them a little ago.
        """
        self.workflows.waiting.add(token)
        launch_task(
            job.id,
            job.epoch,
            self.attempt(job),
            token,
            ledger=self.ledger,
            blobs=self.blobs,
            tasks=self.tasks,
            workflows=self.workflows,
            clock=self.clock,
            settings=self.settings,
            devices=self.catalogue.devices if seen is None else lambda: seen,
            breakers=self.breakers,
            renewal=self.renewal,
            spent=Usage,
        )

    def hear(self, state: TaskState, region: str = REGION) -> str:
        """A completion event arrives."""
        return task_changed(
            self.ledger,
            self.workflows,
            self.journal,
            region,
            state.arn,
            state.status,
            state.output_bucket,
            state.output_directory,
            self.buckets,
            Usage,
        )

    def process(self, job: Job, task_arn: str, observe: Observe | None = None) -> dict[str, Any]:
        """The stage that keeps the result."""
        return process_result(
            job.id,
            job.epoch,
            self.attempt(job),
            task_arn,
            ledger=self.ledger,
            blobs=self.blobs,
            tasks=self.tasks,
            clock=self.clock,
            devices=self.catalogue.devices,
            breakers=self.breakers,
            renewal=self.renewal,
            observe=observe,
        )

    def finish(self, job: Job, failure: dict[str, Any] | None = None) -> str:
        """The last stage."""
        return finish_job(
            job.id,
            job.epoch,
            self.attempt(job),
            failure,
            Usage(),
            ledger=self.ledger,
            tasks=self.tasks,
            wakeups=self.wakeups,
            clock=self.clock,
            settings=self.settings,
            journal=self.journal,
        )

    def sweep(self) -> dict[str, int]:
        """One pass of the sweeper."""
        return sweep_jobs(
            ledger=self.ledger,
            tasks=self.tasks,
            workflows=self.workflows,
            wakeups=self.wakeups,
            clock=self.clock,
            settings=self.settings,
            journal=self.journal,
        )

    def tell_status(self, name: str, status: DeviceStatus) -> None:
        """The catalogue has it that a device is online or not."""
        device = self.device(name)
        seen = {"status": status, "seen_at": self.clock()}
        self.catalogue.put_device(device.model_copy(update=seen))

    def start(self, job: Job, token: str = "token") -> Job:
        """Dispatch, compile and launch the job; the job as it is then."""
        self.dispatch()
        self.compile(job)
        self.launch(job, token)
        return self.stored(job)

    def device_calibration(self, name: str) -> str | None:
        """What the catalogue calls the device's calibration."""
        return self.device(name).calibration_id

    @property
    def renewal(self) -> Renewal:
        """What asks devices for their calibrations out of turn."""
        return Renewal(
            self.ingestions, self.catalogue.devices, self.blobs, self.clock, self.settings
        )

    @property
    def breakers(self) -> Breakers:
        """What a process that has just started knows of the breakers."""
        return Breakers(self.ledger, self.clock)

    def attempt(self, job: Job) -> int:
        """The execution that a stage given ``job`` belongs to."""
        return job.attempt or self.stored(job).attempt

    def stored(self, job: Job) -> Job:
        """The job as the ledger has it."""
        found = self.ledger.job(job.id)
        assert found is not None
        return found

    def task_arn(self, job: Job) -> str:
        """The ARN of the job's task."""
        task = self.stored(job).task
        assert task is not None and task.arn is not None
        return task.arn
