"""The sentinel has its region promoted when the peer is lost, and never by a mere break."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import cast

import pytest

from bellpair_core.logic.pair.watch_peer import Round, Verdict, Watch
from bellpair_core.model.beat import Beat
from bellpair_core.model.limits import PAUSE_GRACE
from bellpair_core.model.pair import Hold, OperationKind, Order, PairMode
from bellpair_core.ports import AtOnce
from tests.fakes.fake_clock import START
from tests.fakes.one_by_one import one_by_one
from tests.unit.logic.two_sentinels import EAST, SENTINEL, WEST, Region, TwoSentinels

FRESH_ROUNDS = 1
"""A beat counts for so many rounds after the one in which it moved."""


@pytest.fixture
def pair() -> TwoSentinels:
    both = TwoSentinels()
    both.pass_time(5)
    assert both.west.operations.started == {}
    return both


def verdicts(rounds: list[Round]) -> set[Verdict]:
    return {found.verdict for found in rounds}


def test_regions_that_are_well_are_left_alone(pair: TwoSentinels) -> None:
    assert verdicts(pair.pass_time(200)) == {Verdict.ALIVE}
    assert pair.west.orders == []
    assert pair.east.orders == []


def test_each_region_says_of_itself_how_it_is(pair: TwoSentinels) -> None:
    for region in (EAST, WEST):
        beat = pair.ledger.beat(region)
        assert beat is not None
        assert beat.healthy
        assert beat.endpoint == f"http://{region}"
    before = pair.ledger.beats[EAST].counter

    pair.pass_time(3)

    assert pair.ledger.beats[EAST].counter == before + 3


def test_a_lost_region_is_replaced_after_its_loss_is_confirmed(pair: TwoSentinels) -> None:
    pair.east.alive = False

    found = pair.pass_time(FRESH_ROUNDS + SENTINEL.confirm_n)

    (order,) = pair.west.orders
    assert found[-1].started == order.id
    assert [r.started for r in found[:-1]] == [None] * (len(found) - 1)
    assert (order.kind, order.epoch, order.automatic) == (OperationKind.FAILOVER, 1, True)
    assert order.by == f"sentinel of {WEST}"
    assert EAST in order.reason
    assert not order.stuck


def test_the_failover_runs_in_the_region_that_takes_over_under_a_telling_name(
    pair: TwoSentinels,
) -> None:
    pair.east.alive = False
    pair.pass_time(6)

    ((name, (region, given)),) = pair.west.operations.started.items()
    assert region == WEST
    assert name == given["id"]
    assert name.startswith("auto-2-")


def test_one_loss_starts_one_failover_while_that_is_on_its_way(pair: TwoSentinels) -> None:
    pair.east.alive = False

    started = [found.started for found in pair.pass_time(12) if found.started]

    assert len(started) == 1


def test_a_failover_that_came_to_nothing_is_started_again(pair: TwoSentinels) -> None:
    pair.east.alive = False

    pair.pass_time(30)

    assert 2 <= len(pair.west.orders) <= 4


def test_a_failover_that_could_not_be_started_is_tried_in_each_round(pair: TwoSentinels) -> None:
    pair.east.alive = False
    pair.west.operations.unreachable = {WEST}
    pair.pass_time(8)
    pair.west.operations.unreachable = set()

    (found,) = pair.pass_time(1)

    assert found.started


def test_the_passive_region_cut_off_from_the_ledger_promotes_nobody(pair: TwoSentinels) -> None:
    pair.west.road.cut = True
    pair.west.deaf_to = {EAST}
    beat = pair.ledger.beats[WEST]

    assert verdicts(pair.pass_time(50)) == {Verdict.BLIND}

    assert pair.west.orders == []
    assert pair.ledger.beats[WEST] == beat


def test_what_was_seen_before_a_blindness_does_not_count_after_it(pair: TwoSentinels) -> None:
    pair.east.alive = False
    pair.pass_time(FRESH_ROUNDS + SENTINEL.confirm_n - 1)
    pair.west.road.cut = True
    pair.pass_time(1)
    pair.west.road.cut = False

    assert pair.pass_time(1)[0].started is None
    assert pair.west.orders == []
    assert any(found.started for found in pair.pass_time(5))


def test_the_active_region_cut_off_from_the_ledger_is_lost(pair: TwoSentinels) -> None:
    pair.east.road.cut = True

    found = pair.pass_time(6)

    assert found[-1].verdict is Verdict.DEAD
    assert "503" in pair.west.orders[0].reason


def test_a_cut_between_the_regions_alone_promotes_nobody(pair: TwoSentinels) -> None:
    pair.west.deaf_to = {EAST}
    pair.east.deaf_to = {WEST}

    assert verdicts(pair.pass_time(50)) == {Verdict.ALIVE}
    assert pair.west.orders == []


def test_an_api_that_is_gone_is_a_region_that_is_lost(pair: TwoSentinels) -> None:
    pair.east.api = False

    found = pair.pass_time(2 * SENTINEL.confirm_n + FRESH_ROUNDS)

    assert pair.ledger.beats[EAST].healthy is False
    assert any(one.started for one in found)


def test_a_slow_answer_now_and_then_is_no_reason_to_call_oneself_ill(pair: TwoSentinels) -> None:
    for second in range(30):
        pair.east.api = second % SENTINEL.confirm_n != 0
        pair.pass_time(1)
        assert pair.ledger.beats[EAST].healthy


def test_a_region_that_is_being_set_up_is_not_lost() -> None:
    pair = TwoSentinels()
    pair.east.api = False

    assert verdicts(pair.pass_time(50)) == {Verdict.UNKNOWN}
    assert pair.ledger.beat(EAST) is None
    assert pair.west.orders == []


def late(calls: Mapping[str, Callable[[], object]], timeout_s: float) -> dict[str, object]:
    """As a slow API is met: it answers when the round is over."""
    found = dict(one_by_one(calls, timeout_s))
    return found | {name: TimeoutError(name) for name in ("own", "peer") if name in found}


def test_an_api_that_answers_late_is_slow_and_not_lost(pair: TwoSentinels) -> None:
    pair.east.at_once = pair.west.at_once = cast(AtOnce, late)

    assert verdicts(pair.pass_time(50)) == {Verdict.ALIVE}
    assert pair.ledger.beats[EAST].healthy


def test_a_sentinel_that_is_silent_beside_an_api_that_answers_is_no_loss(
    pair: TwoSentinels,
) -> None:
    for _ in range(30):
        pair.west.probe()
        pair.clock.advance(timedelta(seconds=1))

    assert pair.west.orders == []


@pytest.mark.parametrize("seed", range(20))
def test_flapping_below_the_confirmation_promotes_nobody(pair: TwoSentinels, seed: int) -> None:
    chance = Random(seed)
    pair.pass_time(1)
    window: list[bool] = []
    for _ in range(100):
        lost = chance.random() < 0.6 and sum(window[-3:]) < SENTINEL.confirm_n - 1
        window.append(lost)
        pair.east.api = not lost
        # Its beat stands still, so that only the API tells.
        pair.west.probe()
        pair.clock.advance(timedelta(seconds=1))

    assert pair.west.orders == []


def test_a_hold_holds_and_its_reason_is_told_once(
    pair: TwoSentinels, caplog: pytest.LogCaptureFixture
) -> None:
    hold = Hold(by="operators/0a1b2c3d", at=START, reason="rehearsal")
    pair.ledger.pair_record = pair.ledger.pair_record.model_copy(update={"hold": hold})
    pair.east.alive = False

    with caplog.at_level(logging.WARNING):
        found = pair.pass_time(20)

    assert pair.west.orders == []
    assert "rehearsal" in found[-1].held_back
    assert caplog.text.count("rehearsal") == 1


def test_a_hold_that_ends_lets_a_region_be_promoted_that_is_still_lost(pair: TwoSentinels) -> None:
    held = pair.ledger.pair_record
    hold = Hold(by="operators/0a1b2c3d", at=START, reason="rehearsal")
    pair.ledger.pair_record = held.model_copy(update={"hold": hold})
    pair.east.alive = False
    pair.pass_time(20)
    pair.ledger.pair_record = held

    assert pair.pass_time(1)[0].started


def test_a_region_that_came_back_under_a_hold_stays(pair: TwoSentinels) -> None:
    record = pair.ledger.pair_record
    hold = Hold(by="operators/0a1b2c3d", at=START, reason="rehearsal")
    pair.ledger.pair_record = record.model_copy(update={"hold": hold})
    pair.east.alive = False
    pair.pass_time(20)
    pair.east.alive = True
    pair.ledger.pair_record = record

    pair.pass_time(20)

    assert pair.west.orders == []


def test_nothing_is_promoted_within_the_cool_down_and_then_it_is(pair: TwoSentinels) -> None:
    promoted_at = pair.clock()
    pair.ledger.pair_record = pair.ledger.pair_record.model_copy(
        update={"promoted_at": promoted_at}
    )
    pair.east.alive = False

    found = [(pair.clock(), pair.pass_time(1)[0]) for _ in range(15)]

    at, first = next((at, one) for at, one in found if one.started)
    assert at - promoted_at == timedelta(seconds=SENTINEL.cool_down_s)
    assert any("ago" in one.held_back for _, one in found)
    assert first.verdict is Verdict.DEAD


@pytest.mark.parametrize(
    ("ahead", "waits"), [(timedelta(seconds=-30), True), (timedelta(seconds=30), False)]
)
def test_a_slow_clock_waits_longer_than_the_cool_down(
    pair: TwoSentinels, ahead: timedelta, *, waits: bool
) -> None:
    pair.ledger.pair_record = pair.ledger.pair_record.model_copy(
        update={"promoted_at": pair.clock() - timedelta(seconds=SENTINEL.cool_down_s)}
    )
    pair.west = pair.regions[WEST] = Region(WEST, pair, canaries=False)
    pair.west.clock_ahead = ahead
    pair.pass_time(5)
    pair.east.alive = False

    pair.pass_time(10)

    assert (pair.west.orders == []) is waits


def order(**changes: object) -> Order:
    values = {"id": "switchover-1-x", "kind": "switchover", "by": "o/k", "reason": "r", "epoch": 1}
    return Order.model_validate(values | changes)


def test_a_running_operation_is_left_to_its_end(pair: TwoSentinels) -> None:
    record = pair.ledger.pair_record
    running = order().operation(pair.clock())
    pair.ledger.pair_record = record.paused(pair.clock(), running)
    pair.east.alive = False

    found = pair.pass_time(20)

    assert pair.west.orders == []
    assert "switchover-1-x" in found[-1].held_back


@pytest.mark.parametrize(("drain_s", "paused_for_s"), [(600, 0), (20, 120)], ids=["long", "late"])
def test_a_lost_region_is_not_drained_for_minutes(
    pair: TwoSentinels, drain_s: int, paused_for_s: int
) -> None:
    began = pair.clock() - timedelta(seconds=paused_for_s)
    running = order(drain_seconds=drain_s).operation(began)
    pair.ledger.pair_record = pair.ledger.pair_record.paused(began, running)
    pair.east.alive = False

    pair.pass_time(10)

    assert [started.kind for started in pair.west.orders] == [OperationKind.FAILOVER]


def test_a_pause_whose_operation_died_does_not_keep_a_region_from_being_replaced(
    pair: TwoSentinels,
) -> None:
    pair.ledger.pair_record = pair.ledger.pair_record.paused(
        pair.clock(), order().operation(pair.clock() - timedelta(days=1))
    )
    pair.east.alive = False

    pair.pass_time(6)

    assert len(pair.west.orders) == 1


def test_a_region_whose_own_api_is_down_does_not_take_over(pair: TwoSentinels) -> None:
    pair.west.api = False
    pair.east.alive = False

    found = pair.pass_time(20)

    assert pair.west.orders == []
    assert verdicts(found[FRESH_ROUNDS + 1 :]) == {Verdict.UNSURE}


def test_rounds_in_which_the_own_api_was_slow_speak_for_nothing(pair: TwoSentinels) -> None:
    def starved(
        calls: Mapping[str, Callable[[], object]], timeout_s: float
    ) -> Mapping[str, object | Exception]:
        found: dict[str, object | Exception] = dict(one_by_one(calls, timeout_s))
        return found | {"own": TimeoutError("own: no answer")}

    pair.west.at_once = cast(AtOnce, starved)
    pair.east.alive = False

    found = pair.pass_time(30)
    assert found[-1].verdict is Verdict.UNSURE
    assert pair.west.orders == []

    pair.west.at_once = one_by_one
    pair.pass_time(SENTINEL.confirm_n - 1)
    pair.west.at_once = cast(AtOnce, starved)
    pair.pass_time(SENTINEL.confirm_m)
    pair.west.at_once = one_by_one
    pair.pass_time(SENTINEL.confirm_n - 1)
    assert pair.west.orders == []
    pair.pass_time(1)
    assert len(pair.west.orders) == 1


def test_a_frozen_region_that_runs_again_finds_that_it_is_passive(pair: TwoSentinels) -> None:
    pair.east.alive = False
    pair.pass_time(6)
    (failover,) = pair.west.orders
    record = pair.ledger.pair_record
    pair.ledger.pair_record = record.promoted(pair.clock(), failover.operation(pair.clock()))
    pair.east.alive = True

    pair.pass_time(30)

    assert pair.east.orders == []
    assert len(pair.west.orders) == 1


def test_a_sentinel_that_was_frozen_does_not_act_on_what_it_saw_before(pair: TwoSentinels) -> None:
    pair.east.alive = False
    pair.pass_time(FRESH_ROUNDS + SENTINEL.confirm_n - 1)
    pair.east.alive = True
    pair.clock.advance(timedelta(seconds=60))
    pair.east.api = False

    assert pair.west.probe().verdict is Verdict.ALIVE
    assert list(pair.west.watch.lost) == [False]


class SlowRegion(Region):
    """Takes very long to ask an API, as one that is frozen meanwhile."""

    def health(self, endpoint: str, timeout_s: float):  # type: ignore[no-untyped-def]
        self.pair.clock.advance(timedelta(seconds=5))
        return super().health(endpoint, timeout_s)


def test_a_round_that_took_too_long_starts_nothing(pair: TwoSentinels) -> None:
    pair.east.alive = False
    pair.pass_time(FRESH_ROUNDS + SENTINEL.confirm_n - 1)
    slow = SlowRegion(WEST, pair, canaries=False)
    slow.watch = pair.west.watch

    found = slow.probe()

    assert found.verdict is Verdict.DEAD
    assert slow.orders == []
    assert "too long" in found.held_back


def test_two_sentinels_at_once_start_one_failover(pair: TwoSentinels) -> None:
    second = Watch(SENTINEL)
    for _ in range(3):
        pair.pass_time(1)
        pair.west.probe(second)
    pair.east.alive = False

    for _ in range(8):
        pair.pass_time(1)
        pair.west.probe(second)

    assert len(pair.west.operations.started) == 1


def test_the_beats_of_two_sentinels_at_once_still_move(pair: TwoSentinels) -> None:
    second = Watch(SENTINEL)
    pair.west.deaf_to = {EAST}

    for _ in range(20):
        pair.east.probe(second)
        assert verdicts(pair.pass_time(1)) == {Verdict.ALIVE}


def test_a_peer_that_never_gave_a_sign_was_never_lost() -> None:
    pair = TwoSentinels()
    pair.east.alive = False

    assert verdicts(pair.pass_time(50)) == {Verdict.UNKNOWN}
    assert pair.west.orders == []


def test_a_peer_that_is_first_seen_dead_is_lost() -> None:
    pair = TwoSentinels()
    pair.ledger.put_beat(
        Beat(region=EAST, counter=7, healthy=True, endpoint=f"http://{EAST}", at=START)
    )
    pair.east.alive = False

    pair.pass_time(FRESH_ROUNDS + SENTINEL.confirm_n + 1)

    assert len(pair.west.orders) == 1


def test_the_active_region_never_starts_anything(pair: TwoSentinels) -> None:
    pair.west.alive = False

    pair.pass_time(50)

    assert pair.east.orders == []


def test_a_pause_that_outlived_its_operation_is_ended_from_the_active_region(
    pair: TwoSentinels,
) -> None:
    lost = order(drain_seconds=5).operation(pair.clock())
    pair.ledger.pair_record = pair.ledger.pair_record.paused(pair.clock(), lost)
    pair.west.alive = False
    lives_s = int(PAUSE_GRACE.total_seconds()) + 5 + 1

    pair.pass_time(lives_s)
    assert pair.east.orders == []
    pair.pass_time(1)

    (release,) = pair.east.orders
    assert (release.kind, release.automatic) == (OperationKind.RELEASE, True)
    assert pair.west.orders == []


def test_the_next_loss_is_answered_while_the_last_promotion_still_adopts(
    pair: TwoSentinels,
) -> None:
    adopting = order(kind="failover").operation(pair.clock())
    pair.ledger.pair_record = pair.ledger.pair_record.promoted(pair.clock(), adopting)
    pair.pass_time(int(SENTINEL.cool_down_s) + 1)
    pair.west.alive = False

    pair.pass_time(6)

    assert len(pair.east.orders) == 1


def test_how_long_the_pair_has_been_paused_is_told(pair: TwoSentinels) -> None:
    paused = pair.ledger.pair_record.paused(pair.clock(), order().operation(pair.clock()))
    pair.ledger.pair_record = paused
    assert paused.mode is PairMode.PAUSED
    found = pair.pass_time(1)[0]

    assert found.paused_s(pair.clock()) == 1.0
    assert Round(Verdict.ALIVE, paused.resumed(pair.clock(), order().operation(START))).paused_s(
        pair.clock()
    ) == pytest.approx(0.0)
