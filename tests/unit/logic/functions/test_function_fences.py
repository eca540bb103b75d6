"""A stage that read its job before another region took it over leaves the journal alone."""

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
