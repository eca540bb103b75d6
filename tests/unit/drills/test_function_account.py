"""Whether a function took the same way as undisturbed, and what it did twice."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from bellpair_local.drills.catalogue import region_loss_during
from bellpair_local.drills.cli import app
from bellpair_local.drills.evidence import account
from bellpair_local.drills.function_account import FunctionRun, LostRun, account_of_run, repeats
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.records import TaskSeen
from bellpair_local.drills.report import Report
from tests.unit.drills.seen import EAST, WEST
from tests.unit.drills.test_report import evidence

HISTORY = [{"parameters": [0.0], "energy": -1.1}, {"parameters": [0.4], "energy": -1.0}]
LOST_AT = 100.0
PLACES = 8
"""Numbers that a call has for its tasks, in these tests."""


def seen(
    history: list[dict[str, Any]] | None = HISTORY, *, simulators: tuple[str, ...] = ("sv1",)
) -> LostRun:
    return LostRun(
        "vqe-h2",
        FunctionRun("job-before", HISTORY, 4),
        FunctionRun("job-lost", history, 4),
        EAST,
        LOST_AT,
        2,
        simulators,
    )


def made(
    job: str,
    line: int,
    at: float,
    program: str,
    *,
    place: int = 0,
    service: str = EAST,
    **more: Any,
) -> TaskSeen:
    """A task of the call on a line of the job's journal."""
    arn = f"{service}/{job}/{line}/{place}"
    told = {"device": "sv1", "status": "COMPLETED", "ended_at": at + 0.5, "client_token": arn}
    return TaskSeen(
        service,
        arn,
        job_id=job,
        created_at=at,
        number=line * PLACES + place,
        program=program,
        shots=100,
        **{**told, **more},
    )


def loop(job: str, began: float = 0.0) -> list[TaskSeen]:
    """Four calls, two of them before the loss; the first program comes again at the end."""
    regions = [EAST, EAST, WEST, WEST] if job == "job-lost" else [EAST] * 4
    times = [began, began + 1, LOST_AT + 12, LOST_AT + 13] if job == "job-lost" else range(4)
    return [
        made(job, line, at, program, service=service)
        for line, at, program, service in zip(range(2, 10, 2), times, "abca", regions, strict=True)
    ]


UNDISTURBED = [*loop("job-before"), *loop("job-lost", LOST_AT - 3)]


def test_a_run_that_goes_on_where_it_was_repeats_nothing() -> None:
    told = account_of_run(seen(), UNDISTURBED)

    assert (told.trajectory_identical, told.steps) == (True, 2)
    assert told.calls_repeated == 0
    assert told.resumed_s == 12.0
    assert repeats(seen(), UNDISTURBED).doubled == []


@pytest.mark.parametrize("moment", [-0.2, 0.1], ids=["before", "while-it-is-killed"])
def test_a_call_that_went_with_its_region_is_made_again_and_counted(moment: float) -> None:
    gone = made("job-lost", 6, LOST_AT + moment, "c", status="QUEUED")
    again = made("job-lost", 7, LOST_AT + 11, "c", service=WEST)
    books = [task for task in UNDISTURBED if (task.job_id, task.program) != ("job-lost", "c")]

    told = account_of_run(seen(), [*books, gone, again])

    assert (told.calls_repeated, told.resumed_s) == (1, 11.0)
    assert repeats(seen(), [*books, gone, again]).doubled == []


def test_all_the_tasks_of_one_call_are_one_repetition() -> None:
    def call(job: str, line: int, at: float, service: str) -> list[TaskSeen]:
        return [
            made(job, line, at + place / 100, f"x{place}", place=place, service=service)
            for place in range(5)
        ]

    books = [
        *call("job-before", 10, 5.0, EAST),
        *call("job-lost", 10, LOST_AT - 0.5, EAST),
        *call("job-lost", 14, LOST_AT + 9, WEST),
    ]
    told = account_of_run(seen(), books)

    assert told.calls_repeated == 1
    two = [
        *books,
        *call("job-lost", 4, LOST_AT - 2, EAST),
        *call("job-lost", 20, LOST_AT + 9, WEST),
    ]
    assert account_of_run(seen(), two).calls_repeated == 2


@pytest.mark.parametrize(
    ("again", "why"),
    [
        (made("job-lost", 7, LOST_AT - 0.1, "b"), "made twice before anything was lost"),
        (made("job-lost", 9, LOST_AT + 20, "c", service=WEST), "its first was not lost"),
    ],
)
def test_a_repetition_without_a_loss_is_a_double(again: TaskSeen, why: str) -> None:
    found = repeats(seen(), [*UNDISTURBED, again])
    assert (list(found.allowed), list(found.doubled)) == ([], [again]), why


def test_on_a_qpu_nothing_is_repeated() -> None:
    books = [
        made("job-before", 2, 1.0, "a", device="ion-11"),
        made("job-lost", 2, LOST_AT - 1, "a", device="ion-11"),
        made("job-lost", 3, LOST_AT + 9, "a", device="ion-11", service=WEST),
    ]
    assert repeats(seen(), books).doubled == [books[2]]


@pytest.mark.parametrize(
    "history",
    [
        None,
        HISTORY[:1],
        HISTORY[::-1],
        [HISTORY[0], {"parameters": [0.4], "energy": -1.0000000001}],
    ],
)
def test_another_way_is_told(history: list[dict[str, Any]] | None) -> None:
    assert not account_of_run(seen(history), UNDISTURBED).trajectory_identical


def test_a_run_without_any_steps_shows_nothing() -> None:
    nothing = LostRun(
        "f", FunctionRun("job-before", [], 0), FunctionRun("job-lost", [], 0), EAST, LOST_AT, 0
    )
    told = account_of_run(nothing, [])
    assert (told.trajectory_identical, told.resumed_s) == (False, None)


def test_the_many_tasks_of_a_function_are_no_doubles_among_the_others() -> None:
    jobs = evidence().listed | {"job-lost"}
    told = account(evidence(lost_run=seen(), listed=jobs, tasks=UNDISTURBED))
    assert (told.duplicate_tasks, told.tasks) == (0, 4)

    twice = made("job-lost", 8, LOST_AT + 14, "a", service=WEST, client_token=UNDISTURBED[-1].arn)
    assert (
        account(evidence(lost_run=seen(), listed=jobs, tasks=[*UNDISTURBED, twice])).duplicate_tasks
        == 1
    )


def test_the_books_tell_program_and_place() -> None:
    told = {
        "quantumTaskArn": "arn",
        "clientToken": "token",
        "outputS3Directory": "jobs/job-lost/17/uuid",
        "program": "digest",
        "shots": 100,
        "status": "QUEUED",
        "createdAt": "2026-01-31T12:00:00.000Z",
    }
    task = TaskSeen.read(EAST, told)
    assert (task.job_id, task.number, task.program, task.shots) == ("job-lost", 17, "digest", 100)
    elsewhere = TaskSeen.read(EAST, {**told, "outputS3Directory": "somebody/else"})
    assert (elsewhere.job_id, elsewhere.number) == (None, None)


def test_the_figures_stand_among_the_others_and_each_can_be_missed() -> None:
    drill = region_loss_during("vqe-h2")
    told = evidence(lost_run=seen(), listed=evidence().listed | {"job-lost"})
    counted = account(told)
    figures = drill.limits(counted, {}, Plan(15, 1.0, 7))
    shown = Report("region-loss", Plan(15, 1.0, 7), told, counted, figures).to_json()

    assert shown["trajectory_identical"] is True
    assert {"calls_repeated", "resumed_s", "duplicate_tasks", "lost", "failed"} <= set(shown)
    met = {name: figure["met"] for name, figure in shown["figures"].items()}
    assert met["trajectory_identical"] and met["calls_repeated"] and met["calls_after_loss"]

    strayed = account(evidence(lost_run=seen(HISTORY[:1])))
    missed = {f.name for f in drill.limits(strayed, {}, Plan(15, 1.0, 7)) if not f.met}
    assert missed == {"trajectory_identical"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["zone-loss", "--during", "vqe-h2"], "only region-loss"),
        (["region-loss", "--during", "no-such-thing"], "vqe-h2"),
        (["region-loss", "--during", "../../setup"], "There is no example"),
    ],
)
def test_a_function_that_cannot_be_drilled_is_refused(words: list[str], told: str) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code in (1, 2)
    assert told in done.output
