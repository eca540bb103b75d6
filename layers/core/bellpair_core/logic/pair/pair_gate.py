"""Let pass only what this region may do now."""

from __future__ import annotations

from typing import Protocol

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import CACHE_SECONDS, PAIR_REFRESH_SECONDS, RETRY_AFTER_S
from bellpair_core.model.pair import PairRecord


class PairReading(Protocol):
    """Reads the pair record, as `bellpair_core.logic.recent.Recent` does."""

    def __call__(self, within_s: float = CACHE_SECONDS) -> PairRecord:
        """The record, at most so many seconds old."""
        ...


def require_active(pair: PairReading, region: str) -> PairRecord:
    """Let pass in the active region only.

    A record that would refuse is read again first, so that a region which was promoted a moment
    ago serves at once.

    Returns
    -------
    PairRecord
        The record by which the request passed.

    Raises
    ------
    BellpairError
        ``region-passive``, naming the active region.
    """
    record = pair()
    if record.active != region:
        record = pair(PAIR_REFRESH_SECONDS)
    if record.active != region:
        raise BellpairError(
            ErrorCode.REGION_PASSIVE,
            f"Region {region} is passive and changes nothing; the active region is"
            f" {record.active}.",
            retry_after_s=RETRY_AFTER_S,
            active_region=record.active,
            region=region,
            epoch=record.epoch,
        )
    return record


def require_accepting(pair: PairReading, region: str) -> PairRecord:
    """Let pass where new jobs are taken; as `require_active`, and no pause is on.

    Raises
    ------
    BellpairError
        ``region-passive``, or ``not-accepting`` during a pause.
    """
    record = require_active(pair, region)
    if not record.accepting:
        pair(PAIR_REFRESH_SECONDS)
        # What is read again may say that the pause has ended in the other region's favour.
        record = require_active(pair, region)
    if not record.accepting:
        raise BellpairError(
            ErrorCode.NOT_ACCEPTING,
            "New jobs are paused while the regions change over.",
            retry_after_s=RETRY_AFTER_S,
            active_region=record.active,
            epoch=record.epoch,
        )
    return record


def pair_if_serving(pair: PairReading, region: str) -> PairRecord | None:
    """The record, if this region is active and no pause is on; read again before saying no."""
    for within_s in (CACHE_SECONDS, PAIR_REFRESH_SECONDS):
        record = pair(within_s)
        if record.active == region and record.accepting:
            return record
    return None
