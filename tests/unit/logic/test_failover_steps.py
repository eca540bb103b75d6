"""The failover machine's steps: what each lets pass, writes once and may repeat."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.pair.failover_steps import FailoverSteps
from bellpair_core.model.beat import Beat
from bellpair_core.model.errors import Fenced, LedgerConflict, PromotionRefused
from bellpair_core.model.limits import OPEN_SHARDS, OPERATION_STALE_AFTER, PAUSE_GRACE
from bellpair_core.model.pair import OperationKind, Order, Outcome, PairMode, PairRecord
from bellpair_core.ports import PeerHealth
from tests.fakes import FakeAnnouncements, FakePeers
from tests.unit.logic.workplace import Workplace

EAST, WEST = "us-east-1", "us-west-2"
EAST_API = "https://east.example/api"
REFUSED = {
    "Error": "PromotionRefused",
    "Cause": json.dumps({"errorMessage": "the hold stands", "errorType": "PromotionRefused"}),
}


class Machine:
    """The steps of the failover machine in one region, taken in its order."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.ledger = place.ledger
        self.clock = place.clock
        self.peers = FakePeers()
        self.announcements = FakeAnnouncements()
        self.steps = FailoverSteps(
            ledger=place.ledger,
            wakeups=place.wakeups,
            clock=place.clock,
            settings=place.settings,
            peers=lambda: self.peers,
            tasks=lambda: place.tasks,
            announcements=lambda: self.announcements,
        )

    @property
    def record(self) -> PairRecord:
        """The pair record as it is stored."""
        return self.ledger.pair_record

    def take(self, step: str, order: Order, before: Any = None) -> dict[str, Any]:
        """Take a step through JSON, as Step Functions has it."""
        sent = Order.model_validate_json(order.model_dump_json())
        done = self.steps.take(step, sent, json.loads(json.dumps(before or {})))
        return dict(json.loads(json.dumps(done)))

    def run(self, order: Order) -> None:
        """The whole operation, where nothing is refused."""
        done = self.take("confirm", order)
        if order.kind.planned:
            done = self.take("pause", order, done)
            while not (done := self.take("drained", order, done))["drained"]:
                self.clock.advance(timedelta(seconds=1))
        done = self.take("promote", order, done)
        self.take("resume", order, done)
        self.take("announce", order, {"shards": []})


@pytest.fixture
def east() -> Workplace:
    return Workplace()


@pytest.fixture
def machine(east: Workplace) -> Machine:
    """The machine of the passive region."""
    return Machine(east.peer())


def order(kind: OperationKind = OperationKind.FAILOVER, **changes: Any) -> Order:
    values = {
        "id": f"{kind.value}-1-0a1b2c3d",
        "kind": kind,
        "by": "operators/0a1b2c3d",
        "reason": "a rehearsal",
        "epoch": 1,
    }
    return Order.model_validate(values | changes)


SWITCHOVER = order(OperationKind.SWITCHOVER)
AUTOMATIC = order(id="auto-2-1", by=f"sentinel of {WEST}", automatic=True)


def beat(machine: Machine, counter: int = 1, *, healthy: bool = True) -> None:
    machine.ledger.put_beat(
        Beat(region=EAST, counter=counter, healthy=healthy, endpoint=EAST_API, at=machine.clock())
    )


def test_a_failover_makes_the_passive_region_active_by_one_write(machine: Machine) -> None:
    writes = machine.ledger.writes

    machine.take("promote", order(), machine.take("confirm", order()))

    record = machine.record
    assert (record.active, record.passive, record.epoch) == (WEST, EAST, 2)
    assert record.accepting
    assert record.promoted_at == machine.clock()
    assert machine.ledger.writes == writes + 1
    assert [entry.action for entry in record.audit] == [f"promoted {WEST}"]


def test_the_whole_of_a_failover_is_on_record(machine: Machine) -> None:
    machine.clock.advance(timedelta(seconds=1))
    confirmed = machine.take("confirm", order())
    machine.clock.advance(timedelta(seconds=1))
    done = machine.take("promote", order(), confirmed)
    done = machine.take("resume", order(), done)
    shards = [{"shard": n, "adopted": n, "end": "adopted"} for n in done["shards"]]
    shards[3]["end"] = "left-to-sweeper"
    machine.take("announce", order(), {"shards": shards, "devices": {}})

    operation = machine.record.operation
    assert operation is not None
    assert (operation.outcome, operation.adopted) == (Outcome.DONE, sum(range(OPEN_SHARDS)))
    assert list(operation.steps) == [
        "promoting",
        "promoted",
        "resumed",
        "adopted",
        "announced",
    ]
    assert operation.steps["promoted"] - operation.started_at == timedelta(seconds=1)
    assert operation.detail == "left to the sweeper: shards 3"
    (told,) = machine.announcements.told
    assert (told["active_region"], told["epoch"], told["automatic"]) == (WEST, 2, False)


def test_resuming_wakes_every_queue_and_names_every_shard(machine: Machine) -> None:
    done = machine.take("promote", order(), machine.take("confirm", order()))

    done = machine.take("resume", order(), done)

    assert (done["epoch"], done["shards"]) == (2, list(range(OPEN_SHARDS)))
    assert set(machine.place.wakeups.queues) >= {"sv1", "ion-11", "any", "any-qpu"}


@pytest.mark.parametrize("kind", [OperationKind.FAILOVER, OperationKind.SWITCHOVER], ids=str)
def test_every_step_may_be_repeated(machine: Machine, kind: OperationKind) -> None:
    asked = order(kind)
    done: dict[str, Any] = {}
    steps = ["confirm", "promote", "resume"]
    if kind.planned:
        steps[1:1] = ["pause", "drained"]

    for step in steps:
        done = machine.take(step, asked, done)
        record, version = machine.record, machine.record.version
        machine.clock.advance(timedelta(seconds=1))
        assert machine.take(step, asked, done) is not None
        assert (machine.record, machine.record.version) == (record, version)
    for _ in range(2):
        machine.take("announce", asked, {"shards": []})

    assert machine.record.epoch == 2
    assert [entry.action for entry in machine.record.audit].count(f"promoted {WEST}") == 1


def test_a_promotion_whose_answer_was_lost_is_found_done(machine: Machine) -> None:
    replace_pair = machine.ledger.replace_pair

    def unheard(old: PairRecord, new: PairRecord) -> None:
        machine.ledger.replace_pair = replace_pair  # type: ignore[method-assign]
        replace_pair(old, new)
        raise LedgerConflict("said by a repetition of the write")

    machine.ledger.replace_pair = unheard  # type: ignore[method-assign]

    assert machine.take("promote", order())["epoch"] == 2
    assert machine.record.epoch == 2


def test_a_hold_that_came_first_refuses_the_promotion_at_its_write(machine: Machine) -> None:
    replace_pair = machine.ledger.replace_pair

    def late(old: PairRecord, new: PairRecord) -> None:
        machine.ledger.replace_pair = replace_pair  # type: ignore[method-assign]
        machine.take("hold", order(OperationKind.HOLD))
        replace_pair(old, new)

    machine.ledger.replace_pair = late  # type: ignore[method-assign]

    with pytest.raises(PromotionRefused, match="holds the pair"):
        machine.take("promote", order())
    assert machine.record.epoch == 1


def test_of_two_promotions_at_once_one_is_refused(machine: Machine) -> None:
    first, second = order(id="failover-1-first"), order(id="failover-1-second")
    for asked in (first, second):
        machine.take("confirm", asked)

    machine.take("promote", first)

    with pytest.raises(PromotionRefused, match="epoch 2"):
        machine.take("promote", second)
    machine.take("abort", second, REFUSED)
    assert machine.record.operation is not None
    assert machine.record.operation.id == first.id


def test_an_operation_whose_promotion_was_followed_by_another_is_fenced(
    machine: Machine, east: Workplace
) -> None:
    machine.run(order())
    Machine(east).run(order(id="failover-2-back", epoch=2))

    for step in ("resume", "announce"):
        with pytest.raises(Fenced):
            machine.take(step, order())


def test_a_machine_in_the_active_region_promotes_nothing(east: Workplace) -> None:
    with pytest.raises(PromotionRefused, match="active already"):
        Machine(east).take("confirm", order())


def test_a_hold_refuses_a_promotion_unless_an_operator_insists(machine: Machine) -> None:
    machine.take("hold", order(OperationKind.HOLD, reason="we are measuring"))

    for asked in (order(), SWITCHOVER, AUTOMATIC, AUTOMATIC.model_copy(update={"force": True})):
        with pytest.raises(PromotionRefused, match="we are measuring"):
            machine.take("confirm", asked)
    machine.run(order(force=True))
    assert (machine.record.epoch, machine.record.hold is not None) == (2, True)


def test_a_cool_down_binds_the_sentinel_and_no_operator(machine: Machine, east: Workplace) -> None:
    machine.run(order())
    back = Machine(east)
    automatic = AUTOMATIC.model_copy(update={"epoch": 2})

    with pytest.raises(PromotionRefused, match="last promotion"):
        back.take("confirm", automatic)
    machine.clock.advance(timedelta(seconds=machine.place.settings.sentinel.cool_down_s))
    back.take("confirm", automatic)
    back.run(order(id="failover-2-now", epoch=2))
    assert machine.record.active == EAST


def test_the_sentinels_order_dies_when_the_active_region_answers_again(machine: Machine) -> None:
    beat(machine)
    machine.take("confirm", AUTOMATIC)
    machine.peers.healthy.add(EAST_API)

    with pytest.raises(PromotionRefused, match="answers again"):
        machine.take("confirm", AUTOMATIC)
    # An API that answers is no reason where jobs do not end, and none for an operator to wait.
    machine.take("confirm", AUTOMATIC.model_copy(update={"stuck": True}))
    machine.take("confirm", order())


@pytest.mark.parametrize(("healthy", "refused"), [(True, True), (False, False)])
def test_a_region_that_beats_well_is_not_lost_but_cut_off(
    machine: Machine, healthy: bool, refused: bool
) -> None:
    beat(machine, 1)

    class Slow(FakePeers):
        def health(self, endpoint: str, timeout_s: float) -> PeerHealth:
            beat(machine, 2, healthy=healthy)
            return PeerHealth(healthy=False, reason="no answer")

    machine.peers = Slow()

    if refused:
        with pytest.raises(PromotionRefused, match="signs of life"):
            machine.take("confirm", AUTOMATIC)
    else:
        machine.take("confirm", AUTOMATIC)


def test_a_failback_goes_to_the_primary_region_only(machine: Machine, east: Workplace) -> None:
    with pytest.raises(PromotionRefused, match="primary"):
        machine.take("confirm", order(OperationKind.FAILBACK))
    machine.run(order())

    Machine(east).run(order(OperationKind.FAILBACK, id="failback-2-0", epoch=2))

    assert (machine.record.active, machine.record.epoch) == (EAST, 3)


def test_a_planned_change_pauses_waits_for_what_runs_and_then_promotes(
    machine: Machine, east: Workplace
) -> None:
    job = east.accept()
    east.accept("waiting", device="ion-11")
    east.dispatch(queues={"sv1"})
    done = machine.take("pause", SWITCHOVER, machine.take("confirm", SWITCHOVER))
    assert machine.record.mode is PairMode.PAUSED

    done = machine.take("drained", SWITCHOVER, done)
    assert (done["drained"], done["running"]) == (False, 1)
    east.finish(job, {"Error": "JobCancelled", "Cause": ""})
    done = machine.take("drained", SWITCHOVER, done)
    assert done["drained"] is True

    machine.take("promote", SWITCHOVER, done)
    assert machine.record.accepting
    assert machine.record.operation is not None
    assert list(machine.record.operation.steps) == ["paused", "promoting", "promoted"]


def test_a_drain_has_an_end(machine: Machine, east: Workplace) -> None:
    east.accept()
    east.dispatch()
    asked = SWITCHOVER.model_copy(update={"drain_seconds": 30})
    done = machine.take("pause", asked, machine.take("confirm", asked))

    machine.clock.advance(timedelta(seconds=29))
    assert machine.take("drained", asked, done)["drained"] is False
    machine.clock.advance(timedelta(seconds=1))
    assert machine.take("drained", asked, done)["drained"] is True


def test_a_refused_operation_gives_the_pause_back_and_says_why(machine: Machine) -> None:
    machine.take("pause", SWITCHOVER, machine.take("confirm", SWITCHOVER))

    for _ in range(2):
        machine.take("abort", SWITCHOVER, REFUSED)

    record = machine.record
    assert record.operation is not None
    assert (record.mode, record.active, record.epoch) == (PairMode.ACCEPTING, EAST, 1)
    assert (record.operation.outcome, record.operation.detail) == (
        Outcome.REFUSED,
        "the hold stands",
    )
    assert [entry.action for entry in record.audit] == [
        "paused",
        "resumed: switchover came to nothing",
    ]


def test_an_operation_that_was_refused_at_once_is_on_record_too(machine: Machine) -> None:
    machine.take("abort", SWITCHOVER, REFUSED)

    assert machine.record.operation is not None
    assert machine.record.operation.outcome is Outcome.REFUSED
    assert machine.record.audit == ()


def test_what_a_sentinel_was_refused_is_not_put_over_what_an_operator_did(
    machine: Machine,
) -> None:
    machine.take("abort", AUTOMATIC, REFUSED)

    assert machine.record.version == 0


def test_aborting_ends_no_promotion_that_is_written(machine: Machine) -> None:
    machine.take("promote", order(), machine.take("confirm", order()))

    machine.take("abort", order(), {"Error": "Lambda.Unknown", "Cause": "password=hunter2"})

    record = machine.record
    assert record.operation is not None
    assert (record.active, record.epoch, record.mode) == (WEST, 2, PairMode.ACCEPTING)
    assert record.operation.outcome is Outcome.DONE
    assert "Lambda.Unknown" in record.operation.detail
    assert "hunter2" not in record.operation.detail


def test_a_planned_change_waits_for_another_one_unless_that_is_given_up(machine: Machine) -> None:
    machine.take("pause", SWITCHOVER, machine.take("confirm", SWITCHOVER))
    other = order(OperationKind.SWITCHOVER, id="switchover-1-other")

    with pytest.raises(PromotionRefused, match=SWITCHOVER.id):
        machine.take("confirm", other)
    machine.take("confirm", order())
    machine.clock.advance(OPERATION_STALE_AFTER)
    machine.take("pause", other, machine.take("confirm", other))

    with pytest.raises(PromotionRefused, match="ended by another"):
        machine.take("drained", SWITCHOVER)
    machine.take("abort", SWITCHOVER, REFUSED)
    assert machine.record.mode is PairMode.PAUSED


def test_a_hold_during_a_planned_change_stops_it_and_its_pause(machine: Machine) -> None:
    done = machine.take("pause", SWITCHOVER, machine.take("confirm", SWITCHOVER))
    machine.take("hold", order(OperationKind.HOLD))

    with pytest.raises(PromotionRefused):
        machine.take("promote", SWITCHOVER, done)
    machine.take("abort", SWITCHOVER, REFUSED)

    assert (machine.record.mode, machine.record.epoch) == (PairMode.ACCEPTING, 1)


def test_the_first_hold_stands_and_a_release_ends_it(machine: Machine) -> None:
    machine.take("hold", order(OperationKind.HOLD, reason="first"))
    machine.take("hold", order(OperationKind.HOLD, id="hold-1-2", reason="second"))
    assert machine.record.hold is not None
    assert machine.record.hold.reason == "first"

    for _ in range(2):
        machine.take("release", order(OperationKind.RELEASE))

    assert machine.record.hold is None
    assert [entry.action for entry in machine.record.audit] == ["held", "released"]


def test_a_release_ends_the_pause_of_an_operation_that_is_lost(
    machine: Machine, east: Workplace
) -> None:
    machine.take("pause", SWITCHOVER, machine.take("confirm", SWITCHOVER))
    here = Machine(east)

    here.take("release", order(OperationKind.RELEASE))
    assert here.record.mode is PairMode.PAUSED
    here.take("release", order(OperationKind.RELEASE, force=True))

    assert (here.record.mode, here.record.active) == (PairMode.ACCEPTING, EAST)
    with pytest.raises(PromotionRefused):
        machine.take("promote", SWITCHOVER)
    # Neither an operator nor a sentinel has to wait for the one that was lost.
    assert not here.record.busy_with_another("the next one", here.clock())
    machine.take("confirm", order(OperationKind.SWITCHOVER, id="the next one"))


def test_a_sentinel_ends_only_a_pause_that_outlived_its_operation_and_lifts_no_hold(
    machine: Machine, east: Workplace
) -> None:
    machine.take("pause", SWITCHOVER, machine.take("confirm", SWITCHOVER))
    machine.take("hold", order(OperationKind.HOLD))
    here = Machine(east)
    release = order(OperationKind.RELEASE, automatic=True)

    here.take("release", release)
    assert not here.record.accepting
    here.clock.advance(PAUSE_GRACE + timedelta(seconds=SWITCHOVER.drain_seconds + 1))
    here.take("release", release)

    assert here.record.accepting
    assert here.record.hold is not None


def test_the_devices_of_a_region_whose_service_is_silent_are_held_back(machine: Machine) -> None:
    machine.run(order())
    machine.place.tasks.reachable = False

    assert machine.take("devices", order()) == {"unreachable": ["ion-11"]}
    assert not machine.ledger.breaker("ion-11").clean
    assert machine.ledger.breaker("square-20").clean


def test_a_step_that_is_none_is_an_error(machine: Machine) -> None:
    with pytest.raises(ValueError, match="promote"):
        machine.take("demote", order())
