"""The steps of the failover machine, which runs in the region that takes over.

Each may be repeated, after a crash at any point: it looks at the pair record first, and changes
it by one conditional write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bellpair_core.logic.devices.device_breaker import unreachable_devices
from bellpair_core.model.errors import Fenced, LedgerConflict, PromotionRefused, TransientFault
from bellpair_core.model.job import FUNCTIONS_QUEUE, SHARED_QUEUES, JobStatus
from bellpair_core.model.limits import OPEN_SCAN_PAGE, OPEN_SHARDS
from bellpair_core.model.pair import Operation, Order, Outcome, PairMode, PairRecord
from bellpair_core.ports import Announcements, Clock, Ledger, Peers, TaskService, Wakeups
from bellpair_core.settings import Settings

from .promotion_rules import overtaken, release_ends_pause, withheld

_TRIES = 10
_PROBE_TIMEOUT_MAX_S = 2.0


@dataclass(frozen=True)
class FailoverSteps:
    """What the steps work with."""

    ledger: Ledger
    wakeups: Wakeups
    clock: Clock
    settings: Settings
    peers: Callable[[], Peers]
    tasks: Callable[[], TaskService]
    announcements: Callable[[], Announcements]

    def take(self, step: str, order: Order, before: Mapping[str, Any]) -> dict[str, Any]:
        """Take the step of this name.

        Parameters
        ----------
        before
            What the step before gave, or what the machine caught.

        Raises
        ------
        ValueError
            When there is no such step.
        """
        started = datetime.fromisoformat(before.get("started_at") or self.clock().isoformat())
        steps: dict[str, Callable[[], dict[str, Any]]] = {
            "confirm": lambda: self.confirm(order),
            "pause": lambda: self.pause(order, started),
            "drained": lambda: self.drained(order, started),
            "promote": lambda: self.promote(order, started),
            "resume": lambda: self.resume(order, started),
            "devices": self.devices,
            "announce": lambda: self.announce(order, before),
            "abort": lambda: self.abort(order, before),
            "hold": lambda: self.hold(order),
            "release": lambda: self.release(order),
        }
        if step not in steps:
            raise ValueError(f"there is no step {step!r}; the steps are {', '.join(steps)}")
        return steps[step]()

    def confirm(self, order: Order) -> dict[str, Any]:
        """Whether the pair is still as it was when this was asked for, and may be changed.

        Returns
        -------
        dict
            ``started_at``, for the later steps to put on record.

        Raises
        ------
        PromotionRefused
            Saying why not.
        """
        now = self.clock()
        record = self.ledger.pair()
        if not self._promoted(record, order):
            self._require_allowed(record, order)
            if order.automatic:
                self._require_dead(record, order)
        return {"epoch": record.epoch, "started_at": now.isoformat()}

    def pause(self, order: Order, started_at: datetime) -> dict[str, Any]:
        """Let nobody accept or start jobs, while the running ones come to their end."""

        def paused(record: PairRecord) -> PairRecord:
            if self._promoted(record, order) or _paused_by(record, order):
                return record
            self._require_allowed(record, order)
            return record.paused(self.clock(), order.operation(started_at))

        record = self._write(paused)
        return {"epoch": record.epoch, "started_at": started_at.isoformat()}

    def drained(self, order: Order, started_at: datetime) -> dict[str, Any]:
        """Whether no job of the old epoch runs any more, or the time for that is over."""
        record = self.ledger.pair()
        carried = {"started_at": started_at.isoformat()}
        if self._promoted(record, order):
            return {"drained": True, "running": 0, **carried}
        if not _paused_by(record, order):
            raise PromotionRefused(f"the pause of {order.id} was ended by another operation")
        assert record.operation is not None
        limit = record.operation.steps["paused"] + timedelta(seconds=order.drain_seconds)
        late = self.clock() >= limit
        running = 0 if late else self._running(order.epoch)
        return {"drained": late or running == 0, "running": running, **carried}

    def promote(self, order: Order, started_at: datetime) -> dict[str, Any]:
        """Make this region the active one: the one write that everything else follows from."""
        promoting = {"promoting": self.clock()}

        def promoted(record: PairRecord) -> PairRecord:
            if self._promoted(record, order):
                return record
            self._require_allowed(record, order)
            if order.kind.planned and not _paused_by(record, order):
                raise PromotionRefused(f"the pause of {order.id} was ended by another operation")
            return record.promoted(self.clock(), order.operation(started_at, steps=promoting))

        record = self._write(promoted)
        return {"epoch": record.epoch, "started_at": started_at.isoformat()}

    def resume(self, order: Order, started_at: datetime) -> dict[str, Any]:
        """Make sure that this region accepts, since when is put on record, and wake what starts
        jobs.

        Returns
        -------
        dict
            ``epoch``, and ``shards``, of which each is to be adopted.

        Raises
        ------
        Fenced
            When the pair was promoted again since.
        """

        def resumed(record: PairRecord) -> PairRecord:
            self._require_ours(record, order)
            mine = _operation_of(record, order)
            if record.accepting:
                if mine is None or "resumed" in mine.steps:
                    return record
                # Read after the promoting write, so the pause that it ended is on record whole.
                return record.concluded(self.clock(), mine, "resumed")
            if record.busy_with_another(order.id, self.clock()):
                return record
            return record.resumed(self.clock(), order.operation(started_at))

        record = self._write(resumed)
        devices = {device.name for device in self.settings.devices}
        for queue in sorted(devices | SHARED_QUEUES | {FUNCTIONS_QUEUE}):
            self.wakeups.wake(queue)
        return {
            "epoch": record.epoch,
            "shards": list(range(OPEN_SHARDS)),
            "started_at": started_at.isoformat(),
        }

    def devices(self) -> dict[str, Any]:
        """Hold back what waits for devices that were lost with the other region."""
        away = unreachable_devices(
            self.ledger,
            self.tasks(),
            self.clock,
            self.settings.devices,
            self.settings.peer_region,
        )
        return {"unreachable": away}

    def announce(self, order: Order, result: Mapping[str, Any]) -> dict[str, Any]:
        """Put on record how it went, and tell who listens.

        Parameters
        ----------
        result
            ``{"shards": [{"shard", "adopted", "end"}], "devices": …}``

        Raises
        ------
        Fenced
            When the pair was promoted again since.
        """
        shards: Sequence[Mapping[str, Any]] = result.get("shards") or ()
        adopted = sum(int(shard.get("adopted", 0)) for shard in shards)
        left = [str(shard["shard"]) for shard in shards if shard.get("end") == "left-to-sweeper"]
        detail = f"left to the sweeper: shards {', '.join(left)}" if left else ""

        def announced(record: PairRecord) -> PairRecord:
            self._require_ours(record, order)
            mine = _operation_of(record, order)
            if mine is None or mine.outcome is not Outcome.RUNNING:
                return record
            now = self.clock()
            done = mine.model_copy(
                update={
                    "outcome": Outcome.DONE,
                    "detail": detail,
                    "adopted": adopted,
                    "steps": {**mine.steps, "adopted": now},
                }
            )
            return record.concluded(now, done, "announced")

        record = self._write(announced)
        self.announcements().pair_changed(
            {
                "stage": self.settings.stage,
                "operation": order.id,
                "kind": order.kind.value,
                "by": order.by,
                "automatic": order.automatic,
                "reason": order.reason,
                "active_region": record.active,
                "passive_region": record.passive,
                "epoch": record.epoch,
                "adopted": adopted,
                "detail": detail,
            }
        )
        return {"adopted": adopted}

    def abort(self, order: Order, failure: Mapping[str, Any]) -> dict[str, Any]:
        """Accept again what this operation paused, and put on record that it ended here.

        A promotion that is written stands; then it is on record how far the operation came.

        Parameters
        ----------
        failure
            What the machine caught, ``{"Error": class name, "Cause": JSON text}``.
        """
        detail = _reason(failure)

        def aborted(record: PairRecord) -> PairRecord:
            now = self.clock()
            mine = _operation_of(record, order)
            if mine is None:
                # What nobody asked for is not put over what somebody did.
                if order.automatic or record.busy_with_another(order.id, now):
                    return record
                refused = order.operation(now, outcome=Outcome.REFUSED, detail=detail)
                return record.concluded(now, refused, "refused")
            if mine.outcome is not Outcome.RUNNING:
                return record
            if self._promoted(record, order):
                short = mine.model_copy(
                    update={"outcome": Outcome.DONE, "detail": f"promoted, then stopped: {detail}"}
                )
                return record.concluded(now, short, "stopped")
            refused = mine.model_copy(update={"outcome": Outcome.REFUSED, "detail": detail})
            if record.mode is PairMode.PAUSED:
                return record.resumed(now, refused, f"resumed: {order.kind} came to nothing")
            return record.concluded(now, refused, "refused")

        record = self._write(aborted)
        return {"epoch": record.epoch, "mode": record.mode.value, "detail": detail}

    def hold(self, order: Order) -> dict[str, Any]:
        """Let no region be promoted until the hold is released; the first hold stands."""

        def held(record: PairRecord) -> PairRecord:
            if record.hold is not None:
                return record
            now = self.clock()
            return record.held(now, order.operation(now, outcome=Outcome.DONE))

        record = self._write(held)
        return {"epoch": record.epoch, "held": True}

    def release(self, order: Order) -> dict[str, Any]:
        """Let regions be promoted again, and end a pause that nobody is going to end.

        The pause of an operation that is running is left to it, unless the order insists: the
        region that ran the operation may be lost. No sentinel lifts a hold.
        """

        def released(record: PairRecord) -> PairRecord:
            now = self.clock()
            done = order.operation(now, outcome=Outcome.DONE)
            if record.hold is not None and not order.automatic:
                return record.released(now, done)
            if release_ends_pause(record, order, now):
                return record.resumed(now, done)
            return record

        # A hold and a pause are two writes; what is neither is none.
        for _ in ("hold", "pause"):
            record = self._write(released)
        return {"epoch": record.epoch, "held": record.hold is not None, "mode": record.mode.value}

    def _require_allowed(self, record: PairRecord, order: Order) -> None:
        region = self.settings.region
        why = overtaken(record, order, region) or withheld(
            record,
            order,
            region,
            primary=self.settings.primary_region,
            cool_down_s=self.settings.sentinel.cool_down_s,
            now=self.clock(),
        )
        if why is not None:
            raise PromotionRefused(why)

    def _require_dead(self, record: PairRecord, order: Order) -> None:
        """Ask the active region once more, by its API and by its sign of life."""
        before = self.ledger.beat(record.active)
        if before is None or order.stuck:
            # A region that runs no job may answer and beat as if nothing were.
            return
        timeout_s = min(_PROBE_TIMEOUT_MAX_S, self.settings.sentinel.interval_s)
        if self.peers().health(before.endpoint, timeout_s).healthy:
            raise PromotionRefused(f"{record.active} answers again, so it stays active")
        after = self.ledger.beat(record.active)
        if after is not None and after.healthy and after.counter != before.counter:
            raise PromotionRefused(
                f"{record.active} does not answer {self.settings.region}, but gives signs of life,"
                " so the way between them is cut and it stays active"
            )

    def _require_ours(self, record: PairRecord, order: Order) -> None:
        if (record.epoch, record.active) != (order.epoch + 1, self.settings.region):
            raise Fenced(
                f"the pair is at epoch {record.epoch} with {record.active} active,"
                f" and {order.id} made epoch {order.epoch + 1}"
            )

    def _promoted(self, record: PairRecord, order: Order) -> bool:
        mine = _operation_of(record, order)
        here = (record.epoch, record.active) == (order.epoch + 1, self.settings.region)
        return mine is not None and here

    def _running(self, epoch: int) -> int:
        running = 0
        for shard in range(OPEN_SHARDS):
            position: str | None = None
            while True:
                page = self.ledger.open_jobs(shard, OPEN_SCAN_PAGE, position)
                running += sum(
                    job.epoch <= epoch and job.status is not JobStatus.QUEUED for job in page.jobs
                )
                if (position := page.position) is None:
                    break
        return running

    def _write(self, change: Callable[[PairRecord], PairRecord]) -> PairRecord:
        """Write ``change(record)``; the same object means that there is nothing to write.

        Raises
        ------
        TransientFault
            When the record changed again at every try.
        """
        for _ in range(_TRIES):
            record = self.ledger.pair()
            new = change(record)
            if new is record:
                return record
            try:
                self.ledger.replace_pair(record, new)
            except LedgerConflict:
                continue
            return new
        raise TransientFault("the pair record kept changing")


def _operation_of(record: PairRecord, order: Order) -> Operation | None:
    mine = record.operation
    return mine if mine is not None and mine.id == order.id else None


def _paused_by(record: PairRecord, order: Order) -> bool:
    mine = _operation_of(record, order)
    return (
        record.epoch == order.epoch
        and record.mode is PairMode.PAUSED
        and mine is not None
        and "paused" in mine.steps
    )


def _reason(failure: Mapping[str, Any]) -> str:
    """What people are told of what the machine caught."""
    name = str(failure.get("Error", "an unnamed error"))
    try:
        message = str(json.loads(str(failure.get("Cause", "")))["errorMessage"])
    except (ValueError, KeyError, TypeError):
        message = ""
    if name == PromotionRefused.__name__ and message:
        return message
    # The text of any other error may hold anything, so it stays in the log.
    return f"a step failed with {name}; the execution's log says more"
