"""A call's programs are compiled once and bound late, by the newest calibration."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.logic.runs.quantum_call import CallPlanner, CallRefused, Prepared
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import Job
from bellpair_core.model.journal import unpacked_programs
from bellpair_core.model.limits import (
    CALIBRATION_AGE_MAX,
    CALL_TRANSFORMS_MAX,
    TEMPLATE_DROP_MAX,
)
from tests.examples import job_example
from tests.unit.logic.workplace import Workplace

QPU = "ion-11"
TURNED = """OPENQASM 3.0;
input float first;
input float second;
qubit[2] q;
bit[2] c;
U(first, 0, 0) q[0];
U(second, 0, 0) q[1];
c = measure q;
"""
PLAIN = "OPENQASM 3.0; qubit[2] q; bit[2] c; c = measure q;"
FIRST_ERROR = 0.1


@pytest.fixture
def place() -> Workplace:
    made = Workplace()
    made.calibrate(
        QPU,
        "first",
        two_qubit_error={"0-1": FIRST_ERROR},
        readout_error={0: 0.02, 1: 0.03},
        readout_0_to_1={0: 0.01},
        readout_1_to_0={0: 0.03},
    )
    return made


@pytest.fixture
def planner(place: Workplace) -> CallPlanner:
    return started(place)


def started(place: Workplace) -> CallPlanner:
    """The planner of a process that has just started."""
    return CallPlanner(
        place.blobs,
        place.clock,
        place.settings,
        place.catalogue.devices,
        place.breakers,
        FormMaker(place.compiler, place.forms, place.blobs),
    )


def job(**changes: Any) -> Job:
    return job_example(device=QPU, **changes)


def asked(*programs: dict[str, Any], device: str | None = None) -> dict[str, Any]:
    named = [{"source": TURNED, "shots": 10, **program} for program in programs]
    return {"Id": "op", "Payload": json.dumps({"programs": named, "device": device})}


def prepared(planner: CallPlanner, *programs: dict[str, Any]) -> Prepared:
    return planner.prepare(job(), asked(*programs), 0)


def test_a_sweep_is_compiled_once_and_bound_for_each_set(
    place: Workplace, planner: CallPlanner
) -> None:
    made = prepared(planner, *({"values": [0.1 * one, 2.0]} for one in range(50)))

    assert place.compiled == 1
    assert len({program.program for program in made.programs}) == 50
    assert "// with [0.1, 2.0]" in made.programs[1].program


def test_what_is_kept_is_what_is_launched(place: Workplace, planner: CallPlanner) -> None:
    made = prepared(planner, {"values": [0.1, 0.2]}, {"source": PLAIN})

    assert unpacked_programs(place.blobs.get(made.call.programs)) == list(made.programs)


def test_programs_of_calls_from_before_are_read_too(place: Workplace) -> None:
    kept = place.blobs.put(json.dumps(["OPENQASM 3.0;", "OPENQASM 2.0;"]).encode())

    programs = unpacked_programs(place.blobs.get(kept))

    assert [program.program for program in programs] == ["OPENQASM 3.0;", "OPENQASM 2.0;"]
    assert programs[0].readout is None


def test_transforms_are_bound_too_and_cost_no_compilation(
    place: Workplace, planner: CallPlanner
) -> None:
    twirls = [{"name": "twirl", "seed": seed} for seed in range(16)]

    made = prepared(planner, *({"source": PLAIN, "transforms": [one]} for one in twirls))

    assert place.compiled == 1
    assert '// then {"name": "twirl", "seed": 15}' in made.programs[15].program


def test_another_process_finds_the_template_in_the_cache(place: Workplace) -> None:
    first = prepared(started(place), {"values": [0.1, 0.2]})
    second = prepared(started(place), {"values": [0.1, 0.2]})

    assert place.compiled == 1
    assert first.programs == second.programs


def test_a_damaged_template_is_only_compiled_again(place: Workplace) -> None:
    prepared(started(place), {"values": [0.1, 0.2]})
    (key,) = place.forms.kept
    text, until = place.forms.kept[key]
    other = place.blobs.put(b"no template").model_dump(mode="json")
    place.forms.kept[key] = (json.dumps({**json.loads(text), "text": other}), until)

    prepared(started(place), {"values": [0.1, 0.2]})

    assert place.compiled == 2


def test_a_little_worse_by_a_newer_calibration_is_good_enough(
    place: Workplace, planner: CallPlanner
) -> None:
    prepared(planner, {"values": [0.1, 0.2]})
    place.calibrate(
        QPU,
        "second",
        two_qubit_error={"0-1": _drop(TEMPLATE_DROP_MAX * 0.9)},
        readout_error={0: 0.02, 1: 0.03},
    )

    made = prepared(planner, {"values": [0.1, 0.3]})

    assert place.compiled == 1
    assert made.call.calibration_id == "second"
    assert made.programs[0].metrics["calibration_id"] == "first"


def test_a_kept_template_is_scored_by_the_newer_calibration(
    place: Workplace, planner: CallPlanner
) -> None:
    before = prepared(planner, {"values": [0.1, 0.2]}).programs[0].metrics["estimated_success"]
    place.calibrate(QPU, "second", two_qubit_error={"0-1": 0.05}, readout_error={0: 0.02, 1: 0.03})

    after = prepared(planner, {"values": [0.1, 0.2]}).programs[0].metrics["estimated_success"]

    assert after / before == pytest.approx(0.95 / 0.9)


def test_much_worse_by_a_newer_calibration_is_compiled_again(
    place: Workplace, planner: CallPlanner
) -> None:
    prepared(planner, {"values": [0.1, 0.2]})
    place.calibrate(
        QPU,
        "second",
        two_qubit_error={"0-1": _drop(TEMPLATE_DROP_MAX * 1.1)},
        readout_error={0: 0.02, 1: 0.03},
    )

    made = prepared(planner, {"values": [0.1, 0.2]})

    assert place.compiled == 2
    assert made.programs[0].metrics["calibration_id"] == "second"


def _drop(part: float) -> float:
    """The two-qubit error with which the one gate succeeds less often by this part."""
    return 1 - (1 - FIRST_ERROR) * (1 - part)


def test_a_template_on_what_the_device_lacks_is_compiled_again(
    place: Workplace, planner: CallPlanner
) -> None:
    prepared(planner, {"values": [0.1, 0.2]})
    place.calibrate(QPU, "second", qubits=(1, 2, 3), edges=((1, 2), (2, 3)))

    made = prepared(planner, {"values": [0.1, 0.2]})

    assert place.compiled == 2
    assert made.call.tasks[0].bits == (1, 2)


def test_a_calibration_that_is_not_trusted_any_more_is_not_bound_to(
    place: Workplace, planner: CallPlanner
) -> None:
    prepared(planner, {"values": [0.1, 0.2]})
    place.clock.advance(CALIBRATION_AGE_MAX + timedelta(hours=1))

    made = prepared(planner, {"values": [0.1, 0.2]})

    assert place.compiled == 2
    assert "25.0 h old" in made.programs[0].metrics["fallback"]


def test_each_bits_readout_and_the_compilers_facts_go_with_a_program(planner: CallPlanner) -> None:
    (program,) = prepared(planner, {"values": [0.1, 0.2]}).programs

    # Of qubit 1 the maker gives one figure.
    assert program.readout == ((0.01, 0.03), (0.03, 0.03))
    assert len(program.metrics["candidates"]) == 1
    assert program.metrics["fallback"] is None
    assert program.metrics["estimated_success"] == pytest.approx(0.9 * 0.98 * 0.97)


def test_a_sources_candidates_are_told_once_in_a_call(planner: CallPlanner) -> None:
    made = prepared(planner, {"values": [0.1, 0.2]}, {"values": [0.1, 0.3]}, {"source": PLAIN})

    told = ["candidates" in program.metrics for program in made.programs]
    assert told == [True, False, True]


def test_a_device_that_tells_no_readout_gives_none(place: Workplace, planner: CallPlanner) -> None:
    made = planner.prepare(job_example(device="sv1"), asked({"source": PLAIN}), 0)

    assert made.programs[0].readout is None


def test_a_call_goes_to_another_device_where_one_has_no_room(
    place: Workplace, planner: CallPlanner
) -> None:
    place.calibrate(QPU, "poor", qubits=(3,))

    made = planner.prepare(job_example(device="any-qpu"), asked({"source": PLAIN}), 0)

    assert made.call.device == "square-20"


def test_a_call_for_one_device_without_room_says_so(place: Workplace, planner: CallPlanner) -> None:
    place.calibrate(QPU, "poor", qubits=(3,))

    with pytest.raises(CallRefused, match="ion-11 lacks them") as refused:
        prepared(planner, {"source": PLAIN})

    assert refused.value.error["code"] == ErrorCode.COMPILE_FAILED
    assert "does not wait for the device's next calibration" in refused.value.error["message"]
    assert "any-qpu" in refused.value.error["remedy"]


def test_an_input_without_a_value_is_refused_at_its_line(planner: CallPlanner) -> None:
    with pytest.raises(CallRefused, match="Line 2") as refused:
        prepared(planner, {})

    assert refused.value.error["code"] == ErrorCode.PROGRAM_UNSUPPORTED


def test_too_few_values_are_refused(planner: CallPlanner) -> None:
    with pytest.raises(CallRefused, match="2 parameters, 1 values"):
        prepared(planner, {"values": [0.1]})


@pytest.mark.parametrize(
    ("program", "where"),
    [
        ({"values": ["x", 1]}, "programs/0/values/0"),
        ({"values": 3}, "programs/0/values"),
        ({"transforms": ["twirl"]}, "programs/0/transforms/0"),
        ({"transforms": [{}] * (CALL_TRANSFORMS_MAX + 1)}, "programs/0/transforms"),
        ({"other": 1}, "programs/0/other"),
    ],
    ids=["word", "number", "name", "many", "unknown"],
)
def test_what_is_no_such_program_is_refused_with_its_place(
    planner: CallPlanner, program: dict[str, Any], where: str
) -> None:
    with pytest.raises(CallRefused, match=where):
        prepared(planner, program)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_a_value_that_is_no_finite_number_is_refused(planner: CallPlanner, value: str) -> None:
    text = asked({"values": [0.5, 0.25]})["Payload"].replace("0.25", value)

    with pytest.raises(CallRefused, match="programs/0/values/1"):
        planner.prepare(job(), {"Id": "op", "Payload": text}, 0)


def test_a_program_that_is_changed_on_purpose_has_no_known_answer(
    place: Workplace, planner: CallPlanner
) -> None:
    place.compiler.answers = ("00",)

    made = prepared(
        planner, {"source": PLAIN}, {"source": PLAIN, "transforms": [{"name": "fold", "scale": 3}]}
    )

    assert ["known_answers" in one.metrics for one in made.programs] == [True, False]
