"""What a newer calibration does to a job that is compiled and not launched."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.tasks.compile_job import compile_job
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import Device
from bellpair_core.model.errors import (
    CalibrationSuperseded,
    DeviceUnavailable,
    JobCancelled,
    TransientFault,
)
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import (
    CALIBRATION_AGE_MAX,
    COMPILED_FORM_TTL,
    QUALITY_TRUSTED_MIN,
    RECOMPILES_MAX,
)
from bellpair_core.model.usage import Usage
from tests.fakes.memory_blobs import MemoryBlobs
from tests.unit.logic.workplace import BELL_RESULT, Workplace

QPU, OTHER = "ion-11", "square-20"


@pytest.fixture
def place() -> Workplace:
    made = Workplace()
    made.calibrate(QPU, "first", two_qubit_error={"0-1": 0.01})
    return made


def compiled(place: Workplace, key: str = "first", **changes: Any) -> Job:
    """A job that is compiled for the QPU, and not launched."""
    job = place.accept(key, device=changes.pop("device", QPU), **changes)
    place.dispatch()
    place.compile(job)
    return place.stored(job)


def messages(place: Workplace, job: Job, event: str) -> list[str]:
    return [line.message for line in place.stored(job).events if line.type == event]


def unavailable(error: BaseException) -> dict[str, str]:
    """What the state machine catches."""
    return {"Error": "DeviceUnavailable", "Cause": json.dumps({"errorMessage": str(error)})}


def test_a_superseded_job_is_compiled_again_and_both_scores_are_in_its_log(
    place: Workplace,
) -> None:
    job = compiled(place)
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})

    with pytest.raises(CalibrationSuperseded, match="first is superseded by second"):
        place.launch(job)
    given_up = place.stored(job)
    assert (given_up.compiled, given_up.recompiles, given_up.task) == (None, 1, None)
    place.compile(job)
    place.launch(job)

    now = place.stored(job)
    assert now.compiled is not None and now.superseded is None
    assert now.compiled.calibration_id == "second"
    assert len(place.tasks.programs) == 1
    (message,) = messages(place, job, "recompiled")
    assert "second: estimated success 0.8000" in message
    assert "had 0.9900 by its own calibration, 0.8000 by this one" in message


class HeldUp(MemoryBlobs):
    """Blobs whose first reader is held up while something else happens."""

    def __init__(self, blobs: MemoryBlobs, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.stored = blobs.stored
        self._meanwhile: Callable[[], None] | None = meanwhile

    def get(self, ref: BlobRef) -> bytes:
        """Read, and let the rest of the world go on."""
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().get(ref)


@pytest.mark.parametrize("compiled_again", [False, True])
def test_a_launch_that_was_held_up_does_not_launch_a_form_that_was_given_up(
    place: Workplace, compiled_again: bool
) -> None:
    job, blobs = compiled(place), place.blobs

    def retry() -> None:
        place.blobs = blobs
        place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})
        with pytest.raises(CalibrationSuperseded):
            place.launch(job)
        if compiled_again:
            place.compile(job)

    place.blobs = HeldUp(blobs, retry)
    with pytest.raises(TransientFault, match="another form"):
        place.launch(job)

    assert place.stored(job).task is None
    assert place.tasks.programs == {}


def test_what_was_given_up_costs_no_place_and_ends_as_any_job(place: Workplace) -> None:
    job = compiled(place)
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})
    with pytest.raises(CalibrationSuperseded):
        place.launch(job)
    place.compile(job)
    place.launch(job)
    done = place.tasks.complete(place.task_arn(job), BELL_RESULT)
    place.process(job, done.arn)

    assert place.finish(job) == "succeeded"
    assert place.stored(job).usage.state_transitions == 5 + 2


def test_a_calibration_that_says_the_same_under_another_name_supersedes_nothing(
    place: Workplace,
) -> None:
    job = compiled(place)
    place.clock.advance(timedelta(minutes=5))
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.01})

    place.launch(job)

    assert place.stored(job).recompiles == 0
    assert len(place.tasks.programs) == 1


def test_after_so_many_times_a_job_is_launched_with_what_it_has(place: Workplace) -> None:
    job = compiled(place)
    for number in range(RECOMPILES_MAX):
        place.calibrate(QPU, f"next {number}", two_qubit_error={"0-1": 0.02 + number / 100})
        with pytest.raises(CalibrationSuperseded):
            place.launch(job)
        place.compile(job)
    place.calibrate(QPU, "last", two_qubit_error={"0-1": 0.5})

    place.launch(job)

    now = place.stored(job)
    assert now.recompiles == RECOMPILES_MAX
    assert now.compiled is not None
    assert now.compiled.calibration_id == f"next {RECOMPILES_MAX - 1}"


def test_what_no_longer_fits_goes_back_even_then(place: Workplace) -> None:
    job = compiled(place)
    for number in range(RECOMPILES_MAX):
        place.calibrate(QPU, f"next {number}", two_qubit_error={"0-1": 0.02 + number / 100})
        with pytest.raises(CalibrationSuperseded):
            place.launch(job)
        place.compile(job)
    place.calibrate(QPU, "last", qubits=(1, 2, 3), edges=((1, 2), (2, 3)))

    with pytest.raises(DeviceUnavailable, match="without qubit 0, edge 0-1") as raised:
        place.launch(job)
    assert place.finish(job, unavailable(raised.value)) == "queued"

    assert place.dispatch() == [job.id]
    again = place.stored(job)
    place.compile(again)
    place.launch(again)
    assert place.stored(job).compiled is not None
    assert len(place.tasks.programs) == 1


def test_a_dead_qubit_is_named_and_leaves_no_chance(place: Workplace) -> None:
    job = compiled(place)
    place.calibrate(QPU, "second", qubits=(1, 2, 3), edges=((1, 2), (2, 3)))

    with pytest.raises(CalibrationSuperseded, match="without qubit 0, edge 0-1 that the program"):
        place.launch(job)
    place.compile(job)

    assert "0.0000 by this one" in messages(place, job, "recompiled")[0]


def test_once_there_is_an_intent_nothing_is_compiled_any_more(place: Workplace) -> None:
    job = compiled(place)
    place.tasks.reachable = False
    with pytest.raises(TransientFault):
        place.launch(job)
    place.tasks.reachable = True
    place.calibrate(QPU, "second", qubits=(1, 2), edges=((1, 2),))

    place.launch(job, "another token")

    now = place.stored(job)
    assert (now.recompiles, len(place.tasks.programs)) == (0, 1)


def test_a_launch_that_died_before_it_could_tell_is_told_of_by_the_next(place: Workplace) -> None:
    job = compiled(place)
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})
    for _ in range(2):
        with pytest.raises(CalibrationSuperseded):
            place.launch(job)

    assert place.stored(job).recompiles == 1


def test_an_execution_that_knows_no_way_back_sends_the_job_to_its_queue(place: Workplace) -> None:
    job = compiled(place)
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})
    with pytest.raises(CalibrationSuperseded) as raised:
        place.launch(job)
    caught = {**unavailable(raised.value), "Error": "CalibrationSuperseded"}

    assert place.finish(job, caught) == "queued"
    assert place.dispatch() == [job.id]


def test_a_job_that_is_to_be_cancelled_is_not_compiled_again(place: Workplace) -> None:
    job = compiled(place)
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})
    stored = place.stored(job)
    place.ledger.replace(stored, stored.moved(place.clock(), cancel_requested=True))

    with pytest.raises(JobCancelled):
        place.launch(job)


def recompile(place: Workplace, job: Job, seen: Sequence[Device], newest: Sequence[Device]) -> None:
    compile_job(
        job.id,
        job.epoch,
        job.attempt,
        ledger=place.ledger,
        devices=lambda: seen,
        newest=lambda: newest,
        breakers=place.breakers,
        blobs=place.blobs,
        clock=place.clock,
        forms=FormMaker(place.compiler, place.forms, place.blobs),
        spent=Usage,
    )


def test_a_process_that_has_not_heard_of_the_newer_calibration_looks_again(
    place: Workplace,
) -> None:
    job = compiled(place)
    before = place.catalogue.devices()
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})
    with pytest.raises(CalibrationSuperseded):
        place.launch(job)

    with pytest.raises(TransientFault, match="second is not seen here yet"):
        recompile(place, job, before, before)
    recompile(place, job, before, place.catalogue.devices())

    now = place.stored(job)
    assert now.compiled is not None and now.compiled.calibration_id == "second"


def test_a_program_without_room_waits_for_the_next_calibration(place: Workplace) -> None:
    place.calibrate(QPU, "poor", qubits=(3,))
    job = place.accept(device=QPU)
    place.dispatch()

    with pytest.raises(DeviceUnavailable, match="lacks them") as raised:
        place.compile(job)
    assert place.finish(job, unavailable(raised.value)) == "queued"

    waiting = place.stored(job)
    assert waiting.waiting_for is not None
    assert "waits for the device's next calibration" in waiting.waiting_for
    assert place.ledger.slots(QPU) == frozenset()
    assert place.dispatch() == []
    # It keeps nobody else waiting.
    other = place.accept("second", device=OTHER)
    assert place.dispatch() == [other.id]

    place.calibrate(QPU, "good")
    assert place.dispatch() == [job.id]
    assert place.stored(job).waiting_for is None
    place.compile(job)
    place.launch(job)
    assert len(place.tasks.programs) == 1


def test_a_waiting_program_without_room_fails_at_its_deadline_and_says_why(
    place: Workplace,
) -> None:
    place.calibrate(QPU, "poor", qubits=(3,))
    job = place.accept(device=QPU)
    place.dispatch()
    with pytest.raises(DeviceUnavailable) as raised:
        place.compile(job)
    place.finish(job, unavailable(raised.value))
    place.clock.now = job.deadline

    place.sweep()

    end = place.stored(job)
    assert end.error is not None
    assert end.error.code == "deadline-exceeded"
    assert "waits for the device's next calibration" in end.error.message


def test_a_program_without_room_goes_to_another_qpu_if_its_job_may(place: Workplace) -> None:
    place.calibrate(QPU, "poor", qubits=(3,))
    place.tell_status(OTHER, place.device(OTHER).status.OFFLINE)
    job = place.accept(device="any-qpu")
    assert place.dispatch() == [job.id]
    with pytest.raises(DeviceUnavailable) as raised:
        place.compile(job)
    place.finish(job, unavailable(raised.value))
    place.tell_status(OTHER, place.device(OTHER).status.ONLINE)

    assert place.dispatch() == [job.id]
    place.compile(job)

    now = place.stored(job)
    assert (now.device_used, now.status) == (OTHER, JobStatus.COMPILING)
    assert now.compiled is not None and now.compiled.calibration_id == f"calibration of {OTHER}"


def test_an_old_calibration_is_not_compiled_by_and_the_form_says_so(place: Workplace) -> None:
    place.clock.advance(CALIBRATION_AGE_MAX + timedelta(hours=1))

    job = compiled(place)

    assert job.compiled is not None
    assert (
        job.compiled.metrics["fallback"]
        == "ion-11's calibration is 25.0 h old, and the limit is 24 h"
    )


def test_a_device_that_does_worse_than_it_says_is_not_compiled_by_either(
    place: Workplace,
) -> None:
    worse = {"quality": QUALITY_TRUSTED_MIN - 0.1}
    place.catalogue.put_device(place.device(QPU).model_copy(update=worse))

    job = compiled(place)

    assert job.compiled is not None
    assert "was seen to succeed 0.60 times as often" in job.compiled.metrics["fallback"]


def test_a_form_whose_calibration_has_grown_old_is_given_up_once(place: Workplace) -> None:
    job = compiled(place)
    assert job.compiled is not None and job.compiled.metrics["fallback"] is None
    place.clock.advance(CALIBRATION_AGE_MAX + timedelta(hours=1))

    with pytest.raises(CalibrationSuperseded, match=r"25\.0 h old"):
        place.launch(job)
    place.compile(job)
    place.launch(job)

    now = place.stored(job)
    assert now.compiled is not None and now.compiled.metrics["fallback"]
    assert now.recompiles == 1


def test_a_simulators_calibration_never_grows_old(place: Workplace) -> None:
    place.clock.advance(CALIBRATION_AGE_MAX * 2)
    job = compiled(place, device="sv1")

    place.launch(job)

    assert place.stored(job).recompiles == 0


def test_what_was_compiled_once_is_not_compiled_again(place: Workplace) -> None:
    first, second = compiled(place), compiled(place, "second")

    assert place.compiled == 1
    assert first.compiled == second.compiled


def test_another_calibration_is_another_form(place: Workplace) -> None:
    compiled(place)
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.2})

    assert compiled(place, "second").compiled is not None
    assert place.compiled == 2


def test_a_form_compiled_with_trust_is_not_used_without(place: Workplace) -> None:
    compiled(place)
    worse = {"quality": QUALITY_TRUSTED_MIN - 0.1}
    place.catalogue.put_device(place.device(QPU).model_copy(update=worse))

    second = compiled(place, "second")

    assert place.compiled == 2
    assert second.compiled is not None and second.compiled.metrics["fallback"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"program": 3}'], ids=["gone", "cut", "list", "empty", "wrong"]
)
def test_a_damaged_entry_is_only_compiled_again(place: Workplace, text: str) -> None:
    compiled(place)
    (key,) = place.forms.kept
    place.forms.kept[key] = (text, place.forms.kept[key][1])

    assert compiled(place, "second").compiled is not None
    assert place.compiled == 2


def test_an_entry_whose_program_is_gone_is_only_compiled_again(place: Workplace) -> None:
    compiled(place)
    (key,) = place.forms.kept
    text, until = place.forms.kept[key]
    lost = BlobRef(sha256="0" * 64, size=10).model_dump(mode="json")
    place.forms.kept[key] = (json.dumps({**json.loads(text), "program": lost}), until)

    assert compiled(place, "second").compiled is not None
    assert place.compiled == 2


def test_a_form_is_kept_for_its_time_only(place: Workplace) -> None:
    compiled(place)
    place.clock.advance(COMPILED_FORM_TTL + timedelta(seconds=1))
    place.calibrate(QPU, "first", two_qubit_error={"0-1": 0.01})

    compiled(place, "second")

    assert place.compiled == 2
