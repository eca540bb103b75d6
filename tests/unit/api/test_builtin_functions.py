"""The functions that come with the platform, as every tenant has them."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_core.http import function_schemas
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.builtin import BUILTIN_FUNCTIONS
from bellpair_core.model.device import ProgramSets, TaskPrice
from bellpair_core.model.function import FunctionRecord
from bellpair_core.model.tenant import Role
from tests.examples import ACME, ION_11, NOON, version_example

from .conftest import Api
from .functions import deploy, deployment, entry, invoke, own_functions
from .test_invocations import only

BELL = (
    'OPENQASM 3; include "stdgates.inc"; qubit[2] q; bit[2] c;'
    " h q[0]; cx q[0], q[1]; c = measure q;"
)
ROTATED = 'OPENQASM 3; include "stdgates.inc"; input float a; qubit[2] q; ry(a) q[0];'


def sampled(**changes: Any) -> dict[str, Any]:
    """Inputs of `sampling`."""
    return {"pubs": [{"circuit": BELL, "shots": 100}], **changes}


def estimated(**pub: Any) -> dict[str, Any]:
    """Inputs of `estimation`: one pub."""
    whole = {"circuit": ROTATED, "observables": "ZZ", "parameters": [0.1, 0.2], **pub}
    return {"pubs": [whole], "precision": 0.1}


@pytest.mark.parametrize("name", ["sampling", "estimation"])
def test_a_builtin_function_is_listed_and_shown_with_its_schema(
    api: Api, key: str, name: str
) -> None:
    listed = api.request("GET", "/v1/functions", key=key).json["functions"]
    shown = api.request("GET", f"/v1/functions/{name}", key=key)
    versions = api.request("GET", f"/v1/functions/{name}/versions", key=key)

    assert [one["name"] for one in listed] == ["estimation", "sampling"]
    seen = function_schemas.SeenFunction.model_validate(shown.json)
    assert seen.builtin
    assert seen.newest is not None
    assert "pubs" in seen.newest.inputs["properties"]
    assert [one["version"] for one in versions.json["versions"]] == [1]


def test_shots_that_the_device_does_not_take_are_refused(api: Api, key: str) -> None:
    pubs = [{"circuit": BELL, "shots": 100}, {"circuit": BELL, "shots": 15_000}]
    answer = invoke(api, key, "sampling", inputs={"pubs": pubs}, device=ION_11.name)

    assert (answer.status, answer.json["code"]) == (422, "shots-out-of-range")
    # Twirling shares them out over eight circuits.
    pubs[1]["options"] = ["twirling"]
    assert invoke(api, key, "sampling", inputs={"pubs": pubs}, device=ION_11.name).status == 202


def test_sampling_is_invoked_without_being_deployed(api: Api, key: str) -> None:
    answer = invoke(api, key, "sampling", inputs=sampled())

    function = only(api).function
    assert answer.status == 202
    assert function is not None
    assert (function.name, function.version, function.alias) == ("sampling", 1, "latest")
    assert function.entry == BUILTIN_FUNCTIONS["sampling"].entry
    assert only(api).name == "sampling:1"


def test_what_a_tenant_deployed_before_goes_before_until_it_is_deleted(api: Api, key: str) -> None:
    functions = api.world.functions
    own = version_example().model_copy(
        update={"name": "sampling", "tenant": ACME, "package": BlobRef.within(b"own")}
    )
    functions.put_version(own)
    functions.replace_record(
        None,
        FunctionRecord(
            tenant=ACME,
            name="sampling",
            latest=own.version,
            aliases={"latest": {own.version: 100}},
            created_at=NOON,
            changed_at=NOON,
        ),
    )

    assert invoke(api, key, "sampling").status == 202
    assert only(api).program == own.package
    assert [one["name"] for one in own_functions(api, key)] == ["sampling"]
    admin = api.new_key(Role.TENANT_ADMIN)
    assert api.request("DELETE", "/v1/functions/sampling", key=admin).status == 200
    assert invoke(api, key, "sampling", inputs=sampled()).status == 202


def test_nobody_deploys_changes_or_deletes_a_builtin_function(api: Api, key: str) -> None:
    admin = api.new_key(Role.TENANT_ADMIN)

    named = deploy(api, key, name="sampling")
    api.world.workers.entries = [entry(name="estimation")]
    declared = api.request("POST", "/v1/functions", key=key, body=deployment())
    deleted = api.request("DELETE", "/v1/functions/sampling", key=admin)
    version = api.request("DELETE", "/v1/functions/sampling/versions/1", key=admin)
    alias = api.request(
        "PUT", "/v1/functions/sampling/aliases/mine", key=key, body={"weights": {"1": 100}}
    )

    answers = (named, declared, deleted, version, alias)
    assert [(one.status, one.json["code"]) for one in answers] == [(409, "function-reserved")] * 5
    assert (named.json["pointer"], declared.json["pointer"]) == ("#/name", "#/package")


SAMPLING_REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "no pubs": ({"pubs": []}, "inputs-invalid", "#/inputs/pubs", "at least 1 items"),
    "an unknown input": (
        sampled(shot=1),
        "inputs-invalid",
        "#/inputs/shot",
        "there is no such input",
    ),
    "a sweep of which options make too many circuits": (
        {
            "pubs": [
                {"circuit": BELL},
                {
                    "circuit": ROTATED + " bit[2] c; c = measure q;",
                    "parameters": [0.1] * 126,
                    "options": ["twirling"],
                },
            ]
        },
        "inputs-invalid",
        "#/inputs/pubs/1",
        "the options make 8 circuits of each of 126 sets of parameters, and 1,000 are allowed",
    ),
    "a circuit that cannot be parsed": (
        {"pubs": [{"circuit": BELL}, {"circuit": "OPENQASM 3; qubit q; foo q;"}]},
        "program-invalid",
        "#/inputs/pubs/1/circuit",
        "Line 1",
    ),
    "a circuit without measurements": (
        {"pubs": [{"circuit": ROTATED, "parameters": [1.0]}]},
        "inputs-invalid",
        "#/inputs/pubs/0/circuit",
        "measures nothing",
    ),
    "an unbound parameter": (
        {"pubs": [{"circuit": f"{ROTATED} bit c; c = measure q[0];"}]},
        "inputs-invalid",
        "#/inputs/pubs/0/parameters",
        "a got no value",
    ),
    "values of no parameter": (
        {"pubs": [{"circuit": BELL, "parameters": {"a": 1.0}}]},
        "inputs-invalid",
        "#/inputs/pubs/0/parameters",
        "the circuit has no parameter a",
    ),
    "rows of different lengths": (
        {
            "pubs": [
                {
                    "circuit": f"{ROTATED} bit c; c = measure q[0];",
                    "parameters": [[[1.0], [2.0]], [[3.0]]],
                }
            ]
        },
        "inputs-invalid",
        "#/inputs/pubs/0/parameters",
        "its rows have different shapes: (1, 1), (2, 1)",
    ),
    "too many sets of values": (
        {
            "pubs": [
                {
                    "circuit": f"{ROTATED} bit c; c = measure q[0];",
                    "parameters": [0.1] * 1001,
                }
            ]
        },
        "inputs-invalid",
        "#/inputs/pubs/0",
        "more than 1,000 circuits",
    ),
    "counts that may be too large": (
        {
            "pubs": [
                {
                    "circuit": 'OPENQASM 3; include "stdgates.inc"; qubit[20] q; bit[20] c;'
                    " h q; c = measure q;",
                    "shots": 100_000,
                }
            ]
        },
        "result-too-large",
        "#/inputs/pubs/0",
        "1,048,576 bytes",
    ),
    "an unknown option": (
        sampled(options=["magic"]),
        "option-invalid",
        "#/inputs/options",
        "There is no option 'magic'",
    ),
    "an option given twice, of one pub": (
        {"pubs": [{"circuit": BELL, "options": ["twirling", "twirling"]}]},
        "option-invalid",
        "#/inputs/pubs/0/options",
        "given twice",
    ),
    "an option for estimation": (
        sampled(options=[{"name": "zne"}]),
        "option-invalid",
        "#/inputs/options",
        "zne is for estimation",
    ),
    "options and a level": (
        sampled(options=["twirling"], level=1),
        "option-invalid",
        "#/inputs/level",
        "Both options and a level",
    ),
}

ESTIMATION_REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "an observable on more qubits": (
        estimated(observables="ZZZ"),
        "#/inputs/pubs/0/observables",
        "'ZZZ' is for 3 qubits, and the circuit has only 2",
    ),
    "an observable on fewer qubits": (
        estimated(observables={"Z": 1.0}),
        "#/inputs/pubs/0/observables",
        "write I where nothing is measured",
    ),
    "no Pauli string": (
        estimated(observables=["ZZ", "AB"]),
        "#/inputs/pubs/0/observables",
        "'AB' is no Pauli string",
    ),
    "a coefficient that is not Hermitian": (
        estimated(observables={"ZZ": {"re": 0.5, "im": 0.5}}),
        "#/inputs/pubs/0/observables",
        "not Hermitian",
    ),
    "a coefficient that is no number": (
        estimated(observables={"ZZ": "NaN"}),
        "#/inputs/pubs/0/observables",
        "no finite real number",
    ),
    "shapes that do not broadcast": (
        estimated(observables=["ZZ", "XX", "YY"]),
        "#/inputs/pubs/0",
        "the parameters' shape (2,) and the observables' shape (3,) do not broadcast",
    ),
    "a precision that takes too many shots": (
        estimated(precision=1e-4),
        "#/inputs/pubs/0/precision",
        "100,000 are allowed; ask for a precision of 0.0032",
    ),
    "a circuit that measures": (
        estimated(circuit=BELL, parameters=None),
        "#/inputs/pubs/0/circuit",
        "bases of its own",
    ),
    "a precision of nothing": (
        estimated(precision=0),
        "#/inputs/pubs/0/precision",
        "it must be at least 1e-09",
    ),
    "a precision whose square is 0": (
        estimated(precision=1e-170),
        "#/inputs/pubs/0/precision",
        "it must be at least 1e-09",
    ),
    "a precision that no number of shots reaches": (
        estimated(precision=1e-9, observables={"ZZ": 1e9, "XX": -1e9}),
        "#/inputs/pubs/0/precision",
        "takes at least 2e+36 shots",
    ),
    "a precision of more digits than a number has": (
        estimated(precision=10**400),
        "#/inputs/pubs/0/precision",
        "it must be at most 1000000000",
    ),
    "coefficients whose squares are beyond all numbers": (
        estimated(observables={"ZZ": 1e300, "XX": 1e300}),
        "#/inputs/pubs/0/observables",
        "the coefficient of ZZ is beyond 1e+09",
    ),
    "a coefficient of more digits than a number has": (
        estimated(observables=[["ZZ", {"re": -(10**400), "im": 0}]]),
        "#/inputs/pubs/0/observables",
        "the coefficient of ZZ is beyond 1e+09",
    ),
    "a level that there is none of": (
        estimated(level=4),
        "#/inputs/pubs/0/level",
        "it must be at most 3",
    ),
    "half a level": (
        estimated(level=1.5),
        "#/inputs/pubs/0/level",
        "it must fit one of: integer from 0 to 3, null",
    ),
    "an option that is a list": (
        estimated(options=["twirling", ["zne"]]),
        "#/inputs/pubs/0/options/1",
        "it must fit one of: string, object",
    ),
}


@pytest.mark.parametrize("case", SAMPLING_REFUSED)
def test_what_sampling_cannot_do_is_refused_before_anything_is_kept(
    api: Api, key: str, case: str
) -> None:
    inputs, code, pointer, said = SAMPLING_REFUSED[case]

    answer = invoke(api, key, "sampling", inputs=inputs)

    assert (answer.status, answer.json["code"], answer.json["pointer"]) == (422, code, pointer)
    assert said in answer.json["detail"]
    assert not api.world.ledger.jobs


@pytest.mark.parametrize("case", ESTIMATION_REFUSED)
def test_what_estimation_cannot_do_is_refused_before_anything_is_kept(
    api: Api, key: str, case: str
) -> None:
    inputs, pointer, said = ESTIMATION_REFUSED[case]

    answer = invoke(api, key, "estimation", inputs=inputs)

    assert (answer.status, answer.json["pointer"]) == (422, pointer)
    assert said in answer.json["detail"]
    assert not api.world.ledger.jobs


@pytest.mark.parametrize(
    "pub",
    [
        {},
        {"parameters": {"a": [[0.1], [0.2]]}, "observables": ["ZZ", {"XI": 0.5, "IY": -1}]},
        {"parameters": [[0.1], [0.2]], "observables": [[["ZZ", 0.5], ["XX", 0.5]]]},
        {"parameters": 0.3, "observables": [["XX", "YY"], ["ZZ", {"II": 3}]]},
        {"options": ["readout-mitigation", {"name": "zne", "scales": [1, 3]}]},
        {"level": 2},
    ],
)
def test_estimation_takes_any_shape_that_broadcasts(
    api: Api, key: str, pub: dict[str, Any]
) -> None:
    assert invoke(api, key, "estimation", inputs=estimated(**pub)).status == 202


def test_circuits_that_no_device_has_the_qubits_for_are_refused(api: Api, key: str) -> None:
    wide = 'OPENQASM 3; include "stdgates.inc"; qubit[90] q; bit c; h q[89]; c = measure q[89];'

    answer = invoke(api, key, "sampling", inputs={"pubs": [{"circuit": wide}]})

    assert (answer.status, answer.json["code"]) == (422, "program-too-wide")


@pytest.mark.parametrize(
    ("sets", "least"),
    [
        (None, 13.0),
        # In sets, as many circuits are a task as its programs and its shots allow.
        (ProgramSets(programs_max=4, shots_max=100_000), 10.9),
        (ProgramSets(programs_max=100, shots_max=2_000), 11.5),
    ],
)
def test_a_cost_cap_that_cannot_be_enough_is_refused_with_the_least_cost(
    api: Api, key: str, sets: ProgramSets | None, least: float
) -> None:
    price = TaskPrice(per_task_usd=0.3, per_shot_usd=0.001)
    api.world.catalogue.put_device(ION_11.model_copy(update={"price": price, "program_sets": sets}))
    asked = {"inputs": {"pubs": [{"circuit": BELL}] * 10, "shots": 1000}, "device": "ion-11"}

    refused = invoke(api, key, "sampling", max_cost_usd=least - 0.01, **asked)
    accepted = invoke(api, key, "sampling", max_cost_usd=least, **asked)

    assert (refused.status, refused.json["code"]) == (422, "cost-cap-too-low")
    assert "10 circuits, 10,000 shots" in refused.json["detail"]
    assert refused.json["least_usd"] == least
    assert accepted.status == 202


def test_calibration_circuits_of_options_are_part_of_the_least_cost(api: Api, key: str) -> None:
    price = TaskPrice(per_task_usd=0.3, per_shot_usd=0.001)
    api.world.catalogue.put_device(ION_11.model_copy(update={"price": price}))
    measured = {"name": "readout-mitigation", "method": "measured", "shots": 500}
    pubs = [{"circuit": BELL}, {"circuit": BELL, "level": 0}, {"circuit": BELL}]
    asked = {"inputs": {"pubs": pubs, "shots": 1000, "options": [measured]}, "device": "ion-11"}

    refused = invoke(api, key, "sampling", max_cost_usd=7.09, **asked)
    accepted = invoke(api, key, "sampling", max_cost_usd=7.1, **asked)

    assert (refused.status, refused.json["code"]) == (422, "cost-cap-too-low")
    assert "and 4 circuits and 2,000 shots that calibrate" in refused.json["detail"]
    assert refused.json["least_usd"] == 7 * 0.3 + 5000 * 0.001
    assert accepted.status == 202
