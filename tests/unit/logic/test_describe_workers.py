"""Workers describe themselves, each for itself."""

from __future__ import annotations

import pytest

from bellpair_core.logic.functions.describe_workers import (
    describe_worker,
    describe_workers,
    known_workers,
)
from bellpair_core.model.errors import TransientFault
from tests.fakes import FakeClock
from tests.fakes.fake_workers import FakeWorkers
from tests.fakes.memory_functions import MemoryFunctions


def test_each_worker_that_answers_is_kept_as_it_says() -> None:
    workers, functions, clock = FakeWorkers(), MemoryFunctions(), FakeClock()
    workers.silent.add("python")

    answered = describe_workers(
        ["qiskit", "python"], workers=workers, functions=functions, clock=clock
    )

    assert answered == {"python": False, "qiskit": True}
    (kept,) = functions.workers()
    assert (kept.name, kept.packages["qiskit"], kept.seen_at) == ("qiskit", "2.6.2", clock())


def test_a_worker_that_does_not_answer_leaves_what_it_said_before() -> None:
    workers, functions, clock = FakeWorkers(), MemoryFunctions(), FakeClock()
    describe_worker("qiskit", workers=workers, functions=functions, clock=clock)
    workers.silent.add("qiskit")

    with pytest.raises(TransientFault):
        describe_worker("qiskit", workers=workers, functions=functions, clock=clock)

    assert [worker.name for worker in functions.workers()] == ["qiskit"]


def test_a_worker_that_the_stage_has_no_more_is_not_known() -> None:
    workers, functions, clock = FakeWorkers(), MemoryFunctions(), FakeClock()
    describe_workers(["qiskit", "python"], workers=workers, functions=functions, clock=clock)

    assert [worker.name for worker in known_workers(functions, {"python": "x"})] == ["python"]
