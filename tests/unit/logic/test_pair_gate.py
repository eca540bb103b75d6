"""Who is let pass, by a record that may be a little old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellpair_core.logic.pair.pair_gate import pair_if_serving, require_accepting, require_active
from bellpair_core.logic.recent import Recent
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import CACHE_SECONDS, PAIR_REFRESH_SECONDS
from bellpair_core.model.pair import PairMode, PairRecord
from tests.fakes import FakeClock, MemoryLedger

EAST, WEST = "us-east-1", "us-west-2"
FIRST = PairRecord(active=EAST, passive=WEST)
SECOND = PairRecord(active=WEST, passive=EAST, epoch=2, version=1)


class Gate:
    """A warm process of a region, and the ledger that it reads."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger(FIRST)
        self.pair = Recent(self.ledger.pair, self.clock)

    def later(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_the_active_region_passes_without_reading_again(gate: Gate) -> None:
    for _ in range(5):
        assert require_active(gate.pair, EAST) == FIRST
        gate.later(CACHE_SECONDS / 5)

    assert gate.ledger.reads == 1


def test_a_promoted_region_passes_at_once(gate: Gate) -> None:
    with pytest.raises(BellpairError):
        require_active(gate.pair, WEST)
    gate.ledger.pair_record = SECOND
    gate.later(PAIR_REFRESH_SECONDS + 0.01)

    assert require_accepting(gate.pair, WEST) == SECOND


def test_a_crowd_at_a_passive_region_is_refused_by_few_reads(gate: Gate) -> None:
    for _ in range(100):
        with pytest.raises(BellpairError):
            require_active(gate.pair, WEST)
        gate.later(PAIR_REFRESH_SECONDS / 50)

    assert gate.ledger.reads <= 3


def test_a_refusal_names_the_active_region_and_when_to_come_again(gate: Gate) -> None:
    with pytest.raises(BellpairError) as refused:
        require_active(gate.pair, WEST)

    error = refused.value
    assert (error.code, error.retry_after_s) == (ErrorCode.REGION_PASSIVE, 1)
    assert error.members == {"active_region": EAST, "region": WEST, "epoch": 1}


def test_a_demoted_region_knows_it_once_its_record_is_too_old(gate: Gate) -> None:
    require_active(gate.pair, EAST)
    gate.ledger.pair_record = SECOND
    gate.later(CACHE_SECONDS + 0.01)

    with pytest.raises(BellpairError):
        require_active(gate.pair, EAST)


def test_a_pause_is_told_and_its_end_seen_at_once(gate: Gate) -> None:
    gate.ledger.pair_record = FIRST.model_copy(update={"mode": PairMode.PAUSED})
    with pytest.raises(BellpairError) as refused:
        require_accepting(gate.pair, EAST)
    assert refused.value.code is ErrorCode.NOT_ACCEPTING

    gate.ledger.pair_record = FIRST
    gate.later(PAIR_REFRESH_SECONDS + 0.01)
    assert require_accepting(gate.pair, EAST).accepting


def test_a_pause_that_ended_in_the_other_regions_favour_names_that_region(gate: Gate) -> None:
    gate.ledger.pair_record = FIRST.model_copy(update={"mode": PairMode.PAUSED})
    gate.pair()
    gate.ledger.pair_record = SECOND
    gate.later(PAIR_REFRESH_SECONDS + 0.01)

    with pytest.raises(BellpairError) as refused:
        require_accepting(gate.pair, EAST)

    assert refused.value.code is ErrorCode.REGION_PASSIVE
    assert refused.value.members["active_region"] == WEST


def test_the_dispatcher_serves_the_active_region_outside_a_pause(gate: Gate) -> None:
    assert pair_if_serving(gate.pair, EAST) == FIRST
    assert pair_if_serving(gate.pair, WEST) is None

    gate.ledger.pair_record = SECOND.model_copy(update={"mode": PairMode.PAUSED})
    gate.later(PAIR_REFRESH_SECONDS + 0.01)
    assert pair_if_serving(gate.pair, WEST) is None

    gate.ledger.pair_record = SECOND
    gate.later(PAIR_REFRESH_SECONDS + 0.01)
    assert pair_if_serving(gate.pair, WEST) == SECOND


def test_a_clock_that_is_set_back_keeps_no_record_for_longer(gate: Gate) -> None:
    gate.pair()
    gate.ledger.pair_record = SECOND
    gate.later(-3600)

    assert gate.pair() == SECOND
