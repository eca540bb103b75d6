"""Everything that one schedule consists of, built from its seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from random import Random
from typing import Any

from bellpair_core.logic.jobs.submit_job import Submission
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import Device, DeviceStatus, DeviceTarget, ProgramSets
from bellpair_core.model.function import LATEST, FunctionRecord
from bellpair_core.model.tenant import Tenant
from bellpair_core.settings import DeviceSetting, SentinelSetting, Settings
from tests.examples import ION_11, SQUARE_20, SV1, version_example
from tests.fakes.memory_functions import MemoryFunctions
from tests.fakes.memory_ledger import FIRST_PAIR

from .asl import Json, definition
from .call_referee import PRICE, WatchedJournal
from .clients import Client
from .device_service import DeviceService, RunTask, bucket_of
from .function_clients import FUNCTION, FunctionClient, Wish
from .function_worker import RUN_SECONDS, WORKER
from .functions import HANDLERS, Handler
from .history import History
from .referee import Referee, WatchedLedger
from .region import START, Region
from .scheduler import Host, Scheduler
from .wire import CALM, CLIENTS, Network, Wire

EAST, WEST = FIRST_PAIR.active, FIRST_PAIR.passive
REGIONS = (EAST, WEST)
POLL_SECONDS = 60
STAGE_SECONDS = 60
WATCH_SECONDS = 30.0

__all__ = ["EAST", "REGIONS", "WEST", "Submission", "World"]


@cache
def machines() -> Mapping[str, Json]:
    """The state machines by name, as a deployment would fill them in."""
    return {
        "job": definition(
            "job",
            {
                "JobSeconds": 49 * 3600,
                "StageSeconds": STAGE_SECONDS,
                "PollSeconds": POLL_SECONDS,
                "PollAttempts": 49 * 60,
                "TranspileArn": "transpile",
                "ExecuteArn": "execute",
                "PostProcessArn": "postprocess",
                "FinishArn": "finish",
            },
        ),
        "hybrid": definition(
            "hybrid",
            {
                "JobSeconds": 49 * 3600,
                "StageSeconds": STAGE_SECONDS,
                "RunSeconds": int(RUN_SECONDS) + 30,
                "PollSeconds": POLL_SECONDS,
                "ResumeArn": "resume",
                "ParkArn": "park",
                "FinishArn": "finish",
            },
        ),
        "failover": definition(
            "failover",
            {
                "OperationSeconds": 3600,
                "StepSeconds": STAGE_SECONDS,
                "AdoptSeconds": STAGE_SECONDS,
                "DevicesSeconds": STAGE_SECONDS,
                "FailoverArn": "failover",
                "AdoptArn": "adopt",
            },
        ),
    }


SETS = ProgramSets(programs_max=2, shots_max=1_000_000)
"""Of the QPU that takes them: a call of three programs is a set and one more task."""


@cache
def devices() -> tuple[Device, ...]:
    """A simulator that every region serves, and a QPU in each region."""
    offered = (
        SV1.model_copy(update={"num_qubits": 34}),
        ION_11.model_copy(update={"max_in_flight": 1}),
        SQUARE_20.model_copy(update={"max_in_flight": 2, "program_sets": SETS}),
    )
    return tuple(
        device.model_copy(
            update={
                "target": _target(device),
                "calibration_id": f"calibration of {device.name}",
                "calibrated_at": START,
                "price": PRICE,
            }
        )
        for device in offered
    )


def _target(device: Device, calibration: str = "", **facts: Any) -> BlobRef:
    target = DeviceTarget(
        **{"qubits": (0, 1), "calibrated_at": START, **facts},
        device=device.name,
        kind=device.kind,
        calibration_id=calibration or f"calibration of {device.name}",
    )
    return BlobRef.within(target.model_dump_json().encode())


@cache
def deployed() -> MemoryFunctions:
    """The one function that there is."""
    functions = MemoryFunctions()
    version = version_example(
        name=FUNCTION, worker="python", inputs={}, package=BlobRef.within(b"zipped")
    )
    functions.put_version(version)
    functions.replace_record(
        None,
        FunctionRecord(
            tenant=version.tenant,
            name=FUNCTION,
            latest=1,
            aliases={LATEST: {1: 100}},
            created_at=START,
            changed_at=START,
        ),
    )
    return functions


@cache
def settings(region: str) -> Settings:
    """What a region's functions are configured with."""
    return Settings(
        stage="test",
        region=region,
        primary_region=EAST,
        secondary_region=WEST,
        sentinel=SentinelSetting(
            interval_s=3.0,
            cool_down_s=30.0,
            canary_s=60.0,
            canary_limit_s=40.0,
            watch_s=WATCH_SECONDS,
        ),
        api_endpoint=f"https://{region}",
        workers={"python": WORKER},
        result_buckets={name: bucket_of(name) for name in REGIONS},
        devices=tuple(
            DeviceSetting(
                name=device.name,
                arn=device.arn,
                region=None if device.name == "sv1" else device.region,
                max_in_flight=device.max_in_flight,
            )
            for device in devices()
        ),
    )


class World:
    """Two regions, the ledger behind them, two device services, and clients.

    Parameters
    ----------
    seed
        Everything that happens follows from it.
    verbose
        Whether to keep the history in words.
    handlers
        The functions; deliberate breaks bring their own.
    """

    def __init__(
        self, seed: int, *, verbose: bool = False, handlers: Mapping[str, Handler] = HANDLERS
    ) -> None:
        self.seed = seed
        self.random = random = Random(seed)
        self.scheduler = scheduler = Scheduler(forget_traces=not verbose)
        self.history = History(scheduler, verbose)
        self.network = Network()
        self.wire = Wire(scheduler, random, self.network, self.history)
        self.handlers = dict(handlers)
        self.referee = Referee(scheduler, self.history, FIRST_PAIR)
        self.inline_bytes = random.choice((0, 10_000, 10_000))
        self.calm = False
        self.operations = 0
        self.known = {device.name: device for device in devices()}
        self.calibrations = 0
        limited = [device.name for device in devices() if device.max_in_flight is not None]
        lag = random.choice((0.0, 0.5, 2.0))
        self.ledger = WatchedLedger(
            FIRST_PAIR, scheduler, self.referee, lambda: random.random() * lag, limited
        )
        self.journal = WatchedJournal(self.referee.calls, lambda: self.ledger.writer, self._written)
        self.deployed = deployed()
        self.tickets: list[str] = []
        self.services = {
            name: DeviceService(name, scheduler, random, self.referee.created, self._task_changed)
            for name in REGIONS
        }
        self.referee.services = list(self.services.values())
        self.outside = Host(scheduler, CLIENTS)
        self.regions = {
            name: Region(
                self,
                settings(name),
                machines(),
                devices(),
                clock_offset=random.uniform(-3, 3) if random.random() < 0.5 else 0.0,
                clock_rate=random.choice((1.0, 1.0, 0.98, 1.02)),
            )
            for name in REGIONS
        }
        self.clients: list[Client] = []
        for region in self.regions.values():
            for function in ("dispatch", "sweep"):
                self._beat(region, function, 60.0)

    def add_client(self, device: str, *, starts: float, cancels: float | None) -> None:
        """One more submission."""
        client = Client(self, len(self.clients) + 1, device, starts=starts, cancels=cancels)
        self.clients.append(client)
        self.scheduler.spawn(self.outside, client.name, client.run)

    def _written(self) -> None:
        self.referee.on_write()

    def add_function(self, wish: Wish, *, starts: float, cancels: float | None) -> None:
        """One more invocation of the function."""
        number = len(self.clients) + 1
        client = FunctionClient(self, number, wish, starts=starts, cancels=cancels)
        self.clients.append(client)
        self.scheduler.spawn(self.outside, client.name, client.run)

    @property
    def monthly_cap(self) -> float | None:
        """What the tenant's functions may spend, US dollars."""
        return self.referee.monthly_cap

    @monthly_cap.setter
    def monthly_cap(self, cap: float | None) -> None:
        self.referee.monthly_cap = cap

    def tenant(self, name: str) -> Tenant:
        """The tenant as the catalogue has it."""
        return Tenant(name=name, created_at=START, max_usd_per_month=self.monthly_cap)

    def new_ticket(self) -> str:
        """A run's ticket."""
        self.tickets.append(f"ticket {len(self.tickets) + 1}")
        return self.tickets[-1]

    @property
    def settled(self) -> bool:
        """Whether no client waits, every job is over and new ones would be taken."""
        return (
            all(client.done for client in self.clients)
            and not self.referee.unfinished()
            and self.ledger.pair_record.accepting
        )

    def still(self) -> None:
        """All faults are over from now on, and what was away is back."""
        self.calm = True
        self.wire.weather = CALM
        self.network.cut.clear()
        self.history.note("calm", "no more faults")
        for region in self.regions.values():
            self.heal(region)
            if region.frozen:
                region.thaw()
        for name, service in self.services.items():
            self.network.down.discard(f"devices of {name}")
            for device in self.regions[name].devices:
                self.bring_online(device.name)
            service.failing = 0.0
            service.longest = 20.0
        if not self.ledger.pair_record.accepting:
            # Who ends a pause whose operation is lost is a sentinel.
            self.watch()

    def kill(self, region: Region) -> None:
        """Lose the region, at once and with all that it remembered but its buckets."""
        self.history.note("killed", region.name)
        self.network.down.add(region.name)
        region.frozen = False
        region.die()

    def heal(self, region: Region) -> None:
        """Let a lost region be there again, empty."""
        if region.name in self.network.down:
            self.history.note("healed", region.name)
            self.network.down.discard(region.name)

    def take_offline(self, name: str) -> None:
        """Let a QPU take no tasks; the regions' catalogues learn of it later."""
        self._set_online(name, online=False)

    def bring_online(self, name: str) -> None:
        """Let a QPU take tasks again."""
        self._set_online(name, online=True)

    def _set_online(self, name: str, *, online: bool) -> None:
        device = self.known[name]
        offline = self.services[device.region].offline
        if online == (device.arn not in offline):
            return
        self.history.note("online" if online else "offline", name)
        (offline.discard if online else offline.add)(device.arn)
        status = DeviceStatus.ONLINE if online else DeviceStatus.OFFLINE
        seen = device.model_copy(update={"status": status, "seen_at": self._looked(device)})
        self.known[name] = seen
        for region in self.regions.values():
            self.scheduler.after(self.random.random() * 30, partial(region.learn, seen))

    def calibrate(self, name: str, random: Random, *, cramped: bool, changed: bool = True) -> None:
        """Publish a QPU's next calibration; the regions' catalogues learn of it one by one.

        Parameters
        ----------
        random
            Says how soon they do, and draws nothing that others draw from.
        cramped
            Whether it has no room for anybody's program.
        changed
            Whether it says something else than the others.
        """
        self.calibrations += 1
        calibration = f"calibration {self.calibrations} of {name}"
        now = START + timedelta(seconds=self.scheduler.now)
        facts: dict[str, Any] = {"qubits": (0,) if cramped else (0, 1), "calibrated_at": now}
        if changed:
            facts["readout_error"] = {0: self.calibrations / 10_000}
        device = self.known[name]
        target = _target(device, calibration, **facts)
        seen = {
            "target": target,
            "calibration_id": calibration,
            "calibrated_at": now,
            "seen_at": self._looked(device),
        }
        self.known[name] = device.model_copy(update=seen)
        self.history.note("calibrated", f"{calibration}{', without room' if cramped else ''}")
        for region in self.regions.values():
            self.scheduler.after(random.random() * 5, partial(region.learn, self.known[name]))

    def _looked(self, device: Device) -> datetime:
        """The time of a look at a device: after the one before, even if both are at once."""
        now = START + timedelta(seconds=self.scheduler.now)
        return max(now, device.seen_at + timedelta(microseconds=1))

    def watch(self) -> None:
        """Let the sentinels watch until the faults and any pause are over."""
        for region in self.regions.values():
            self._beat(region, "sentinel", WATCH_SECONDS)

    def _beat(self, region: Region, function: str, every: float) -> None:
        def beat() -> None:
            needless = self.calm and self.ledger.pair_record.accepting
            if function == "sentinel" and needless:
                return
            self.scheduler.after(every, beat)
            if not region.up or region.frozen:
                return
            # A schedule's events come at least once, too.
            for _ in range(1 + (self.random.random() < self.wire.weather.repeated)):
                region.invoke(function, [{}] if function == "dispatch" else {})

        self.scheduler.at(self.random.random() * every, beat)

    def _task_changed(self, task: RunTask) -> None:
        """Both regions hear of it, sooner or later, once, twice or never."""
        random, weather = self.random.random, self.wire.weather
        for region in self.regions.values():
            lost = random() < weather.lost or f"devices of {task.region}" in self.network.down
            for _ in range(0 if lost else 1 + (random() < weather.repeated)):
                late = random() * (30 if random() < weather.lost else 0.5)
                self.scheduler.after(late, self._delivery(region, task))

    def _delivery(self, region: Region, task: RunTask) -> Callable[[], None]:
        detail: dict[str, Any] = {
            "arn": task.arn,
            "status": task.status.value,
            "bucket": bucket_of(task.region),
            "directory": self.services[task.region].directory(task),
        }

        def deliver() -> None:
            if region.up:
                region.invoke("complete", detail)

        return deliver

    def end(self) -> None:
        """End every activity, so that nothing of the schedule stays in memory."""
        for host in (*self.regions.values(), self.outside):
            host.die()
