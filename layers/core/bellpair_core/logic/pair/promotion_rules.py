"""Whether the pair may be changed as somebody asks: one account for the API and the machine."""

from __future__ import annotations

from datetime import datetime, timedelta

from bellpair_core.model.pair import OperationKind, Order, PairRecord


def overtaken(record: PairRecord, order: Order, region: str) -> str | None:
    """Why the order's time is over, or ``None``: it was for the pair as it was then.

    Parameters
    ----------
    region
        The region that is to take over.
    """
    if record.epoch != order.epoch:
        return (
            f"the pair is at epoch {record.epoch} with {record.active} active, and this was asked"
            f" for at epoch {order.epoch}; look at the pair and ask again"
        )
    if record.passive != region:
        return f"{region} is active already; run the operation in {record.passive}"
    return None


def withheld(
    record: PairRecord,
    order: Order,
    region: str,
    *,
    primary: str,
    cool_down_s: float,
    now: datetime,
) -> str | None:
    """Why a promotion is not allowed now, or ``None``.

    Parameters
    ----------
    region
        The region that is to take over.
    primary
        The region that a failback makes active.
    cool_down_s
        Seconds after a promotion in which none follows by itself.
    """
    if record.hold is not None and (order.automatic or not order.force):
        return (
            f"{record.hold.by} holds the pair ({record.hold.reason}); release the hold, or insist"
            " with force"
        )
    if order.automatic and cooling(record, cool_down_s, now):
        return f"the last promotion is less than {cool_down_s:g} s ago, and no operator asked"
    if order.kind is not OperationKind.FAILOVER and record.busy_with_another(order.id, now):
        assert record.operation is not None
        return f"operation {record.operation.id} is running; wait for its end"
    if order.kind is OperationKind.FAILBACK and region != primary:
        return f"the active region {primary} is the primary one already"
    return None


def cooling(record: PairRecord, cool_down_s: float, now: datetime) -> bool:
    """Whether the last promotion is too recent for another one without an operator."""
    last = record.promoted_at
    return last is not None and now - last < timedelta(seconds=cool_down_s)


def release_ends_pause(record: PairRecord, order: Order, now: datetime) -> bool:
    """Whether a release ends the pause that is on: one that no running operation stands behind,
    or whatever pause an operator insists on ending. A sentinel ends only a pause that outlived
    its operation."""
    if record.accepting:
        return False
    if order.automatic:
        return record.pause_outlived(now)
    return order.force or not record.busy_with_another(order.id, now)
