"""The pair of regions: which one is active, and every change that may be made to that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from .limits import AUDIT_MAX, DRAIN_SECONDS_DEFAULT, OPERATION_STALE_AFTER, PAUSE_GRACE


class PairMode(StrEnum):
    """Whether the active region takes new jobs."""

    ACCEPTING = "accepting"
    PAUSED = "paused"


class OperationKind(StrEnum):
    """What may be done to the pair."""

    FAILOVER = "failover"
    SWITCHOVER = "switchover"
    FAILBACK = "failback"
    HOLD = "hold"
    RELEASE = "release"

    @property
    def planned(self) -> bool:
        """Whether the active region is there to be drained first."""
        return self in (OperationKind.SWITCHOVER, OperationKind.FAILBACK)

    @property
    def promotes(self) -> bool:
        """Whether it makes the passive region the active one."""
        return self.planned or self is OperationKind.FAILOVER


class Outcome(StrEnum):
    """How an operation ended, or that it has not."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class Hold(BaseModel):
    """An operator's order that no region be promoted."""

    model_config = ConfigDict(frozen=True)

    by: str
    at: datetime
    reason: str


class Operation(BaseModel):
    """The change of the pair that is going on, or the last one.

    Attributes
    ----------
    id
        Also the name of the state machine's execution.
    by
        ``"<tenant>/<key id>"`` of an operator, or ``"sentinel of <region>"``.
    steps
        When each step that is done was done, by the clock of the region that runs it.
    adopted
        How many jobs changed hands.
    drain_seconds
        For how long running jobs may hold up a planned change.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: OperationKind
    by: str
    reason: str
    started_at: datetime
    steps: Mapping[str, datetime] = Field(default_factory=dict)
    outcome: Outcome = Outcome.RUNNING
    detail: str = ""
    adopted: int = 0
    drain_seconds: int = 0

    @property
    def promoted(self) -> bool:
        """Whether its promoting write is done: what is left to do is adoption."""
        return "promoted" in self.steps


class Order(BaseModel):
    """What an operator, or a sentinel by itself, wants done to the pair: the failover machine's
    input.

    Attributes
    ----------
    id
        ``"<kind>-<epoch>-<random>"``, or a sentinel's, ``"auto-<epoch>-<time>"``; also the name of
        the state machine's execution.
    by
        ``"<tenant>/<key id>"`` of an operator, or ``"sentinel of <region>"``.
    epoch
        The pair's when this was asked for; once it has passed, so has the order.
    automatic
        Whether no person stands behind it: then it is bound by the cool-down, and the active
        region is asked once more how it is.
    stuck
        Whether an automatic order comes from a canary job that did not end: then an API that
        answers well proves nothing.
    force
        Whether a hold is to be overruled.
    drain_seconds
        How long a planned change waits for running jobs.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: OperationKind
    by: str
    reason: str
    epoch: int
    automatic: bool = False
    stuck: bool = False
    force: bool = False
    drain_seconds: int = DRAIN_SECONDS_DEFAULT

    def operation(self, started_at: datetime, **changes: object) -> Operation:
        """The operation that carries it out, as the pair record knows it."""
        return Operation(
            id=self.id,
            kind=self.kind,
            by=self.by,
            reason=self.reason,
            started_at=started_at,
            drain_seconds=self.drain_seconds,
        ).model_copy(update=changes)


class AuditEntry(BaseModel):
    """Who changed the pair, how and why."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    action: str
    reason: str
    epoch: int


class PairRecord(BaseModel):
    """Which region accepts and runs jobs.

    Every write of it is conditional on ``epoch`` and ``version``, so that of two that were
    made from the same record one has no effect.

    Attributes
    ----------
    active, passive
        AWS region names.
    epoch
        Grows by one at each promotion and never falls.
    version
        Grows by one at each write; 0 is the record that stands while none is stored.
    since
        When the present mode or active region began.
    promoted_at
        When the last promotion was.
    hold
        While it stands no region is promoted, unless an operator insists.
    audit
        The last changes, newest last.
    """

    model_config = ConfigDict(frozen=True)

    active: str
    passive: str
    epoch: int = 1
    version: int = 0
    mode: PairMode = PairMode.ACCEPTING
    since: datetime | None = None
    reason: str = "initial"
    promoted_at: datetime | None = None
    hold: Hold | None = None
    operation: Operation | None = None
    audit: tuple[AuditEntry, ...] = ()

    @property
    def accepting(self) -> bool:
        """Whether the active region takes new jobs."""
        return self.mode is PairMode.ACCEPTING

    def busy_with_another(self, order_id: str, at: datetime) -> bool:
        """Whether an operation of another id is running; one that is too old is given up."""
        running = self.operation
        if running is None or running.id == order_id or running.outcome is not Outcome.RUNNING:
            return False
        return at - running.started_at < OPERATION_STALE_AFTER

    def pause_outlived(self, at: datetime) -> bool:
        """Whether a pause is on that its operation will not end: the region it ran in is lost."""
        if self.accepting or self.operation is None or self.since is None:
            return False
        drain = timedelta(seconds=self.operation.drain_seconds)
        return at - self.since > drain + PAUSE_GRACE

    def paused(self, at: datetime, operation: Operation) -> Self:
        """No new jobs while the active region drains."""
        return self._changed(
            at,
            operation,
            "paused",
            step="paused",
            mode=PairMode.PAUSED,
            since=at,
            reason=operation.reason,
        )

    def promoted(self, at: datetime, operation: Operation) -> Self:
        """The passive region is the active one, at the next epoch, and accepts at once."""
        return self._changed(
            at,
            operation,
            f"promoted {self.passive}",
            step="promoted",
            active=self.passive,
            passive=self.active,
            epoch=self.epoch + 1,
            mode=PairMode.ACCEPTING,
            since=at,
            reason=operation.reason,
            promoted_at=at,
        )

    def resumed(self, at: datetime, operation: Operation, action: str = "resumed") -> Self:
        """The active region takes new jobs again."""
        return self._changed(
            at, operation, action, step="resumed", mode=PairMode.ACCEPTING, since=at
        )

    def held(self, at: datetime, operation: Operation) -> Self:
        """No promotion until the hold is released."""
        hold = Hold(by=operation.by, at=at, reason=operation.reason)
        return self._changed(at, operation, "held", step="held", hold=hold)

    def released(self, at: datetime, operation: Operation) -> Self:
        """Promotions are allowed again."""
        return self._changed(at, operation, "released", step="released", hold=None)

    def concluded(self, at: datetime, operation: Operation, step: str) -> Self:
        """The record with the operation as it stands now, and nothing else changed."""
        return self._changed(at, operation, None, step=step)

    def _changed(
        self,
        at: datetime,
        operation: Operation,
        action: str | None,
        *,
        step: str,
        **changes: object,
    ) -> Self:
        mine = self.operation is not None and self.operation.id == operation.id
        before = self.operation.steps if mine and self.operation else {}
        steps = {**before, **operation.steps, step: at}
        kept: Operation | None = operation.model_copy(update={"steps": steps})
        beside = not operation.kind.promotes and step != "resumed"
        if beside and self.busy_with_another(operation.id, at):
            # A hold is one write; the promotion that it came upon must find its own steps again.
            # A release that ended its pause has ended it too, and nobody need wait for it.
            kept = self.operation
        changed = self.model_copy(
            update={"version": self.version + 1, "operation": kept, **changes}
        )
        if action is None:
            return changed
        entry = AuditEntry(
            at=at,
            by=operation.by,
            action=action,
            reason=operation.reason,
            epoch=changed.epoch,
        )
        return changed.model_copy(update={"audit": (*self.audit, entry)[-AUDIT_MAX:]})
