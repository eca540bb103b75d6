"""Tell whether this region can do its work."""

from __future__ import annotations

from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.pair import PairMode, PairRecord
from bellpair_core.ports import Ledger


class Health(NamedTuple):
    """The pair as this region sees it."""

    region: str
    pair: PairRecord

    @property
    def active(self) -> bool:
        """Whether this region is the active one."""
        return self.pair.active == self.region

    @property
    def accepting(self) -> bool:
        """Whether this region takes jobs."""
        return self.active and self.pair.mode is PairMode.ACCEPTING


def health(ledger: Ledger, region: str) -> Health:
    """Ask the ledger, which everything depends on.

    Raises
    ------
    BellpairError
        ``unavailable`` when it cannot be reached.
    """
    try:
        return Health(region, ledger.pair())
    except TransientFault as fault:
        raise BellpairError(
            ErrorCode.UNAVAILABLE,
            f"Region {region} cannot reach the ledger.",
            retry_after_s=1,
            region=region,
        ) from fault


def active_health(ledger: Ledger, region: str) -> Health:
    """As `health`, for who sends requests to the active region only.

    Raises
    ------
    BellpairError
        ``unavailable``, or ``region-passive`` in the other region.
    """
    seen = health(ledger, region)
    if not seen.active:
        raise BellpairError(
            ErrorCode.REGION_PASSIVE,
            f"Region {region} is well and passive; the active region is {seen.pair.active}.",
            retry_after_s=1,
            active_region=seen.pair.active,
            region=region,
            epoch=seen.pair.epoch,
        )
    return seen
