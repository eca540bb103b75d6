"""QPUs are tried with circuits whose answer is known, within what an operator pays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from qiskit import qasm3
from qiskit.quantum_info import Statevector

from bellpair_core.logic.devices.device_breaker import note_failure
from bellpair_core.logic.devices.mirror_circuit import mirror_circuit
from bellpair_core.logic.devices.observe_quality import EXPECTED_TAG
from bellpair_core.logic.jobs.send_mirrors import MIRROR_PREFIX, period_of, send_mirrors
from bellpair_core.logic.recent import Recent
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus, TaskPrice
from bellpair_core.model.tenant import QUALITY_TENANT
from bellpair_core.openqasm import check_program
from bellpair_core.settings import QualitySetting
from tests.examples import device_example
from tests.unit.logic.workplace import Workplace

HOURLY = QualitySetting(minutes=60, shots=100, max_usd_per_day=100)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("width", "layers"), [(2, 1), (3, 4), (5, 4)])
def test_the_answer_is_what_an_ideal_device_gives(seed: int, width: int, layers: int) -> None:
    mirror = mirror_circuit(width, layers, str(seed))
    circuit = qasm3.loads(mirror.source)
    circuit.remove_final_measurements()

    given = Statevector(circuit).probabilities_dict(decimals=9)
    assert given == {mirror.answer: pytest.approx(1.0)}


def test_the_same_seed_gives_the_same_circuit_and_others_differ() -> None:
    assert mirror_circuit(5, 4, "a") == mirror_circuit(5, 4, "a")
    assert len({mirror_circuit(5, 4, str(seed)).source for seed in range(10)}) == 10


def test_a_mirror_is_a_program_that_jobs_may_have() -> None:
    facts = check_program(mirror_circuit(5, 4, "a").source)

    assert facts.obstacle is None
    assert facts.shape.two_qubit_gates == 16


def qpu(per_shot: float, **changes: Any) -> Device:
    price = TaskPrice(per_task_usd=0.3, per_shot_usd=per_shot)
    return device_example("qpu", kind=DeviceKind.QPU, price=price, **changes)


@pytest.mark.parametrize(
    ("device", "cap", "period"),
    [
        (qpu(0.001), 100.0, timedelta(hours=1)),
        (qpu(0.007), 4.0, timedelta(hours=6)),
        (qpu(0.007), 1.0, timedelta(days=1)),
        (qpu(0.007), 0.9, None),
        (qpu(0.0, shots_min=500), 0.1, None),
        (device_example("sim"), 100.0, None),
    ],
    ids=["as asked", "four a day", "one a day", "none is paid for", "too dear", "no QPU"],
)
def test_how_often_a_device_is_tried_is_bounded_by_the_cap(
    device: Device, cap: float, period: timedelta | None
) -> None:
    setting = HOURLY.model_copy(update={"max_usd_per_day": cap})

    assert period_of(setting, device) == period


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def sent(place: Workplace, setting: QualitySetting = HOURLY) -> list[str]:
    return send_mirrors(
        setting,
        ledger=place.ledger,
        wakeups=place.wakeups,
        clock=place.clock,
        region=place.settings.region,
        pair=Recent(place.ledger.pair, place.clock),
        devices=place.catalogue.devices,
        breakers=place.breakers,
    )


def wide(place: Workplace) -> None:
    for device in place.catalogue.devices():
        place.catalogue.put_device(device.model_copy(update={"num_qubits": 20}))


def test_each_qpu_gets_one_job_in_a_period_whoever_sends_it(place: Workplace) -> None:
    wide(place)

    first = sent(place)

    assert len(first) == 2
    assert all(job.startswith(MIRROR_PREFIX) for job in first)
    assert sent(place) == []
    place.clock.advance(timedelta(hours=1))
    assert len(sent(place)) == 2


def test_a_mirrors_job_is_the_platforms_own_and_knows_its_answer(place: Workplace) -> None:
    wide(place)
    job = place.ledger.jobs[sent(place)[0]]

    assert job.tenant == QUALITY_TENANT
    assert len(job.tags[EXPECTED_TAG]) == job.num_bits == 5
    assert place.dispatch() and place.stored(job).device_used == job.device


def test_nothing_is_sent_unless_an_operator_says_so(place: Workplace) -> None:
    assert sent(place, QualitySetting()) == []


def test_the_passive_region_sends_nothing(place: Workplace) -> None:
    assert sent(place.peer()) == []


def test_a_device_that_is_away_or_doubtful_is_left_alone(place: Workplace) -> None:
    wide(place)
    place.tell_status("ion-11", DeviceStatus.OFFLINE)
    note_failure(place.ledger, place.clock, "square-20", "it failed", at_once=True)

    assert sent(place) == []
