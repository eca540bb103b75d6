"""A device with a service of its own is lost alone: Braket's devices of its region are not."""

from __future__ import annotations

import pytest

from bellpair_core.logic.tasks.counts import counts_of
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.device_names import (
    device_name_of,
    parts_of_task,
    service_of,
    service_of_task,
    task_name_of,
)
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job
from bellpair_core.model.limits import CHECK_WAITING_AFTER
from bellpair_core.settings import DeviceSetting

from .workplace import Workplace

KITE = device_name_of("kite-5")
ION = "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"


@pytest.mark.parametrize("task_id", ["t-17", "a:b:c", "a/b", ":"])
def test_a_tasks_name_leads_to_its_device_and_its_id(task_id: str) -> None:
    name = task_name_of("kite-5", task_id)

    assert parts_of_task(name) == ("kite-5", task_id)
    assert service_of_task(name) == KITE


def test_a_task_with_an_arn_is_its_regions() -> None:
    arn = "arn:aws:braket:us-west-2:1:quantum-task/1"

    assert parts_of_task(arn) is None
    assert service_of_task(arn) == "us-west-2"


def test_devices_of_one_region_share_a_service_and_others_have_their_own() -> None:
    assert service_of(ION, "us-east-1") == "us-east-1"
    assert service_of(KITE, "us-east-1") == service_of(KITE, "us-west-2") == KITE


def test_a_device_without_an_arn_has_a_name_in_its_place() -> None:
    setting = DeviceSetting.model_validate({"name": "kite-5", "adapter": "http", "url": "x"})

    assert (setting.arn, setting.region) == (KITE, None)


class HalfAway(Workplace):
    """A workplace in which the services in ``silent`` do not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.silent: set[str] = set()
        self.asked: list[str] = []
        place = self

        class Tasks(type(self.tasks)):  # type: ignore[misc]
            def health(self, device_arn: str, region: str) -> DeviceStatus:
                place.asked.append(device_arn)
                if service_of(device_arn, region) in place.silent:
                    raise TransientFault("no answer")
                return DeviceStatus.ONLINE

        self.tasks = Tasks()

    def stuck(self, key: str, device_arn: str) -> Job:
        """A job whose execution gave up while the device's service was away."""
        job = self.accept(key, device="ion-11")
        self.start(job, token=key)
        before = self.stored(job)
        assert before.task is not None
        after = before.moved(
            self.clock(),
            waiting_for="the device service does not answer",
            task=before.task.model_copy(update={"device_arn": device_arn}),
            check_at=self.clock(),
        )
        self.ledger.replace(before, after)
        self.workflows.ended.add(after.execution_name)
        return after


def test_a_silent_lab_keeps_no_other_job_from_being_looked_after() -> None:
    place = HalfAway()
    place.silent = {KITE}
    in_lab, at_braket = place.stuck("lab", KITE), place.stuck("braket", ION)
    place.clock.advance(CHECK_WAITING_AFTER)

    done = place.sweep()

    assert (done["waiting"], done["restarted"]) == (1, 1)
    assert place.stored(in_lab).attempt == in_lab.attempt
    assert place.stored(at_braket).attempt == at_braket.attempt + 1


def test_a_silent_region_keeps_no_lab_from_being_looked_after() -> None:
    place = HalfAway()
    place.silent = {"us-east-1"}
    in_lab, at_braket = place.stuck("lab", KITE), place.stuck("braket", ION)
    place.clock.advance(CHECK_WAITING_AFTER)

    done = place.sweep()

    assert (done["waiting"], done["restarted"]) == (1, 1)
    assert place.stored(in_lab).attempt == in_lab.attempt + 1
    assert place.stored(at_braket).attempt == at_braket.attempt


def test_a_silent_lab_is_asked_once_in_a_pass() -> None:
    place = HalfAway()
    place.silent = {KITE}
    place.stuck("first", KITE)
    place.stuck("second", KITE)
    place.clock.advance(CHECK_WAITING_AFTER)
    place.asked.clear()

    assert place.sweep()["waiting"] == 2
    assert place.asked == [KITE]


def test_counts_by_text_are_read_by_qubit() -> None:
    document = {"measuredQubits": [7, 3], "measurementCounts": {"10": 3, "11": 2, "00": 0}}

    # Bit 0 is qubit 3, bit 1 qubit 7, bit 2 nothing.
    assert counts_of(document, (3, 7, None)) == {"010": 3, "011": 2}
