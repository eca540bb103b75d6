"""The clock fires each time of a schedule once."""

from __future__ import annotations

from datetime import timedelta

from bellpair_core.logic.triggers.keep_schedules import keep_schedules
from bellpair_core.model.errors import BellpairError, ErrorCode, TransientFault
from bellpair_core.model.limits import TRIGGER_CATCH_UP
from tests.examples import NOON
from tests.trigger_examples import trigger_example

from .conftest import EAST, WEST, Ears

MINUTE = timedelta(minutes=1)
EACH_MINUTE = {"type": "schedule", "rate": "1 minute"}


def tick(ears: Ears) -> dict[str, int]:
    return dict(keep_schedules(ears.listening))


def clocked(ears: Ears, source: object = None, **changes: object) -> None:
    values = {"function": "f", "inputs": {"at": "$.time"}, **changes}
    ears.add(trigger_example("clock", source or EACH_MINUTE, **values))


def test_a_schedule_fires_when_it_is_due_and_not_again(ears: Ears) -> None:
    clocked(ears)
    assert tick(ears) == {}

    ears.clock.advance(MINUTE)

    assert tick(ears) == {"made": 1}
    assert tick(ears) == {}
    assert ears.targets.inputs == [{"at": "2026-01-01T12:01:00Z"}]


def test_a_cron_expression_fires_in_utc(ears: Ears) -> None:
    clocked(ears, {"type": "schedule", "cron": "30 12 * * ? *"})
    ears.clock.now = NOON + 31 * MINUTE

    assert tick(ears) == {"made": 1}
    assert ears.targets.inputs == [{"at": "2026-01-01T12:30:00Z"}]


def test_missed_times_are_made_up_for_in_order_and_within_bounds(ears: Ears) -> None:
    clocked(ears)
    ears.clock.advance(timedelta(hours=3))

    assert tick(ears) == {"made": TRIGGER_CATCH_UP // MINUTE}

    times = [inputs["at"] for inputs in ears.targets.inputs]
    assert times == sorted(times)
    assert times[-1] == "2026-01-01T15:00:00Z"


def test_a_region_that_takes_over_makes_up_for_what_the_other_missed_and_no_more(
    ears: Ears,
) -> None:
    clocked(ears)
    peer = ears.peer()
    ears.clock.advance(MINUTE)
    tick(ears)
    assert tick(peer) == {}

    ears.clock.advance(2 * MINUTE)
    ears.active[0] = WEST

    assert tick(ears) == {}
    assert tick(peer) == {"made": 2}
    assert len(ears.targets.taken) == 3


def test_a_time_fired_by_both_regions_makes_one_job(ears: Ears) -> None:
    clocked(ears)
    ears.clock.advance(MINUTE)
    tick(ears)
    ears.triggers.ticks.clear()  # the note has not come to the other region yet

    ears.active[0] = WEST

    assert tick(ears.peer()) == {"repeated": 1}
    assert len(ears.targets.taken) == 1


def test_what_is_paused_is_not_made_up_for(ears: Ears) -> None:
    clocked(ears, paused=True)
    ears.clock.advance(5 * MINUTE)
    assert tick(ears) == {}

    old = ears.triggers.trigger("acme", "clock")
    assert old is not None
    ears.triggers.put(old, old.changed(paused=False, armed_at=ears.clock()))

    assert tick(ears) == {}
    ears.clock.advance(MINUTE)
    assert tick(ears) == {"made": 1}


def test_a_time_that_could_not_be_fired_is_fired_later(ears: Ears) -> None:
    clocked(ears)
    ears.clock.advance(MINUTE)
    ears.targets.failures = [TransientFault("no ledger")]
    assert tick(ears) == {"later": 1}

    ears.clock.advance(MINUTE)

    assert tick(ears) == {"made": 2}


def test_a_time_whose_target_refuses_is_one_dead_letter(ears: Ears) -> None:
    clocked(ears)
    ears.clock.advance(MINUTE)
    ears.targets.failures = [BellpairError(ErrorCode.FUNCTION_NOT_FOUND, "gone")]

    assert tick(ears) == {"failed": 1}
    assert tick(ears) == {}
    assert [letter.trigger for letter in ears.letters.kept[EAST]] == ["clock"]
