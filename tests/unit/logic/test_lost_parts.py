"""A device that has lost what a job's program uses, before its calibration was seen to say so."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bellpair_core.logic.tasks.renewal import names_part
from bellpair_core.model.compiling import DeviceUse
from bellpair_core.model.errors import (
    CalibrationSuperseded,
    DeviceUnavailable,
    ErrorCode,
    JobFailed,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import GENERATIONS_MAX, RECOMPILES_MAX
from bellpair_core.ports.tasks import ProgramRefused
from tests.unit.logic.workplace import BELL_RESULT, Workplace

QPU, OTHER = "ion-11", "square-20"
LOST = "The edge between qubits 0 and 1 does not work any more."


@pytest.fixture
def place() -> Workplace:
    """QPUs whose programs use qubits 0 and 1, as long as these are there."""
    made = Workplace()
    made.calibrate(QPU, "first", qubits=(0, 1, 2))
    made.calibrate(OTHER, "other", qubits=(0, 1, 2))
    return made


def without_qubit_0(place: Workplace, name: str = "second") -> Callable[[], None]:
    """What the device says once it is asked."""
    return lambda: place.calibrate(QPU, name, qubits=(1, 2))


def compiled(place: Workplace, device: str = QPU) -> Job:
    job = place.accept(device=device, avoid=(OTHER,) if device != QPU else ())
    place.dispatch()
    place.compile(job)
    started = place.stored(job)
    assert started.device_used == QPU
    return started.model_copy(update={"attempt": 0})


def refuse(place: Workplace, *, conclusive: bool = True) -> None:
    place.tasks.refusal = ProgramRefused("qubit $0 is out of service", conclusive=conclusive)


def failed(place: Workplace, job: Job, reason: str = LOST) -> str:
    """The device fails the job's task."""
    place.launch(job)
    arn = place.task_arn(job)
    place.tasks.fail(arn, reason)
    return arn


def go_back(place: Workplace, job: Job, error: BaseException) -> Job:
    """The job after the last stage of its execution."""
    cause = json.dumps({"errorMessage": str(error)})
    assert place.finish(job, {"Error": type(error).__name__, "Cause": cause}) == "queued"
    return place.stored(job)


def words(place: Workplace, job: Job) -> list[str]:
    return [event.type for event in place.stored(job).events]


def test_a_refused_program_is_compiled_anew_by_what_the_device_says_now(place: Workplace) -> None:
    job = compiled(place)
    refuse(place)
    place.ingestions.publishing = without_qubit_0(place)

    with pytest.raises(CalibrationSuperseded, match="without qubit 0"):
        place.launch(job)
    given_up = place.stored(job)
    assert (given_up.task, given_up.compiled, given_up.recompiles) == (None, None, 1)
    place.tasks.refusal = None
    place.compile(job)
    place.launch(job)

    now = place.stored(job)
    assert now.compiled is not None and now.compiled.bits == (1, 2)
    assert now.task is not None and now.task.generation == 2
    assert len(place.tasks.programs) == 1
    assert place.ingestions.asked == [(QPU, "us-east-1")]
    assert "recompiled" in words(place, job)


def test_a_process_that_has_seen_less_does_not_go_back_to_the_older_calibration(
    place: Workplace,
) -> None:
    job = compiled(place)
    before = place.catalogue.devices()
    refuse(place)
    place.ingestions.publishing = without_qubit_0(place)
    with pytest.raises(CalibrationSuperseded):
        place.launch(job, seen=before)
    place.tasks.refusal = None
    place.compile(job)

    place.launch(job, seen=before)

    assert place.stored(job).recompiles == 1
    assert len(place.tasks.programs) == 1


def test_a_refusal_of_which_the_device_says_nothing_new_fails_the_job(place: Workplace) -> None:
    job = compiled(place)
    refuse(place)

    with pytest.raises(JobFailed, match="out of service") as raised:
        place.launch(job)

    # A state machine knows an error by its class's name.
    assert type(raised.value) is JobFailed
    assert JobFailed.parse(str(raised.value))[0] is ErrorCode.DEVICE_REFUSED


def test_a_refused_job_goes_to_another_device_that_it_allows(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.dispatch()
    place.compile(job)
    first = place.stored(job).device_used
    refuse(place)

    with pytest.raises(DeviceUnavailable) as raised:
        place.launch(job)
    assert go_back(place, job, raised.value).avoid == (first,)
    place.tasks.refusal = None
    place.start(job)

    assert place.stored(job).device_used not in (None, first)
    assert len(place.tasks.programs) == 1


def test_a_repeated_launch_that_is_refused_takes_nothing_back(place: Workplace) -> None:
    job = compiled(place)
    refuse(place, conclusive=False)
    place.ingestions.publishing = without_qubit_0(place)

    with pytest.raises(JobFailed, match="out of service"):
        place.launch(job)

    assert place.stored(job).task is not None
    assert place.ingestions.asked == []


def test_a_device_that_cannot_be_asked_costs_no_job(place: Workplace) -> None:
    job = compiled(place)
    refuse(place)
    place.ingestions.outcome = None

    for _ in range(2):
        with pytest.raises(TransientFault):
            place.launch(job)
        assert place.stored(job).task is None

    place.tasks.refusal = None
    place.launch(job)
    assert len(place.tasks.programs) == 1


def test_what_another_process_launches_meanwhile_is_not_taken_back(place: Workplace) -> None:
    job = compiled(place)
    refuse(place)

    def relaunched() -> None:
        place.tasks.refusal = None
        place.launch(job, "another token")
        without_qubit_0(place)()

    place.ingestions.publishing = relaunched
    with pytest.raises(TransientFault):
        place.launch(job)

    assert place.stored(job).task is not None
    assert len(place.tasks.programs) == 1


def test_a_device_that_refuses_again_and_again_fails_the_job(place: Workplace) -> None:
    job = compiled(place)
    names = iter("abcdefgh")
    place.ingestions.publishing = lambda: place.calibrate(
        QPU, name := next(names), qubits=(0, 1, 2), readout_error={0: ord(name) / 1000}
    )
    refuse(place)

    for _ in range(RECOMPILES_MAX):
        with pytest.raises(CalibrationSuperseded):
            place.launch(job)
        place.compile(job)
    with pytest.raises(JobFailed, match="out of service"):
        place.launch(job)


def test_a_task_that_failed_for_a_lost_part_is_compiled_and_run_anew(place: Workplace) -> None:
    job = compiled(place)
    arn = failed(place, job)
    place.ingestions.publishing = without_qubit_0(place)

    for _ in range(2):
        # A repetition finds what the one before it has written.
        with pytest.raises(CalibrationSuperseded, match=r"failed a task.*without qubit 0"):
            place.process(job, arn)
    assert place.stored(job).recompiles == 1
    place.compile(job)
    place.launch(job)
    done = place.tasks.complete(place.task_arn(job), {**BELL_RESULT, "measuredQubits": [1, 2]})
    place.process(job, done.arn)

    assert place.finish(job) == "succeeded"
    assert len(place.tasks.programs) == 2
    assert place.ledger.breaker(QPU).clean
    assert words(place, job)[-6:-3] == ["superseded", "recompiled", "executing"]


def test_what_the_catalogue_knows_by_now_needs_no_question(place: Workplace) -> None:
    job = compiled(place)
    arn = failed(place, job, "too warm")
    without_qubit_0(place)()

    with pytest.raises(CalibrationSuperseded):
        place.process(job, arn)

    assert place.ingestions.asked == []


def test_of_many_jobs_that_meet_one_loss_the_first_has_the_device_asked(place: Workplace) -> None:
    job = compiled(place)
    without_qubit_0(place)()
    assert job.compiled is not None

    passed = place.renewal.passed(job, job.compiled)

    assert passed is not None
    assert place.ingestions.asked == []


@pytest.mark.parametrize("device", [QPU, "any-qpu"])
def test_a_part_that_is_not_known_to_be_lost_is_waited_for(place: Workplace, device: str) -> None:
    job = compiled(place, device)
    arn = failed(place, job)

    with pytest.raises(DeviceUnavailable) as raised:
        place.process(job, arn)
    waits = go_back(place, job, raised.value)

    assert waits.waiting_for is not None
    assert "does not work any more" in waits.waiting_for
    assert "waits for the device's next calibration" in waits.waiting_for
    assert place.dispatch() == []
    without_qubit_0(place)()
    place.start(job)
    now = place.stored(job)
    assert (now.device_used, now.avoid) == (QPU, job.avoid)
    assert now.compiled is not None and now.compiled.bits == (1, 2)


def test_a_job_for_any_device_does_not_wait_for_the_one_that_lost_a_part(place: Workplace) -> None:
    job = place.accept(device="any-qpu")
    place.dispatch()
    place.compile(job)
    first = place.stored(job).device_used
    arn = failed(place, job)

    with pytest.raises(DeviceUnavailable) as raised:
        place.process(job, arn)
    go_back(place, job, raised.value)
    place.start(job)

    assert place.stored(job).device_used not in (None, first)


def test_a_device_that_fails_each_task_by_a_lost_part_fails_the_job(place: Workplace) -> None:
    job = compiled(place)
    for number in range(GENERATIONS_MAX):
        arn = failed(place, job)
        place.ingestions.publishing = without_qubit_0(place, f"calibration {number}")
        if number == GENERATIONS_MAX - 1:
            with pytest.raises(JobFailed, match="attempt number 3"):
                place.process(job, arn)
            return
        with pytest.raises((CalibrationSuperseded, DeviceUnavailable)) as raised:
            place.process(job, arn)
        if isinstance(raised.value, DeviceUnavailable):
            go_back(place, job, raised.value)
            without_qubit_0(place, f"calibration after {number}")()
            place.dispatch()
        place.compile(job)


def test_a_cancelled_job_is_not_compiled_anew(place: Workplace) -> None:
    job = compiled(place)
    arn = failed(place, job)
    stored = place.stored(job)
    place.ledger.replace(stored, stored.moved(place.clock(), cancel_requested=True))
    place.ingestions.publishing = without_qubit_0(place)

    with pytest.raises(Exception, match="cancelled"):
        place.process(job, arn)


def test_a_failure_that_names_no_part_is_the_devices(place: Workplace) -> None:
    job = compiled(place)
    arn = failed(place, job, "the laser was off for 0 seconds")

    with pytest.raises(JobFailed, match="laser"):
        place.process(job, arn)

    assert place.ingestions.asked == []
    assert not place.ledger.breaker(QPU).clean
    assert place.stored(job).status is JobStatus.EXECUTING


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (LOST, True),
        ("Qubit 3 does not work any more.", False),
        ("[line 3] gate cz on qubits 0 and 4: not connected", True),
        ("qubit $1 is out of service", True),
        ("QB1 lost its coherence", True),
        ("edge 0-7 is dead", True),
        ("after 1 attempt, the task failed", False),
        ("qubit 9 has a fidelity of 0.1 and 1.0", False),
        ("qubits 10, 11", False),
        ("", False),
    ],
)
def test_words_about_a_part_that_the_program_uses(text: str, named: bool) -> None:
    use = DeviceUse(one_qubit={0: 2}, two_qubit={"0-1": 1}, measured=(1,))
    assert names_part(text, use) is named
