"""Who is late, as a process of a region that stood still, harms nobody."""

from __future__ import annotations

import pytest

from bellpair_core.model.errors import Fenced
from bellpair_core.model.job import Job
from tests.fakes import MemoryLedger
from tests.unit.logic.functions.function_place import FunctionPlace


class Earlier(MemoryLedger):
    """Answers a record as it was when somebody began to read."""

    def __init__(self, record: Job) -> None:
        super().__init__()
        self.jobs[record.id] = record


def test_a_turn_that_was_overtaken_takes_no_line_from_the_new_run() -> None:
    place = FunctionPlace()
    job = place.invoke()
    place.dispatch()
    before = place.stored(job)
    other = place.peer()
    other.promote()
    other.adopt()
    begun = other.resume(other.stored(job))
    lines = place.lines(job)

    place.ledger = Earlier(before)
    with pytest.raises(Fenced, match="epoch 2"):
        place.resume(before)

    assert place.lines(job) == lines
    assert other.play(other.stored(job), begun) == "finished"


def test_a_place_that_was_taken_late_is_given_back_though_the_function_goes_on() -> None:
    place = FunctionPlace()
    place.tasks.at_once = False
    job = place.invoke(device="ion-11")
    assert place.play(job, place.begin(job)) == "suspended"
    (holder,) = place.ledger.slots("ion-11")
    place.dispatch()
    assert place.ledger.slots("ion-11") == {holder}
    place.tasks.run(place.tasks.unfinished()[0])
    assert place.resume(job, turn=1)["next"] == "run"
    assert not place.ledger.slots("ion-11")

    place.ledger.acquire_slot("ion-11", holder, 2)
    place.dispatch()

    assert not place.ledger.slots("ion-11")
