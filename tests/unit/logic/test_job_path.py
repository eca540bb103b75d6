"""A job's way through its stages, and what repetition, delay and loss do to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bellpair_core.logic.tasks.counts import counts_of
from bellpair_core.model.device import DeviceKind
from bellpair_core.model.errors import (
    ErrorCode,
    Fenced,
    JobCancelled,
    JobFailed,
    ResultMissing,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus, Task
from bellpair_core.ports import TaskStatus
from tests.unit.logic.workplace import BELL_RESULT, Workplace


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def launched(place: Workplace, device: str = "sv1") -> Job:
    """A job whose task is at the device."""
    job = place.accept(device=device)
    place.dispatch()
    place.compile(job)
    place.launch(job)
    return job


def test_a_job_goes_from_accepted_to_counts(place: Workplace) -> None:
    job = launched(place)
    done = place.tasks.complete(place.task_arn(job), BELL_RESULT)
    assert place.hear(done) == "answered"
    place.process(job, done.arn)

    assert place.finish(job) == "succeeded"
    end = place.stored(job)
    assert end.result is not None
    assert json.loads(place.blobs.get(end.result))["counts"] == {"00": 6, "11": 4}
    assert [event.type for event in end.events] == [
        "queued",
        "compiling",
        "compiled",
        "executing",
        "launched",
        "processing",
        "succeeded",
    ]


def test_each_stage_may_be_repeated_and_the_task_is_made_once(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    place.compile(job)
    place.launch(job)
    place.launch(job, "second token")
    done = place.tasks.complete(place.task_arn(job), BELL_RESULT)
    place.process(job, done.arn)
    place.process(job, done.arn)

    assert place.finish(job) == place.finish(job) == "succeeded"
    assert place.compiled == 1
    assert len(place.tasks.programs) == 1
    assert place.tasks.launches == 1


def test_a_launch_repeated_after_its_answer_was_lost_finds_the_same_task(
    place: Workplace,
) -> None:
    job = launched(place)
    before = place.stored(job)
    assert before.task is not None
    forgot = before.moved(place.clock(), task=before.task.model_copy(update={"arn": None}))
    place.ledger.replace(before, forgot)

    place.launch(job, "another token")

    assert place.tasks.launches == 2
    assert len(place.tasks.programs) == 1
    assert place.task_arn(job) == before.task.arn


def test_the_intent_is_in_the_ledger_before_the_device_hears_of_it(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    place.tasks.reachable = False

    with pytest.raises(TransientFault):
        place.launch(job)

    task = place.stored(job).task
    assert task is not None
    assert task.client_token
    assert task.wake_token == "token"


def test_a_task_that_was_over_before_the_poll_answers_at_once(place: Workplace) -> None:
    job = launched(place)
    place.tasks.complete(place.task_arn(job), BELL_RESULT)

    place.launch(job, "poll token")

    assert place.workflows.answers["poll token"]["task_status"] == "COMPLETED"


def test_a_completion_event_finds_its_job_even_before_the_arn_is_recorded(
    place: Workplace,
) -> None:
    job = launched(place)
    before = place.stored(job)
    assert before.task is not None
    done = place.tasks.complete(place.task_arn(job), BELL_RESULT)
    unrecorded = before.moved(place.clock(), task=before.task.model_copy(update={"arn": None}))
    place.ledger.replace(before, unrecorded)

    assert place.hear(done) == "answered"


def test_events_that_are_late_repeated_or_foreign_change_nothing(place: Workplace) -> None:
    job = launched(place)
    running = place.tasks.poll(place.task_arn(job))
    assert place.hear(running) == "not over yet"
    done = place.tasks.complete(running.arn, BELL_RESULT)
    elsewhere = done.model_copy(update={"output_directory": "somebody/elses"})
    unknown = done.model_copy(update={"output_directory": "jobs/job-nobody/1/x"})
    later = done.model_copy(update={"output_directory": f"jobs/{job.id}/2/x"})
    foreign = done.model_copy(update={"output_bucket": "amazon-braket-of-another-stage"})

    assert place.hear(elsewhere) == place.hear(foreign) == "not a task of ours"
    assert place.hear(unknown) == place.hear(later) == "no such task is awaited"
    assert place.hear(done, region="us-west-2") == "region us-east-1 owns the job"
    assert place.workflows.answers == {}
    assert place.hear(done) == "answered"
    assert place.hear(done) == "answered before"


def test_a_failed_task_fails_the_job_with_the_devices_reason(place: Workplace) -> None:
    job = launched(place)
    place.tasks.fail(place.task_arn(job), "the ion was lost")

    with pytest.raises(JobFailed) as failed:
        place.process(job, place.task_arn(job))
    place.finish(job, caught("JobFailed", str(failed.value)))

    error = place.stored(job).error
    assert error is not None
    assert error.code is ErrorCode.TASK_FAILED
    assert "the ion was lost" in error.message


@pytest.mark.parametrize(
    ("device", "kind"), [("sv1", DeviceKind.SIMULATOR), ("ion-11", DeviceKind.QPU)]
)
def test_who_observes_devices_hears_of_each_result_once(
    place: Workplace, device: str, kind: DeviceKind
) -> None:
    job = launched(place, device)
    heard: list[tuple[str | None, Any, DeviceKind | None]] = []

    def observe(job: Job, result: Mapping[str, Any], kind: DeviceKind | None) -> None:
        # The result is kept before: what is made of it must not cost it.
        assert place.stored(job).result is not None
        heard.append((job.device_used, result["counts"], kind))

    arn = place.tasks.complete(place.task_arn(job), BELL_RESULT).arn
    for _ in range(2):
        place.process(job, arn, observe)

    assert heard == [(device, {"00": 6, "11": 4}, kind)]


def test_a_missing_result_object_is_retriable_and_then_fails_the_job(place: Workplace) -> None:
    job = launched(place)
    place.tasks.complete(place.task_arn(job), None)

    with pytest.raises(ResultMissing) as missing:
        place.process(job, place.task_arn(job))
    place.finish(job, caught("ResultMissing", str(missing.value)))

    error = place.stored(job).error
    assert error is not None
    assert error.code is ErrorCode.RESULT_MISSING
    assert place.stored(job).status is JobStatus.FAILED


def test_a_device_that_refuses_the_program_fails_the_job(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    place.tasks.refusal = JobFailed(ErrorCode.DEVICE_REFUSED, "gate foo is not supported")

    with pytest.raises(JobFailed, match="gate foo"):
        place.launch(job)


def test_an_unforeseen_errors_text_stays_out_of_the_jobs_record(place: Workplace) -> None:
    job = launched(place)

    place.finish(job, caught("KeyError", "bp_secret"))

    error = place.stored(job).error
    assert error is not None
    assert error.code is ErrorCode.INTERNAL
    assert "bp_secret" not in place.stored(job).model_dump_json()


def test_a_cancellation_before_the_launch_makes_no_task(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    ask_for_cancellation(place, job)

    with pytest.raises(JobCancelled):
        place.launch(job)

    assert place.tasks.launches == 0
    assert place.finish(job, caught("JobCancelled", "")) == "cancelled"


def test_a_cancellation_during_the_launch_cancels_the_task(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    place.launch(job)
    ask_for_cancellation(place, job)

    place.launch(job, "poll token")

    assert place.tasks.cancelled == [place.task_arn(job)]
    with pytest.raises(JobCancelled):
        place.process(job, place.task_arn(job))


def test_a_cancellation_that_meets_the_launch_makes_no_task(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    replace = place.ledger.replace

    def interrupted(old: Job, new: Job) -> None:
        place.ledger.replace = replace  # type: ignore[method-assign]
        ask_for_cancellation(place, job)
        replace(old, new)

    place.ledger.replace = interrupted  # type: ignore[method-assign]

    with pytest.raises(JobCancelled):
        place.launch(job)
    assert place.tasks.launches == 0


def test_a_restarted_job_that_is_to_be_cancelled_sees_to_its_task_first(place: Workplace) -> None:
    job = launched(place)
    ask_for_cancellation(place, job)

    place.compile(job)
    place.launch(job, "new execution")

    assert place.tasks.cancelled == [place.task_arn(job)]


def test_a_job_that_fails_leaves_no_task_running(place: Workplace) -> None:
    job = launched(place)

    place.finish(job, caught("JobFailed", "internal|broken|try again"))

    assert place.tasks.cancelled == [place.task_arn(job)]


def test_a_task_made_for_a_job_that_ended_meanwhile_is_cancelled(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    place.compile(job)
    launch = place.tasks.launch

    def late(task: Task, job_id: str, program: str) -> str:
        arn = launch(task, job_id, program)
        place.finish(job, caught("JobFailed", "deadline-exceeded|too late|again"))
        return arn

    place.tasks.launch = late  # type: ignore[method-assign]

    place.launch(job)

    assert place.tasks.cancelled == list(place.tasks.programs)


def test_the_devices_queue_position_is_kept_when_it_is_asked(place: Workplace) -> None:
    job = launched(place, "ion-11")

    place.launch(job, "poll token")

    task = place.stored(job).task
    assert task is not None
    assert task.queue_position == "1"


def test_a_stage_that_runs_out_of_time_says_so(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()

    place.finish(job, caught("Sandbox.Timedout", "Task timed out after 60.00 seconds"))

    error = place.stored(job).error
    assert error is not None
    assert error.code is ErrorCode.STAGE_EXHAUSTED


def test_a_stage_of_an_older_epoch_is_fenced(place: Workplace) -> None:
    job = place.accept()
    place.dispatch()
    mine = place.stored(job)
    adopted = mine.model_copy(update={"epoch": 2, "version": mine.version + 1})
    place.ledger.replace(mine, adopted)

    for act in (place.compile, place.launch, place.finish):
        with pytest.raises(Fenced):
            act(job)
    assert place.stored(job) == adopted


def test_a_finished_job_never_changes(place: Workplace) -> None:
    job = launched(place)
    place.finish(job, caught("JobFailed", "task-failed|broken|try again"))
    end = place.stored(job)
    done = place.tasks.complete(place.task_arn(job), BELL_RESULT)

    assert place.hear(done) == "nobody waits"
    with pytest.raises(Fenced):
        place.process(job, done.arn)
    place.finish(job)
    assert place.stored(job) == end


def test_two_stages_that_write_at_once_both_keep_their_words(place: Workplace) -> None:
    job = launched(place)
    stale = place.stored(job)
    ask_for_cancellation(place, job)

    place.launch(stale, "poll token")

    now = place.stored(job)
    assert now.cancel_requested
    assert now.task is not None
    assert now.task.wake_token == "poll token"


def test_counts_follow_the_bits_and_not_the_columns() -> None:
    document = {"measuredQubits": [4, 2, 7], "measurements": [[1, 0, 0], [1, 0, 0], [0, 1, 1]]}

    assert counts_of(document, (4, None, 2)) == {"001": 2, "100": 1}


def test_counts_of_probabilities_use_the_shots_taken() -> None:
    document = {
        "measuredQubits": [0, 1],
        "measurementProbabilities": {"10": 0.75, "01": 0.25},
        "taskMetadata": {"shots": 8},
    }

    assert counts_of(document, (0, 1)) == {"01": 6, "10": 2}


def test_a_result_without_a_measured_qubit_is_refused() -> None:
    with pytest.raises(JobFailed, match=r"no measurement of qubits \[3\]"):
        counts_of({"measuredQubits": [0], "measurements": [[0]]}, (0, 3))


def test_a_queue_wait_that_ends_in_a_lost_event_is_found_by_asking(place: Workplace) -> None:
    job = launched(place, "ion-11")
    place.launch(job, "second")
    assert place.workflows.answers == {}
    place.tasks.complete(place.task_arn(job), BELL_RESULT)

    place.launch(job, "third")

    assert place.workflows.answers["third"]["task_status"] == TaskStatus.COMPLETED


def ask_for_cancellation(place: Workplace, job: Job) -> None:
    now = place.stored(job)
    place.ledger.replace(
        now, now.moved(place.clock(), event="cancel-requested", cancel_requested=True)
    )


def caught(error: str, message: str) -> dict[str, str]:
    """What a state machine's Catch hands on."""
    return {"Error": error, "Cause": json.dumps({"errorMessage": message})}
