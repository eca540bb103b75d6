"""What an operator has done to the pair, and what it looks like."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.tenants.authenticate import require
from bellpair_core.model.beat import Beat
from bellpair_core.model.breaker import Breaker
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.limits import (
    DRAIN_SECONDS_DEFAULT,
    DRAIN_SECONDS_MAX,
    REASON_CHARACTERS_MAX,
)
from bellpair_core.model.pair import OperationKind, Order, PairRecord
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.ports import Clock, Ledger, Operations
from bellpair_core.settings import Settings

from .promotion_rules import release_ends_pause


class PairChange(BaseModel):
    """Why an operator changes the pair, and how. Each description also tells what a wrong value
    should be."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    reason: str = Field(
        min_length=1,
        max_length=REASON_CHARACTERS_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description=f"a text of 1 to {REASON_CHARACTERS_MAX} printable characters, which the"
        " pair's record keeps",
    )
    drain_seconds: int = Field(
        DRAIN_SECONDS_DEFAULT,
        ge=0,
        le=DRAIN_SECONDS_MAX,
        description=f"a whole number from 0 to {DRAIN_SECONDS_MAX}: how long a planned change"
        " waits for running jobs",
    )
    force: bool = Field(
        False,
        description="true to overrule a hold, or to release a pause whose operation is lost",
    )


class SeenPair(NamedTuple):
    """The pair, each region's last beat where there is one, and the breakers that hold something
    against their device."""

    record: PairRecord
    beats: Mapping[str, Beat]
    breakers: tuple[Breaker, ...]


class Started(NamedTuple):
    """An operation, and the region that it runs in."""

    order: Order
    region: str


def see_pair(ledger: Ledger, principal: Principal, devices: Iterable[str]) -> SeenPair:
    """The pair as it is now; for operators.

    Raises
    ------
    BellpairError
        ``forbidden``.
    """
    require(principal, Role.OPERATOR)
    record = ledger.pair()
    beats = {region: ledger.beat(region) for region in (record.active, record.passive)}
    breakers = (ledger.breaker(device) for device in devices)
    return SeenPair(
        record,
        {region: beat for region, beat in beats.items() if beat is not None},
        tuple(breaker for breaker in breakers if not breaker.clean),
    )


def operate_pair(
    principal: Principal,
    kind: OperationKind,
    change: PairChange,
    *,
    ledger: Ledger,
    operations: Operations,
    clock: Clock,
    settings: Settings,
    token: Callable[[], str] = lambda: secrets.token_hex(4),
) -> Started:
    """Start an operation on the pair; for operators, in either region.

    It runs in the region that takes over, a hold or release in this one, and looks at the pair
    again before it changes anything: what is refused here would only be refused there later.

    Parameters
    ----------
    token
        Makes the operation's id its own.

    Raises
    ------
    BellpairError
        ``forbidden``, ``pair-held``, ``pair-busy``, ``pair-unchanged``, or ``region-away`` when
        the other region is to run it and could not be reached.
    TransientFault
        When this region is to run it and could not start it.
    """
    require(principal, Role.OPERATOR)
    record = ledger.pair()
    region = record.passive if kind.promotes else settings.region
    order = Order(
        id=f"{kind.value}-{record.epoch}-{token()}",
        kind=kind,
        by=f"{principal.tenant}/{principal.key_id}",
        reason=change.reason,
        epoch=record.epoch,
        force=change.force,
        drain_seconds=change.drain_seconds,
    )
    _require_sensible(record, order, region, settings.primary_region, clock)
    try:
        operations.start(region, order.id, order.model_dump(mode="json"))
    except TransientFault as fault:
        if region == settings.region:
            raise
        raise BellpairError(
            ErrorCode.REGION_AWAY,
            f"Region {region} would take over and does not answer {settings.region};"
            f" {record.active} stays active.",
            active_region=record.active,
            epoch=record.epoch,
        ) from fault
    return Started(order, region)


def _require_sensible(
    record: PairRecord, order: Order, region: str, primary: str, clock: Clock
) -> None:
    kind, now = order.kind, clock()
    if kind is OperationKind.HOLD and record.hold is not None:
        raise _unchanged(record, f"{record.hold.by} holds the pair already.")
    if (
        kind is OperationKind.RELEASE
        and record.hold is None
        and not release_ends_pause(record, order, now)
    ):
        raise _unchanged(record, "No hold stands.")
    if kind is OperationKind.FAILBACK and region != primary:
        raise _unchanged(record, f"The primary region {primary} is active already.")
    if kind.promotes and record.hold is not None and not order.force:
        raise BellpairError(
            ErrorCode.PAIR_HELD,
            f"{record.hold.by} holds the pair: {record.hold.reason}",
            active_region=record.active,
            epoch=record.epoch,
        )
    if kind.planned and record.busy_with_another(order.id, now):
        assert record.operation is not None
        raise BellpairError(
            ErrorCode.PAIR_BUSY,
            f"Operation {record.operation.id} is running.",
            active_region=record.active,
            epoch=record.epoch,
        )


def _unchanged(record: PairRecord, detail: str) -> BellpairError:
    return BellpairError(
        ErrorCode.PAIR_UNCHANGED, detail, active_region=record.active, epoch=record.epoch
    )
