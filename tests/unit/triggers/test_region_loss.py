"""What happens becomes one job each, though a region is lost while it is being heard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellpair_core.logic.triggers.keep_schedules import keep_schedules
from bellpair_core.logic.triggers.redrive_trigger import (
    Redriven,
    RedriveRequest,
    redrive_trigger,
)
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.trigger import Happening
from bellpair_core.ports import TriggerRef
from tests.examples import ACME, BELL
from tests.fakes.memory_triggers import MemoryDeadLetters
from tests.trigger_examples import event_example, object_example, trigger_example

from .conftest import EAST, WEST, Ears

LAB = {"type": "event", "pattern": {"source": ["lab"]}}
USER = Principal(tenant=ACME, key_id="0a1b2c3d", role=Role.USER)


class Queue:
    """A region's queue of what its triggers are to hear; a message stays until it is heard."""

    def __init__(self) -> None:
        self.messages: list[tuple[Happening, TriggerRef | None, int]] = []

    def put(self, happening: Happening, only: TriggerRef | None = None) -> None:
        self.messages.append((happening, only, 1))


class Pair:
    """Two regions over one catalogue and one ledger, each with queues of its own."""

    def __init__(self) -> None:
        self.queues = {EAST: Queue(), WEST: Queue()}
        self.lost: set[str] = set()
        self.letters = {EAST: MemoryDeadLetters(EAST), WEST: MemoryDeadLetters(WEST)}
        for letters in self.letters.values():
            letters.kept = self.letters[EAST].kept
            letters.away = self.lost
        east = Ears(letters=self.letters[EAST], happenings=self)  # type: ignore[arg-type]
        self.ears = {EAST: east, WEST: self._west(east)}

    def _west(self, east: Ears) -> Ears:
        return Ears(
            region=WEST,
            active=east.active,
            clock=east.clock,
            triggers=east.triggers,
            targets=east.targets,
            inbox=east.inbox,
            letters=self.letters[WEST],
            happenings=self,  # type: ignore[arg-type]
        )

    def tell(self, happening: Happening, region: str, only: TriggerRef | None = None) -> None:
        """The queues of both regions, as `Happenings`."""
        if region in self.lost:
            raise TransientFault(f"{region} is lost")
        self.queues[region].put(happening, only)

    def happen(self, happening: Happening, *regions: str) -> None:
        for region in regions:
            self.queues[region].put(happening)

    def lose_east(self) -> None:
        self.lost.add(EAST)

    def promote_west(self) -> None:
        self.ears[WEST].active[0] = WEST
        # What a process knows of the pair is a little old at most.
        self.ears[WEST].clock.advance(timedelta(seconds=3))

    def restore_east(self) -> None:
        self.lost.clear()

    def deliver(self) -> None:
        """Each living region hears once what is in its queue; what fails stays."""
        for region in sorted(set(self.queues) - self.lost):
            messages, self.queues[region].messages = self.queues[region].messages, []
            for happening, only, tries in messages:
                try:
                    self.ears[region].hear(happening, only, tries)
                except TransientFault:
                    self.queues[region].messages.append((happening, only, tries + 1))

    @property
    def jobs(self) -> int:
        return len(self.ears[EAST].targets.taken)

    def redrive(self, name: str) -> Redriven:
        return redrive_trigger(
            USER,
            name,
            RedriveRequest(),
            triggers=self.ears[WEST].triggers,
            letters=self.letters[WEST],
            happenings=self,
            clock=self.ears[WEST].clock,
            region=WEST,
            peer=EAST,
        )


@pytest.fixture
def pair() -> Pair:
    made = Pair()
    made.ears[EAST].add(trigger_example("one", LAB, function="f", inputs={}))
    return made


def test_an_event_that_both_regions_hear_is_fired_by_the_active_one_alone(pair: Pair) -> None:
    pair.happen(event_example(), EAST, WEST)

    pair.deliver()
    pair.deliver()

    assert pair.jobs == 1
    assert pair.ears[EAST].targets.asked == 2  # its own, and what the passive one handed over


def test_what_the_passive_region_hears_while_the_active_one_is_lost_waits_for_the_promotion(
    pair: Pair,
) -> None:
    pair.lose_east()
    pair.happen(event_example(), WEST)
    pair.deliver()
    assert pair.jobs == 0

    pair.promote_west()
    pair.deliver()
    pair.deliver()

    assert pair.jobs == 1


def test_a_delivery_that_the_lost_region_took_without_a_job_is_made_when_it_comes_again(
    pair: Pair,
) -> None:
    pair.happen(event_example(), EAST)
    pair.ears[EAST].targets.failures = [TransientFault("the region is being lost")]
    pair.deliver()
    pair.lose_east()
    pair.promote_west()
    pair.deliver()
    assert pair.jobs == 0

    pair.restore_east()
    pair.deliver()
    pair.deliver()

    assert pair.jobs == 1
    assert not any(queue.messages for queue in pair.queues.values())


def test_what_was_handed_over_to_a_region_just_lost_is_handed_back_when_it_returns(
    pair: Pair,
) -> None:
    pair.happen(event_example(), WEST)
    pair.deliver()
    assert [len(queue.messages) for queue in pair.queues.values()] == [1, 0]
    pair.lose_east()
    pair.promote_west()
    pair.deliver()
    assert pair.jobs == 0

    pair.restore_east()
    pair.deliver()
    pair.deliver()

    assert pair.jobs == 1


def test_a_job_that_was_made_just_before_the_loss_is_not_made_again(pair: Pair) -> None:
    pair.happen(event_example(), EAST, WEST)
    pair.deliver()
    pair.queues[EAST].put(event_example())
    pair.lose_east()
    pair.promote_west()

    pair.happen(event_example(), WEST)
    pair.deliver()
    pair.restore_east()
    pair.deliver()
    pair.deliver()

    assert pair.jobs == 1


def test_dead_letters_of_the_lost_region_are_redriven_in_the_other_when_it_is_back(
    pair: Pair,
) -> None:
    pair.happen(event_example(), EAST)
    refusal = BellpairError(ErrorCode.INPUTS_INVALID, "no")
    pair.ears[EAST].targets.failures = [refusal]
    pair.deliver()
    pair.lose_east()
    pair.promote_west()

    away = pair.redrive("one")
    assert (away.redriven, away.away) == (0, (EAST,))
    pair.restore_east()
    assert pair.redrive("one").redriven == 1
    pair.deliver()
    assert pair.redrive("one").redriven == 0

    assert pair.jobs == 1


def test_an_object_of_the_lost_regions_inbox_waits_for_it_and_is_then_made(pair: Pair) -> None:
    pair.ears[EAST].add(trigger_example("drop"))
    pair.happen(object_example(), EAST)
    pair.lose_east()
    pair.promote_west()
    pair.deliver()
    assert pair.jobs == 0

    pair.restore_east()
    pair.ears[EAST].inbox.objects[EAST, "inbox/acme/bell.qasm"] = BELL.encode()
    pair.deliver()
    pair.deliver()

    assert pair.jobs == 1


def test_a_schedule_goes_on_in_the_other_region_and_fires_each_time_once(pair: Pair) -> None:
    pair.ears[EAST].add(
        trigger_example("often", {"type": "schedule", "rate": "1 minute"}, function="f")
    )
    clock = pair.ears[EAST].clock
    for minute in range(1, 7):
        clock.advance(timedelta(minutes=1))
        if minute == 3:
            pair.promote_west()
        for region in (EAST, WEST):
            keep_schedules(pair.ears[region].listening)

    assert pair.jobs == pair.ears[EAST].targets.asked == 6
