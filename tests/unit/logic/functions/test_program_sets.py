"""Programs of one call share tasks on devices that take several programs in one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_core.logic.journal.fold_journal import PendingCall
from bellpair_core.logic.runs.bind_programs import BoundProgram
from bellpair_core.logic.runs.program_sets import tasks_of
from bellpair_core.logic.runs.settle_call import CallWatch
from bellpair_core.model.device import ProgramSets
from bellpair_core.model.journal import Call, CallProgram, CallTask
from bellpair_core.model.limits import PROGRAM_SET_BYTES_MAX
from bellpair_core.ports.tasks import ProgramSetRefused
from tests.examples import BELL

from .function_place import PRICE, FunctionPlace, measured
from .test_partial_calls import BAD, Running, call

TAKEN = ProgramSets(programs_max=3, shots_max=100)


def program(number: int, size: int = 1) -> BoundProgram:
    return BoundProgram(CallProgram(program=str(number) * size), (number,))


def places(*shots: int, sets: ProgramSets | None = TAKEN, size: int = 1) -> list[list[int]]:
    """The places of the programs that each task runs."""
    programs = [program(number, size) for number in range(len(shots))]
    tasks = tasks_of(programs, shots, sets)
    runs = [task.runs(number) for number, task in enumerate(tasks)]
    for task, run in zip(tasks, runs, strict=True):
        assert task.shots_in_all == sum(shots[one.place] for one in run)
        assert [one.bits for one in run] == [(one.place,) for one in run]
    return [[one.place for one in run] for run in runs]


@pytest.mark.parametrize(
    ("shots", "expected"),
    [
        ([10], [[0]]),
        ([10, 10], [[0, 1]]),
        ([10] * 7, [[0, 1, 2], [3, 4, 5], [6]]),
        ([10, 20, 10, 30, 20], [[0, 2], [1, 4], [3]]),
        # All programs of a task have at most 100 shots together.
        ([40, 40, 40], [[0, 1], [2]]),
        ([200, 200], [[0], [1]]),
    ],
)
def test_programs_of_equal_shots_share_a_task(shots: list[int], expected: list[list[int]]) -> None:
    assert places(*shots) == expected
    assert places(*shots, sets=None) == [[number] for number in range(len(shots))]


def test_what_is_too_little_or_too_large_for_a_set_goes_alone() -> None:
    few = ProgramSets(programs_max=3, shots_max=100, shots_min=25)

    assert places(10, 10, 10, 10, sets=few) == [[0, 1, 2], [3]]
    assert places(10, 10, sets=few) == [[0], [1]]
    assert places(10, 10, size=PROGRAM_SET_BYTES_MAX) == [[0], [1]]


def test_a_call_without_sets_is_written_as_ever_and_one_with_is_not_read_by_who_knows_none() -> (
    None
):
    (alone, _) = tasks_of([program(0), program(1)], [10, 10], None)
    (several,) = tasks_of([program(0), program(1)], [10, 10], TAKEN)

    assert (alone.bits, alone.programs) == ((0,), ())
    assert several.bits is None
    assert CallTask.model_validate_json(several.model_dump_json()) == several


@pytest.fixture
def place() -> FunctionPlace:
    place = FunctionPlace()
    place.catalogue.put_device(place.device("sv1").model_copy(update={"program_sets": TAKEN}))
    return place


@pytest.fixture
def running(place: FunctionPlace) -> Running:
    return Running(place, place.invoke())


def results_of(told: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(told["ChainedInvokeDetails"]["Result"])["results"]
    return results


def circuits(number: int) -> list[str]:
    return [f"{BELL}// {one}\n" for one in range(number)]


def test_results_are_in_the_circuits_order_whatever_shares_a_task(
    place: FunctionPlace, running: Running
) -> None:
    asked = call(*circuits(5))
    payload = json.loads(asked["Payload"])
    for one, shots in zip(payload["programs"], [10, 20, 10, 10, 10], strict=True):
        one["shots"] = shots
    told = running.ask({**asked, "Payload": json.dumps(payload)})

    results = results_of(told)
    assert [one["shots"] for one in results] == [10, 20, 10, 10, 10]
    (intent,) = [line.call for line in place.journal.logs[running.job.id] if line.call]
    programs = [text for arn in place.tasks.programs for text in place.tasks.sets.get(arn, ())]
    assert len(place.tasks.made) == 3
    assert [task.shots for task in place.tasks.made] == [30, 20, 10]
    for at, number in enumerate((0, 2, 3)):
        ones = sum(row == [1, 1] for row in measured(programs[at], 10)["measurements"])
        assert results[number]["counts"].get("11", 0) == ones
    assert_costs(place, intent, told, 3, 60)


def assert_costs(
    place: FunctionPlace, intent: Call, told: dict[str, Any], tasks: int, shots: int
) -> None:
    """Reserved and reported is one fee a task, however many programs it ran."""
    expected = pytest.approx(tasks * PRICE.per_task_usd + shots * PRICE.per_shot_usd)
    assert intent.reserved_usd == expected
    assert json.loads(told["ChainedInvokeDetails"]["Result"])["cost_usd"] == expected


def test_a_cap_counts_a_set_as_one_task(place: FunctionPlace) -> None:
    dear = place.invoke("dear", max_cost_usd=0.6)

    told = Running(place, dear).ask(call(*circuits(3)))

    assert len(results_of(told)) == 3
    assert len(place.tasks.made) == 1


def test_a_circuit_that_cannot_be_made_is_left_out_of_the_set(
    place: FunctionPlace, running: Running
) -> None:
    first, second = circuits(2)

    results = results_of(running.ask(call(first, BAD, second)))

    assert [next(iter(one)) for one in results] == ["counts", "error", "counts"]
    assert len(place.tasks.made) == 1


@pytest.mark.parametrize("partial", [True, False])
def test_a_program_that_the_device_fails_is_told_apart(
    place: FunctionPlace, running: Running, partial: bool
) -> None:
    place.tasks.at_once = False
    running.ask(call(*circuits(3), partial=partial))
    (arn,) = place.tasks.unfinished()
    texts = place.tasks.sets[arn]
    documents: list[dict[str, Any]] = [measured(text, 10) for text in texts]
    documents[1] = {"failure": "qubit 7 does not work"}
    place.tasks.complete(arn, {"programs": documents})

    if partial:
        results = running.results(turn=1)
        assert [next(iter(one)) for one in results] == ["counts", "error", "counts"]
        assert results[1]["error"]["code"] == "task-failed"
        assert "qubit 7" in results[1]["error"]["message"]
        return
    running.open(place.resume(running.job, turn=1))
    (operation,) = running.opened["operations"]
    assert operation["Status"] == "FAILED"
    assert "qubit 7" in operation["ChainedInvokeDetails"]["Error"]["ErrorMessage"]


def test_a_set_that_is_refused_says_for_which_program_and_makes_no_task(
    place: FunctionPlace, running: Running
) -> None:
    place.tasks.refusal = ProgramSetRefused(
        "1 of 3 is not valid", conclusive=True, programs={1: "edge 3-4 is out of service"}
    )

    results = results_of(running.ask(call(*circuits(3))))

    assert not place.tasks.made
    errors = [one["error"] for one in results]
    assert {error["code"] for error in errors} == {"device-refused"}
    assert "edge 3-4" in errors[1]["message"]
    # The others may be asked for again: nothing is wrong with them.
    assert [error.get("again", False) for error in errors] == [True, False, True]


def test_a_result_of_another_number_of_programs_is_no_result(
    place: FunctionPlace, running: Running
) -> None:
    place.tasks.at_once = False
    running.ask(call(*circuits(2)))
    (arn,) = place.tasks.unfinished()
    place.tasks.complete(arn, {"programs": [measured("x", 10)]})
    running.open(place.resume(running.job, turn=1))

    (operation,) = running.opened["operations"]

    assert operation["Status"] == "FAILED"
    assert "1 results of 2 programs" in operation["ChainedInvokeDetails"]["Error"]["ErrorMessage"]


def watch(place: FunctionPlace, running: Running) -> CallWatch:
    """Who looks after the call, and knows no more of it than its intent."""
    (line,) = [line for line in place.journal.logs[running.job.id] if line.call]
    assert line.call is not None
    pending = PendingCall(line.number, line.call)
    return CallWatch(place.desk, place.stored(running.job), pending)


def test_a_set_is_made_once_by_whoever_repeats_it(place: FunctionPlace, running: Running) -> None:
    place.tasks.at_once = False
    running.ask(call(*circuits(3)))
    (arn,) = place.tasks.unfinished()

    again = watch(place, running)
    again.step()

    assert again.launched.arns == (arn,)
    assert place.tasks.launches == 2
    assert len(place.tasks.made) == 1


def test_a_set_is_cancelled_as_one_task(place: FunctionPlace, running: Running) -> None:
    place.tasks.at_once = False
    running.ask(call(*circuits(3)))
    (arn,) = place.tasks.unfinished()

    watch(place, running).cancel()

    assert place.tasks.cancelled == [arn]
