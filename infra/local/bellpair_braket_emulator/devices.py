"""A device at work: its queue, its workers, and the faults that a drill may set."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from .actions import Executable
from .condition import Condition, Snapshot
from .deliveries import Deliveries
from .documents import capabilities
from .entropy import BY_ORDER, BY_PROGRAM, Entropy, by_order, by_program
from .events import DEVICE_STATUS_CHANGE, TASK_STATE_CHANGE, Events
from .noise import NotWorking, ideal_circuit, noisy_circuit
from .outputs import BucketMissing, OutputError, Outputs, OutputUnavailable
from .profile import Calibration, Profile
from .results import Measured, result_files
from .sampling import Bits, Stopped, sample
from .shelf import Shelf
from .tasks import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    CREATED,
    FAILED,
    FINAL,
    QUEUED,
    RUNNING,
    Task,
    timestamp,
)

logger = logging.getLogger(__name__)

ONLINE, OFFLINE, RETIRED = "ONLINE", "OFFLINE", "RETIRED"


@dataclass
class Faults:
    """What goes wrong next on a device.

    Attributes
    ----------
    fail_next
        So many of the next tasks fail when they run.
    lose_results
        So many of the next completed tasks have no result object.
    throttle_next
        So many of the next CreateQuantumTask calls are throttled.
    drop_events
        No state-change event is sent.
    document
        What GetDevice's document says instead of the truth: a merge patch (RFC 7396).
    """

    fail_next: int = 0
    lose_results: int = 0
    throttle_next: int = 0
    drop_events: bool = False
    document: dict[str, Any] = field(default_factory=dict)


@dataclass
class Device:
    """One device of the emulator. All methods belong to the event loop's thread.

    A task whose result finds no store stays RUNNING until it does; the device goes on with the
    next ones meanwhile.

    Attributes
    ----------
    executor
        Where programs are simulated.
    uploads
        Where results are written, so that a store that hangs does not keep the simulations.
    shelf
        Where measurements are kept.
    seed, sampling
        Fix the counts of the tasks taken from now on: with the order of the tasks, or with each
        task's program and shots.
    drift_seed, drift_rate
        In place of the profile's.
    bucket_patience_s
        Seconds for which a bucket may be away that was there when its task was made: its region
        may have been lost, and is empty until its stacks are there again.
    """

    profile: Profile
    region: str
    outputs: Outputs
    events: Events
    executor: Executor
    uploads: Executor
    shelf: Shelf
    seed: int
    status: str = ONLINE
    sampling: str = BY_ORDER
    bucket_patience_s: float = 120.0
    faults: Faults = field(default_factory=Faults)
    tasks_taken: int = 0
    drift_seed: int | None = None
    drift_rate: float | None = None

    def __post_init__(self) -> None:
        self.queue: deque[Task] = deque()
        self.running: dict[str, Task] = {}
        self.queue_delay_s = self.profile.queue_delay_s
        self._queued_at: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        self._deliveries = Deliveries(self._deliver)
        self._bucket_missed: dict[str, float] = {}
        self.condition: Condition | None = None
        if self.profile.kind == "qpu":
            self.condition = Condition(self.profile, seed=self.drift_seed, rate=self.drift_rate)
        self._started_at = datetime.now(UTC)
        self._shown: tuple[Snapshot | None, str] | None = None

    # What clients see

    @property
    def name(self) -> str:
        """The device's short name."""
        return self.profile.name

    @property
    def open_tasks(self) -> int:
        """Tasks that wait or run, or whose results wait."""
        return len(self.queue) + len(self.running) + len(self._deliveries)

    def summary(self) -> dict[str, str]:
        """As SearchDevices lists it."""
        return {
            "deviceArn": self.profile.arn,
            "deviceName": self.name.upper() if self.name == "sv1" else self.name,
            "providerName": self.profile.provider,
            "deviceType": self.profile.kind.upper(),
            "deviceStatus": self.status,
        }

    def details(self) -> dict[str, Any]:
        """As GetDevice shows it."""
        return {
            **self.summary(),
            "deviceCapabilities": self._capabilities(),
            "deviceQueueInfo": [
                {
                    "queue": "QUANTUM_TASKS_QUEUE",
                    "queueSize": str(len(self.queue)),
                    "queuePriority": "Normal",
                },
                {
                    "queue": "QUANTUM_TASKS_QUEUE",
                    "queueSize": "0",
                    "queuePriority": "Priority",
                },
                {"queue": "JOBS_QUEUE", "queueSize": "0"},
            ],
        }

    def queue_info(self, task: Task) -> dict[str, str]:
        """A task's place in the queue: 1 is the next to run, "None" is not in the queue."""
        info = {
            "queue": "QUANTUM_TASKS_QUEUE",
            "queuePriority": "Normal",
            "position": "None",
        }
        if task.status in (CREATED, QUEUED) and task in self.queue:
            info["position"] = str(self.queue.index(task) + 1)
        else:
            info["message"] = f"The quantum task is {task.status} and has no place in the queue."
        return info

    def published(self) -> Calibration | None:
        """The error rates as GetDevice shows them; None of a simulator."""
        return None if self.condition is None else self.condition.published().calibration

    def _capabilities(self) -> str:
        """The device document; written anew only where there is something new to say."""
        snapshot = None if self.condition is None else self.condition.published()
        if self._shown is None or self._shown[0] is not snapshot:
            calibration = None if snapshot is None else snapshot.calibration
            updated = self._started_at if snapshot is None else snapshot.updated_at
            document = capabilities(self.profile, calibration, self.region, timestamp(updated))
            self._shown = (snapshot, json.dumps(document))
        if not self.faults.document:
            return self._shown[1]
        return json.dumps(_patched(json.loads(self._shown[1]), self.faults.document))

    # What an operator does

    def set_status(self, status: str) -> None:
        """Bring the device on or off line, or retire it for good."""
        if status == self.status:
            return
        self.status = status
        detail = {
            "deviceArn": self.profile.arn,
            "deviceName": self.name,
            "status": status,
        }
        self._publish(DEVICE_STATUS_CHANGE, self.profile.arn, detail)
        if status == RETIRED:
            while self.queue:
                task = self.queue.popleft()
                task.failure_reason = "The device was retired while the task was queued."
                self._move(task, FAILED)
        self._wake.set()

    def set_queue_delay(self, seconds: float) -> None:
        """Let tasks wait longer, or shorter."""
        self.queue_delay_s = seconds
        self._wake.set()

    def renew(self, seed: int | None) -> None:
        """Draw new error rates, as the device of another day would have."""
        if self.condition is not None:
            self.condition.renew(seed)

    # Tasks

    def entropies(self, executables: Sequence[Executable], shots: int) -> tuple[Entropy, ...]:
        """What the counts of each executable of a next task are to follow from.

        Parameters
        ----------
        shots
            Of each of them.
        """
        if self.sampling == BY_PROGRAM:
            return tuple(
                by_program(self.seed, self.name, one.source, one.inputs, shots)
                for one in executables
            )
        first = by_order(self.seed, self.name, self.tasks_taken)
        return (first, *((*first, number) for number in range(1, len(executables))))

    def start(self) -> None:
        """Begin to work."""
        self._deliveries.start()
        for _ in range(self.profile.concurrency):
            self._workers.append(asyncio.create_task(self._work()))

    async def stop(self) -> None:
        """Leave the queue as it is, let running simulations know, and end."""
        for task in self.running.values():
            task.cancel_requested = True
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._deliveries.stop()

    def hurry(self) -> None:
        """Try again now to write the results that wait: their store may be back."""
        self._deliveries.hurry()

    async def write_result(self, task: Task) -> None:
        """Write a measured task's result, once more where it was written already.

        Raises
        ------
        OutputError, OutputUnavailable
            If it cannot be stored, or not now.
        """
        loop = asyncio.get_running_loop()
        kept = self._kept(task)
        if kept is None:
            kept = await loop.run_in_executor(self.executor, self._simulation(task))
        await loop.run_in_executor(self.uploads, self._store, task, kept)

    def submit(self, task: Task) -> None:
        """Take a new task."""
        self._publish_task(task, "INSERT")
        self.queue.append(task)
        self._queued_at[task.arn] = time.monotonic()
        self._move(task, QUEUED)
        self._wake.set()

    def cancel(self, task: Task) -> str:
        """Cancel a task that has not ended.

        Returns
        -------
        CANCELLED where it was waiting, CANCELLING where it runs.
        """
        task.cancel_requested = True
        if task in self.queue:
            self.queue.remove(task)
            self._queued_at.pop(task.arn, None)
            self._move(task, CANCELLING)
            self._move(task, CANCELLED)
        elif task.status == RUNNING:
            self._move(task, CANCELLING)
            self._deliveries.hurry()
        return task.status

    async def _work(self) -> None:
        while True:
            task = await self._next()
            self.running[task.arn] = task
            try:
                await self._run(task)
            except Exception:
                logger.exception("task %s", task.arn)
                task.failure_reason = "The emulator failed; its log has the details."
                self._move(task, FAILED)
            finally:
                del self.running[task.arn]

    async def _next(self) -> Task:
        while True:
            wait = None
            if self.queue and self.status == ONLINE:
                due = self._queued_at[self.queue[0].arn] + self.queue_delay_s
                wait = due - time.monotonic()
                if wait <= 0:
                    task = self.queue.popleft()
                    del self._queued_at[task.arn]
                    return task
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue

    async def _run(self, task: Task) -> None:
        task.started_at = datetime.now(UTC)
        self._move(task, RUNNING)
        if self.faults.fail_next > 0:
            self.faults.fail_next -= 1
            task.failure_reason = "The device failed while it ran the task."
            self._move(task, FAILED)
            return
        loop = asyncio.get_running_loop()
        task.calibration = None if self.condition is None else self.condition.truth()
        try:
            started = time.monotonic()
            task.executed_shots = task.shots
            measured = await loop.run_in_executor(self.executor, self._simulation(task))
        except Stopped:
            self._move(task, CANCELLED)
            return
        except MemoryError:
            task.failure_reason = "The program needs more memory than there is."
            self._move(task, FAILED)
            return
        task.seconds = time.monotonic() - started
        task.measured_at = datetime.now(UTC)
        # What does not work is found out before the first shot, as the pulses are put together.
        task.executed_shots = task.shots_each * len(measured)
        if not measured:
            task.failure_reason = task.failures[0]
            if not task.is_set:
                self._move(task, FAILED)
                return
        for number, bits in measured.items():
            self.shelf.put(_shelved(task, number), bits)
        if self.faults.lose_results > 0 and not task.cancel_requested:
            self.faults.lose_results -= 1
            task.result_lost = True
            self._move(task, COMPLETED)
        elif len(self._deliveries) or not await self._deliver(task):
            # Where results wait already, the store is away: no need for this worker to find out.
            self._deliveries.add(task)

    def _measured_at(self) -> str:
        assert self.condition is not None
        return timestamp(self.condition.published().updated_at)

    async def _deliver(self, task: Task) -> bool:
        """Bring a measured task to its end; False where its store is away."""
        if task.cancel_requested:
            self._move(task, CANCELLED)
            return True
        try:
            await self.write_result(task)
        except BucketMissing as error:
            now = time.monotonic()
            if now - self._bucket_missed.setdefault(task.arn, now) < self.bucket_patience_s:
                return False
            task.failure_reason = str(error)
            self._move(task, FAILED)
        except OutputUnavailable as error:
            logger.debug("task %s waits: %s", task.arn, error)
            self._bucket_missed.pop(task.arn, None)
            return False
        except Stopped:
            self._move(task, CANCELLED)
        except (OutputError, MemoryError) as error:
            task.failure_reason = str(error) or "The program needs more memory than there is."
            self._move(task, FAILED)
        except Exception:
            logger.exception("task %s", task.arn)
            task.failure_reason = "The emulator failed; its log has the details."
            self._move(task, FAILED)
        else:
            # A set has a result also where all of it failed, which tells why of each.
            end = FAILED if len(task.failures) == len(task.measured) else COMPLETED
            self._move(task, CANCELLED if task.cancel_requested else end)
        self._bucket_missed.pop(task.arn, None)
        return True

    def _simulation(self, task: Task) -> Callable[[], Measured]:
        """Runs a task's executables; what keeps one from being run is noted in the task."""

        published = "" if self.condition is None else self._measured_at()

        def simulate() -> Measured:
            measured: dict[int, Bits] = {}
            for number, program in enumerate(task.to_run()):
                # A generator of its own, so that workers may run side by side, a seed still
                # fixes every count, and a second simulation gives the same.
                rng = np.random.default_rng(task.entropies[number])
                try:
                    if task.calibration is None:
                        circuit = ideal_circuit(program)
                    else:
                        circuit = noisy_circuit(program, self.profile, task.calibration)
                except NotWorking as error:
                    task.failures.setdefault(
                        number,
                        f"{error} The calibration of {published} does not say so yet: "
                        "compile the program without it, or against the next calibration.",
                    )
                    continue
                measured[number] = sample(
                    circuit, task.shots_each, rng, lambda: task.cancel_requested
                )
            return measured

        return simulate

    def _kept(self, task: Task) -> Measured | None:
        """What the shelf has of a task, if that is all that was measured."""
        kept: dict[int, Bits] = {}
        for number in range(len(task.measured)):
            if number in task.failures:
                continue
            bits = self.shelf.get(_shelved(task, number))
            if bits is None:
                return None
            kept[number] = bits
        return kept

    def _store(self, task: Task, measured: Measured) -> None:
        for name, body in result_files(task, self.profile, measured):
            self.outputs.put(task.bucket, f"{task.directory}/{name}", body)

    def _move(self, task: Task, status: str) -> None:
        if task.status in FINAL:
            return
        task.status = status
        if status in FINAL:
            task.ended_at = datetime.now(UTC)
            task.programs = None
        self._publish_task(task, "MODIFY")
        logger.info("task %s %s", task.arn.rpartition("/")[2], status)

    def _publish_task(self, task: Task, change: str) -> None:
        detail = task.summary()
        del detail["tags"]
        # The service writes the shots of an event as text.
        detail |= {"shots": str(task.shots), "eventType": change}
        # An end is waited for.
        self._publish(TASK_STATE_CHANGE, task.arn, detail, urgent=task.status in FINAL)

    def _publish(
        self, kind: str, resource: str, detail: dict[str, Any], *, urgent: bool = True
    ) -> None:
        if not self.faults.drop_events:
            self.events.publish(kind, resource, detail, datetime.now(UTC), urgent=urgent)


def _shelved(task: Task, executable: int) -> str:
    return f"{task.arn}/{executable}" if executable else task.arn


def _patched(value: Any, patch: Any) -> Any:
    """What a merge patch (RFC 7396) makes of a JSON value."""
    if not isinstance(patch, dict):
        return patch
    members = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            members.pop(name, None)
        else:
            members[name] = _patched(members.get(name), change)
    return members
