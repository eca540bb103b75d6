"""Devices are observed by functions' calls whose circuits have a known answer."""

from __future__ import annotations

import json

import pytest

from bellpair_core.model.limits import QUALITY_EVERY
from tests.unit.logic.functions.function_place import FunctionPlace, measured, sample

QPU = "ion-11"
SHOTS = 1000


@pytest.fixture
def place() -> FunctionPlace:
    made = FunctionPlace()
    made.calibrate(QPU, "today", two_qubit_error={"0-1": 0.1})
    made.compiler.answers = ("11",)
    return made


def call(place: FunctionPlace, device: str, key: str = "first", circuits: int = 1) -> list[str]:
    """A function makes one call; the programs that were run."""
    job = place.invoke(key, device=device)
    begun = place.begin(job)
    answer = place.broker().answer
    who = {"job_id": job.id, "run": begun["run"], "ticket": begun["ticket"]}
    opened = answer({**who, "tail": begun["run"], "op": "open"})
    update = sample(0, SHOTS, circuits)
    asked = {**who, "tail": opened["tail"], "op": "checkpoint", "updates": [update], "output": ""}
    (told,) = answer(asked)["operations"]
    assert told["Status"] == "SUCCEEDED"
    result = json.loads(told["ChainedInvokeDetails"]["Result"])
    assert len(result["results"]) == circuits
    return list(place.tasks.programs.values())[-circuits:]


def test_a_call_tells_of_its_qpu_once_by_the_mean_of_its_circuits(place: FunctionPlace) -> None:
    programs = call(place, QPU, circuits=2)

    seen = place.ledger.quality(QPU)
    right = [sum(map(all, measured(text, SHOTS)["measurements"])) / SHOTS for text in programs]
    expected = 0.9 + 0.1 / 4
    assert seen.observations == 1
    assert seen.last_ratio == pytest.approx(sum(right) / 2 / expected, abs=1e-5)


def test_calls_write_seldom(place: FunctionPlace) -> None:
    for key in ("a", "b"):
        call(place, QPU, key)
    place.clock.advance(QUALITY_EVERY)
    call(place, QPU, "c")

    assert place.ledger.quality(QPU).observations == 2


@pytest.mark.parametrize(("device", "answers"), [("sv1", ("11",)), (QPU, ())])
def test_what_tells_nothing_is_no_observation(
    place: FunctionPlace, device: str, answers: tuple[str, ...]
) -> None:
    place.compiler.answers = answers

    call(place, device)

    assert place.ledger.quality(device).observations == 0
