"""One region: its functions, state machines, queue, catalogue, buckets and clock."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import Device, DeviceStatus
from bellpair_core.model.errors import BellpairError, StageError, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.ports import PeerHealth, TaskState
from bellpair_core.ports.tasks import LaunchRefused
from bellpair_core.settings import Settings
from tests.fakes import MemoryForms

from .asl import Json
from .engine import Engine
from .function_worker import RUN_SECONDS, WORKER
from .functions import SHARED, Process
from .scheduler import Activity, Died, Host
from .wire import LEDGER, Port

if TYPE_CHECKING:
    from .world import World

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
INVOCATION_SECONDS = 30.0
"""After which Lambda ends an invocation."""
LONGER_SECONDS = {"sentinel": 90.0, WORKER: RUN_SECONDS}
"""The same for the functions that have more time."""


@dataclass
class Bucket:
    """A region's blobs, and which of them only it has; both survive the region's loss."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    marks: dict[str, None] = field(default_factory=dict)

    def put(self, digest: str, data: bytes) -> bool:
        """Keep a blob."""
        self.blobs[digest] = data
        return True


class Region(Host):
    """A region of the pair.

    Parameters
    ----------
    clock_offset, clock_rate
        How its clock differs: seconds ahead, and seconds it counts in one.
    """

    def __init__(
        self,
        world: World,
        settings: Settings,
        machines: Mapping[str, Json],
        devices: Sequence[Device],
        *,
        clock_offset: float,
        clock_rate: float,
    ) -> None:
        super().__init__(world.scheduler, settings.region)
        self.settings = settings
        self.scheduler = world.scheduler
        self.random: Random = world.random
        self.history = world.history
        self.wire = world.wire
        self.devices = list(devices)
        self.bucket = Bucket()
        self.engine = Engine(self, machines)
        self._world = world
        self._offset = clock_offset
        self._rate = clock_rate
        self._idle: dict[str, list[Process]] = {}
        name = settings.region
        ledger = world.ledger

        def signed() -> None:
            ledger.writer = name

        self.ledger: Any = Port(self.wire, name, LEDGER, "ledger", ledger, before=signed)
        self.journal: Any = Port(self.wire, name, LEDGER, "journal", world.journal, before=signed)
        self.deployed: Any = Port(self.wire, name, name, "functions", world.deployed)
        self.catalogue: Any = Port(self.wire, name, name, "catalogue", _Catalogue(self))
        self.workflows: Any = Port(self.wire, name, name, "workflows", self.engine)
        self.wakeups: Any = Port(self.wire, name, name, "wakeups", _Wakeups(self))
        self.announcements: Any = Port(self.wire, name, name, "announcements", _Announcements())
        self.operations: Any = _Operations(self)
        self.peers: Any = _Peers(self)
        self.tasks: Any = _Tasks(self)
        self.blobs: Any = _Blobs(self)
        self.forms = MemoryForms(self.clock)

    def clock(self) -> datetime:
        """Now, as this region believes."""
        return START + timedelta(seconds=self._offset + self.scheduler.now * self._rate)

    def monotonic(self) -> float:
        """Seconds, by this region's clock."""
        return self.scheduler.now * self._rate

    @property
    def up(self) -> bool:
        """Whether the region exists now; a frozen one does."""
        return self.name not in self._world.network.down

    @property
    def peer_wakeups(self) -> Any:
        """The other region's queue, as reached from here."""
        peer = self._world.regions[self.settings.peer_region]
        return Port(self.wire, self.name, peer.name, "peer wakeups", _Wakeups(peer))

    def at_once(self, calls: Mapping[str, Callable[[], Any]], timeout_s: float) -> dict[str, Any]:
        """See `bellpair_core.ports.peers.AtOnce`."""
        assert self.scheduler.current is not None
        name = self.scheduler.current.name
        begun = {key: self.scheduler.spawn(self, name, call) for key, call in calls.items()}
        until = self.scheduler.now + timeout_s
        found: dict[str, Any] = {}
        for key, activity in begun.items():
            over = self.scheduler.wait(activity, max(0.0, until - self.scheduler.now))
            if isinstance(activity.error, Died):
                # The process died of one of its calls.
                self.scheduler.current.dead = True
                raise Died
            found[key] = (activity.error or activity.value) if over else TimeoutError(key)
        return found

    @property
    def world(self) -> World:
        """What the region is a part of."""
        return self._world

    def reaches_devices(self, region: str) -> str:
        """The wire's name for a region's device service."""
        return f"devices of {region}"

    def invoke(self, function: str, payload: Any) -> Activity:
        """Run a function in a warm process, or a new one where none is free."""
        idle = self._idle.setdefault(SHARED.get(function, function), [])

        def body() -> Any:
            process = idle.pop() if idle else Process(self)
            # One that dies is not put back.
            answer = self._world.handlers[function](process, payload)
            idle.append(process)
            return answer

        def checked() -> Any:
            try:
                return body()
            except (StageError, BellpairError) as error:
                self.history.note("raised", f"{type(error).__name__}: {error}")
                raise
            except Exception as error:
                self._world.referee.violated(f"{function} raised {error!r}, which nobody foresaw")
                raise

        name = f"{function} {_about(payload)}" if self.history.kept else function
        invocation = self.scheduler.spawn(self, name, checked)
        if self.wire.weather.slow:
            self._limit(invocation, LONGER_SECONDS.get(function, INVOCATION_SECONDS))
        return invocation

    def learn(self, device: Device) -> None:
        """Have the catalogue know what a look at the device found."""
        self.devices[:] = [
            device if old.name == device.name and old.seen_at <= device.seen_at else old
            for old in self.devices
        ]

    def _limit(self, invocation: Activity, seconds: float) -> None:
        def end() -> None:
            if self.frozen:
                self._limit(invocation, seconds)
            else:
                invocation.kill("Sandbox.Timedout")

        self.scheduler.after(seconds, end)

    def die(self) -> None:
        """Everything that runs is gone, and what it remembered; queues and state machines too."""
        super().die()
        self._idle.clear()
        self.engine.forget()


def _about(payload: Any) -> str:
    if isinstance(payload, dict):
        for key in ("job_id", "key", "step", "shard", "arn"):
            if key in payload:
                return str(payload[key])[-8:]
    return ""


class _Catalogue:
    """Devices as this region's replica has them."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def devices(self) -> Sequence[Device]:
        return tuple(self._region.devices)

    def put_device(self, device: Device) -> None:
        self._region.learn(device)


class _Wakeups:
    """The dispatcher's queue."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def wake(self, queue: str) -> None:
        region = self._region
        random, weather = region.random.random, region.wire.weather
        if random() < weather.lost:
            return
        for _ in range(1 + (random() < weather.repeated)):
            region.scheduler.after(0.01 + random() * 0.5, lambda: self._deliver(queue))

    def _deliver(self, queue: str) -> None:
        if self._region.up:
            self._region.invoke("dispatch", [{"queue": queue}])


class _Tasks:
    """The device services, each reached over the network."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def launch(self, task: Task, job_id: str, program: str) -> str:
        return self._launched("launch", task, job_id, program)

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        return self._launched("launch_set", task, job_id, programs)

    def _launched(self, how: str, task: Task, job_id: str, what: Any) -> str:
        requests: list[None] = []
        try:
            answer: str = self._ask(
                task.region, how, task, job_id, what, sent=lambda: requests.append(None)
            )
        except LaunchRefused as refusal:
            # An earlier request, unanswered, may still make the task.
            raise LaunchRefused(str(refusal), conclusive=len(requests) == 1) from refusal
        return answer

    def poll(self, task_arn: str) -> TaskState:
        answer: TaskState = self._ask(task_arn.split(":")[3], "poll", task_arn)
        return answer

    def cancel(self, task_arn: str) -> None:
        self._ask(task_arn.split(":")[3], "cancel", task_arn)

    def result(self, state: TaskState) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask(state.arn.split(":")[3], "result", state)
        return answer

    def health(self, device_arn: str, region: str) -> DeviceStatus:
        answer: dict[str, Any] = self._ask(region, "describe", device_arn, region)
        return DeviceStatus(answer["status"].lower())

    def describe(self, device_arn: str, region: str, *, patient: bool = True) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask(region, "describe", device_arn, region)
        return answer

    def _ask(self, where: str, method: str, *arguments: Any, **options: Any) -> Any:
        region = self._region
        service = region._world.services[where]
        try:
            return region.wire.call(
                region.name,
                region.reaches_devices(where),
                f"tasks.{method}",
                getattr(service, method),
                *arguments,
                **options,
            )
        except TransientFault:
            region._world.referee.calls.unanswered(region.name, where)
            raise


class _Operations:
    """Starts the failover machine, in either region."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def start(self, region: str, name: str, input: Mapping[str, Any]) -> bool:
        me, engine = self._region, self._region._world.regions[region].engine
        # As JSON, since that is what travels.
        given = json.loads(json.dumps({"operation": input}))
        started: bool = me.wire.call(
            me.name, region, "operations.start", engine.begin, "failover", name, given
        )
        return started


class _Peers:
    """Probes an API as a client would, from inside a region."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def health(self, endpoint: str, timeout_s: float) -> PeerHealth:
        me = self._region
        random, scheduler = me.random.random, me.scheduler
        region = me._world.regions[endpoint.removeprefix("https://")]
        scheduler.sleep(random() * 0.05)
        if not me._world.network.reaches(me.name, region.name):
            scheduler.sleep(random() * timeout_s)
            return PeerHealth(healthy=False, reason="no connection")
        if random() < me.wire.weather.refused:
            return PeerHealth(healthy=False, reason="refused")
        invocation = region.invoke("health", {})
        if not scheduler.wait(invocation, timeout_s):
            return PeerHealth(healthy=False, reason="no answer")
        if invocation.error is not None:
            return PeerHealth(healthy=False, reason=type(invocation.error).__name__)
        return PeerHealth(healthy=True)


class _Announcements:
    """Word to the outside, which nobody here hears."""

    def pair_changed(self, detail: Mapping[str, Any]) -> None:
        json.dumps(detail)

    def job_ended(self, detail: Mapping[str, Any]) -> None:
        json.dumps(detail)

    def fidelity_regressed(self, detail: Mapping[str, Any]) -> None:
        json.dumps(detail)


class _Blobs:
    """Small payloads in the reference; larger ones in both buckets, or in one with a mark."""

    def __init__(self, region: Region) -> None:
        self._region = region

    def put(self, data: bytes) -> BlobRef:
        digest = hashlib.sha256(data).hexdigest()
        if len(data) <= self._region._world.inline_bytes:
            return BlobRef(sha256=digest, size=len(data), inline=zlib.compress(data, 1))
        having = [name for name in self._names() if self._wrote(name, digest, data)]
        if not having:
            raise TransientFault("no region took the blob")
        if len(having) == 1:
            self._ask(having[0], "mark", lambda bucket: bucket.marks.update({digest: None}))
        return BlobRef(sha256=digest, size=len(data), single_copy=len(having) == 1)

    def get(self, ref: BlobRef) -> bytes:
        if ref.inline is not None:
            return zlib.decompress(ref.inline)
        for name in self._names():
            try:
                found = self._read(name, ref.sha256)
            except TransientFault:
                continue
            if found is not None:
                return found
        raise TransientFault(f"no region has a copy of blob {ref.sha256}")

    def marked(self, region: str) -> Iterator[str]:
        marks: list[str] = self._ask(region, "marked", lambda bucket: list(bucket.marks))
        return iter(marks)

    def copy(self, digest: str, source: str, target: str) -> bool:
        data = self._read(source, digest)
        return data is not None and bool(
            self._ask(target, "put", lambda bucket: bucket.put(digest, data))
        )

    def unmark(self, digest: str, region: str) -> None:
        self._ask(region, "unmark", lambda bucket: bucket.marks.pop(digest, None))

    def _names(self) -> tuple[str, str]:
        return self._region.name, self._region.settings.peer_region

    def _wrote(self, where: str, digest: str, data: bytes) -> bool:
        try:
            return bool(self._ask(where, "put", lambda bucket: bucket.put(digest, data)))
        except TransientFault:
            return False

    def _read(self, where: str, digest: str) -> bytes | None:
        found: bytes | None = self._ask(where, "get", lambda bucket: bucket.blobs.get(digest))
        return found

    def _ask(self, where: str, what: str, request: Callable[[Bucket], Any]) -> Any:
        bucket = self._region._world.regions[where].bucket
        return self._region.wire.call(
            self._region.name, where, f"blobs.{what} in {where}", request, bucket
        )
