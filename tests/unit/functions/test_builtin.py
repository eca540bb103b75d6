"""`sampling` and `estimation`, as the functions that they are."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from bellpair.functions import FunctionError, run_local
from bellpair.functions.builtin import batch
from bellpair.functions.builtin.estimation import estimation
from bellpair.functions.builtin.sampling import sampling
from bellpair.functions.errors import InvalidCall
from bellpair.functions.inspection import inspected
from bellpair_core.model.builtin import BUILTIN_FUNCTIONS, DEFAULT_PRECISION
from bellpair_core.model.limits import SHOTS_DEFAULT

from .answers import Site

HEAD = 'OPENQASM 3; include "stdgates.inc"; '
TURNED = f"{HEAD}input float a; qubit[2] q; bit[2] c; ry(a) q[0]; cx q[0], q[1]; c = measure q;"
BARE = f"{HEAD}input float a; qubit[2] q; ry(a) q[0]; cx q[0], q[1];"
UNREADABLE = f"{HEAD}qubit q; bit c; reset q; c = measure q;"
"""The simulator in this process has no reset."""


@pytest.mark.parametrize("function", [sampling, estimation])
def test_the_service_describes_the_function_as_it_is(function: Any) -> None:
    builtin = BUILTIN_FUNCTIONS[function.__name__]
    module, _, attribute = builtin.entry.partition(":")

    own = inspected(function, builtin.entry)

    assert (function.__module__, function.__name__) == (module, attribute)
    assert own.name == builtin.name
    assert own.inputs["properties"].keys() == builtin.schema["properties"].keys()
    assert own.inputs["required"] == builtin.schema["required"]


def test_the_service_has_the_same_defaults() -> None:
    shown = inspected(sampling, "x:y").inputs["properties"]["shots"]["default"]
    precision = inspected(estimation, "x:y").inputs["properties"]["precision"]["default"]

    assert (shown, precision) == (SHOTS_DEFAULT, DEFAULT_PRECISION)


def test_pubs_are_sampled_in_order_each_over_its_sweep() -> None:
    pubs = [
        {"circuit": TURNED, "parameters": [[[0.0], [math.pi]], [[math.pi], [0.0]]]},
        {"circuit": TURNED, "parameters": {"a": 0.0}, "shots": 7},
    ]

    told = run_local(sampling, pubs=pubs, shots=20, replay_every=1)

    assert [one["status"] for one in told["results"]] == ["succeeded", "succeeded"]
    assert told["results"][0]["counts"] == [[{"00": 20}, {"11": 20}], [{"11": 20}, {"00": 20}]]
    assert told["results"][1]["counts"] == {"00": 7}
    assert (told["failed"], told["circuits"], told["shots"]) == (0, 5, 87)


def test_estimates_broadcast_and_come_with_standard_errors() -> None:
    observables = [["ZZ"], [{"XX": 2.0, "II": 1.0}]]
    pub = {"circuit": BARE, "parameters": [0.0, math.pi], "observables": observables}

    told = run_local(estimation, pubs=[pub], precision=0.1, replay_every=1)

    (result,) = told["results"]
    assert result["values"][0] == [1.0, 1.0]
    assert result["values"][1] == pytest.approx([1.0, 1.0], abs=0.5)
    assert max(result["standard_errors"][1]) == pytest.approx(0.1, rel=0.1)


def test_one_circuit_that_cannot_be_run_leaves_the_others_alone() -> None:
    pubs = [
        {"circuit": UNREADABLE},
        {"circuit": TURNED, "parameters": [0.0]},
        {"circuit": TURNED},
    ]

    told = run_local(sampling, pubs=pubs, shots=5, replay_every=1)

    first, second, third = told["results"]
    assert (told["failed"], second["counts"]) == (2, {"00": 5})
    assert "does not read this" in first["error"]["message"]
    assert "a got no value" in third["error"]["message"]
    assert first["error"]["remedy"]
    assert first["error"]["code"]


def test_a_job_fails_where_every_circuit_fails() -> None:
    with pytest.raises(InvalidCall, match="got no value"):
        run_local(sampling, pubs=[{"circuit": TURNED}])
    with pytest.raises(FunctionError, match="does not read this"):
        run_local(sampling, pubs=[{"circuit": UNREADABLE}] * 2)


def test_more_circuits_than_one_call_takes_are_several_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "CALL_PROGRAMS_MAX", 3)
    pubs = [{"circuit": TURNED, "parameters": [0.0, math.pi]}] * 4
    site = Site(sampling, _ones, pubs=pubs, shots=1)

    assert site.finish().kind == "finished"
    assert site.service.calls == 4


def _ones(payload: Any) -> dict[str, Any]:
    """Every circuit reads ones only."""
    results = [
        {"counts": {"11": program["shots"]}, "shots": program["shots"], "bits": 2}
        for program in payload["programs"]
    ]
    return {"results": results, "device": "d", "calibration_id": "c", "cost_usd": 0.5}


def test_what_was_refused_for_anothers_sake_is_asked_for_again() -> None:
    again = {"code": "device-refused", "message": "another circuit", "remedy": "r", "again": True}

    def told(payload: Any) -> dict[str, Any]:
        """The first circuit with a 7 in it is refused, and the others for its sake."""
        answer = _ones(payload)
        bad = next((n for n, one in enumerate(payload["programs"]) if "7" in str(one)), None)
        if bad is not None:
            answer["results"] = [{"error": again} for _ in answer["results"]]
            answer["results"][bad] = {"error": again | {"message": "no 7", "again": False}}
            answer["cost_usd"] = 0.0
        return answer

    values = [1.0, 7.0, 2.0, 7.5]
    pubs = [{"circuit": TURNED, "parameters": [value]} for value in values]
    site = Site(sampling, told, pubs=pubs, shots=1)

    output = json.loads(site.finish().output_json or "")

    assert [one["status"] for one in output["results"]] == [
        "succeeded",
        "failed",
        "succeeded",
        "failed",
    ]
    assert {one["error"]["message"] for one in output["results"] if "error" in one} == {"no 7"}
    assert (site.service.calls, output["failed"], output["cost_usd"]) == (3, 2, 0.5)


def test_nothing_is_asked_for_again_where_all_was_refused_for_anothers_sake() -> None:
    error = {"code": "device-refused", "message": "m", "remedy": "r", "again": True}

    def told(payload: Any) -> dict[str, Any]:
        return _ones(payload) | {"results": [{"error": error} for _ in payload["programs"]]}

    pubs = [{"circuit": TURNED, "parameters": [0.0]}] * 2
    site = Site(sampling, told, pubs=pubs, shots=1)

    assert site.finish().kind == "failed"
    assert site.service.calls == 1


def test_what_all_calls_cost_is_added_up_once() -> None:
    pubs = [{"circuit": TURNED, "parameters": [0.0]}] * 3
    site = Site(sampling, _ones, pubs=pubs, shots=1)

    outcome = site.finish()

    assert '"cost_usd": 0.5, "device": "d"' in (outcome.output_json or "")


OPTIONS = ["readout-mitigation", {"name": "twirling", "instances": 2}]


@pytest.mark.parametrize("stack", [{"options": OPTIONS}, {"level": 2}, {"level": 3}])
def test_options_are_replayed_with_the_same_seeds(stack: dict[str, Any]) -> None:
    pubs = [{"circuit": TURNED, "parameters": [math.pi]}]
    sent: list[Any] = []

    def answer(payload: Any) -> dict[str, Any]:
        sent.append(payload)
        return _ones(payload)

    site = Site(sampling, answer, lambda call: False, pubs=pubs, shots=80, **stack)

    outcome = site.finish()

    assert (outcome.kind, site.runs) == ("finished", 2)
    (payload,) = sent
    seeds = [program["transforms"] for program in payload["programs"]]
    assert len({str(one) for one in seeds}) == len(seeds) > 1


def test_options_tell_what_they_took() -> None:
    pub = {"circuit": BARE, "parameters": [math.pi], "observables": "ZZ", "level": 2}

    told = run_local(estimation, pubs=[pub], precision=0.1)

    (result,) = told["results"]
    assert result["values"] == pytest.approx(1.0)
    assert [option["name"] for option in result["options"]] == [
        "readout-mitigation",
        "twirling",
        "zne",
    ]
    assert result["overhead"]["asked"] == 1
    assert result["overhead"]["circuits"] == result["circuits"] == 12
    assert result["overhead"]["estimated"]["programs"] == 12


def test_options_of_a_pub_go_before_those_of_the_job() -> None:
    pubs = [
        {"circuit": TURNED, "parameters": [0.0]},
        {"circuit": TURNED, "parameters": [0.0], "level": 0},
    ]

    told = run_local(sampling, pubs=pubs, options=["twirling"], shots=16)

    first, second = told["results"]
    assert ([one["name"] for one in first["options"]], second["options"]) == (["twirling"], [])
