"""Calibrations over HTTP: who sees them, how they look, and who has one brought in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import device_schemas, schemas
from bellpair_core.logic.devices.ingest_calibration import Ingestion
from bellpair_core.model.calibration import Ingested
from bellpair_core.model.limits import CALIBRATION_AGE_MAX, CALIBRATIONS_KEPT
from bellpair_core.model.tenant import Role
from bellpair_core.settings import DeviceSetting
from tests.device_documents import described, ions_document, lattice_document
from tests.fakes import FakeWorld

from .conftest import Api

SQUARE = DeviceSetting(name="square-4", arn="arn:square-4", region="us-west-2")
ION = DeviceSetting(name="ion-3", arn="arn:ion-3")


@pytest.fixture(autouse=True)
def offered(world: FakeWorld) -> None:
    """Two devices, both with a calibration."""
    world.settings = world.settings.model_copy(update={"devices": (SQUARE, ION)})
    world.tasks.descriptions = {
        SQUARE.arn: described(lattice_document()),
        ION.arn: described(ions_document()),
    }
    bring_in(world)


def bring_in(world: FakeWorld) -> None:
    """Let the calibration function run, in the region that both devices are asked in."""
    parts = world.tasks, world.catalogue, world.blobs, world.clock
    Ingestion(*parts, "us-west-2")(world.settings.devices)
    world.clock.advance(timedelta(minutes=1))


def refuse(world: FakeWorld) -> None:
    world.tasks.descriptions[SQUARE.arn] = described(lattice_document(two_qubit=1.5))
    bring_in(world)


def test_a_tenant_sees_a_calibration_qubit_by_qubit_and_edge_by_edge(api: Api, key: str) -> None:
    answer = api.request("GET", "/v1/devices/square-4/calibration", key=key)

    seen = device_schemas.Calibration.model_validate(answer.json)
    assert answer.status == 200
    assert seen.calibration_id.startswith("2026-01-01T06:00:00")
    assert [qubit.qubit for qubit in seen.qubits] == [1, 2, 3, 4]
    assert seen.qubits[0].readout_0_to_1 == pytest.approx(0.01)
    assert [edge.qubits for edge in seen.edges] == [(1, 2), (1, 3), (2, 4), (3, 4)]
    assert seen.edges[0].two_qubit_error == pytest.approx(0.01)
    assert seen.medians.two_qubit_error == pytest.approx(0.01)
    assert (seen.all_to_all, seen.mid_circuit) == (False, True)
    assert seen.durations_us.two_qubit is None
    assert seen.refused is None
    assert (seen.drift.baseline, seen.drift.worst) == (0, None)
    assert not seen.stale
    assert seen.age_s == 6 * 3600 + 60


def test_a_device_that_connects_all_says_so(api: Api, key: str) -> None:
    answer = api.request("GET", "/v1/devices/ion-3/calibration", key=key)

    seen = device_schemas.Calibration.model_validate(answer.json)
    assert seen.all_to_all
    assert [edge.qubits for edge in seen.edges] == [(0, 1), (0, 2), (1, 2)]
    assert seen.durations_us.two_qubit == pytest.approx(600.0)


def test_an_old_calibration_says_so(api: Api, world: FakeWorld, key: str) -> None:
    world.clock.advance(CALIBRATION_AGE_MAX)

    assert api.request("GET", "/v1/devices/square-4/calibration", key=key).json["stale"]


def test_what_was_refused_is_told_where_the_last_good_one_is(
    api: Api, world: FakeWorld, key: str
) -> None:
    refuse(world)

    newest = api.request("GET", "/v1/devices/square-4/calibration", key=key).json
    listed = api.request("GET", "/v1/devices", key=key).json["devices"]

    assert "is 1.5, which is over 1" in newest["refused"]["reason"]
    assert newest["calibration_id"].startswith("2026-01-01T06:00:00")
    (square,) = (device for device in listed if device["name"] == "square-4")
    assert square["refused"] == newest["refused"]
    assert schemas.Device.model_validate(square).median_two_qubit_error == pytest.approx(0.01)


def test_what_was_brought_in_this_moment_is_seen(api: Api, world: FakeWorld, key: str) -> None:
    shown = "/v1/devices/square-4/calibration"
    before = api.request("GET", shown, key=key).json
    world.tasks.descriptions[SQUARE.arn] = described(lattice_document(two_qubit=0.97))
    parts = world.tasks, world.catalogue, world.blobs, world.clock
    Ingestion(*parts, "us-west-2")(world.settings.devices)

    assert api.request("GET", shown, key=key).json["calibration_id"] != before["calibration_id"]


def test_a_device_without_a_good_calibration_leads_to_its_refusals(
    api: Api, world: FakeWorld, key: str
) -> None:
    kite = DeviceSetting(name="kite-1", arn="arn:kite-1")
    world.settings = world.settings.model_copy(update={"devices": (SQUARE, kite)})
    world.tasks.descriptions[kite.arn] = described({})
    bring_in(world)

    answer = api.request("GET", "/v1/devices/kite-1/calibration", key=key)
    series = api.request("GET", "/v1/devices/kite-1/calibrations", key=key).json

    assert (answer.status, answer.json["code"]) == (404, "calibration-not-found")
    assert "/v1/devices/kite-1/calibrations" in answer.json["remedy"]
    assert [one["refused"] for one in series["calibrations"]] == ["the document is empty"]


def test_a_series_is_listed_newest_first(api: Api, world: FakeWorld, key: str) -> None:
    for hour in (7, 8):
        document = lattice_document(f"2026-01-01T0{hour}:00:00Z")
        world.tasks.descriptions[SQUARE.arn] = described(document)
        bring_in(world)

    answer = api.request("GET", "/v1/devices/square-4/calibrations", key=key)
    one = api.request("GET", "/v1/devices/square-4/calibrations?limit=1", key=key)

    seen = device_schemas.CalibrationList.model_validate(answer.json)
    hours = [
        snapshot.calibrated_at and snapshot.calibrated_at.hour for snapshot in seen.calibrations
    ]
    assert hours == [8, 7, 6]
    assert [snapshot.drift.baseline for snapshot in seen.calibrations] == [2, 1, 0]
    assert len(one.json["calibrations"]) == 1


@pytest.mark.parametrize(
    "query", ["limit=0", f"limit={CALIBRATIONS_KEPT + 1}", "limit=x", "limit=", "page=2"]
)
def test_a_wrong_parameter_is_named(api: Api, key: str, query: str) -> None:
    answer = api.request("GET", f"/v1/devices/square-4/calibrations?{query}", key=key)

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")
    assert answer.json["errors"][0]["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize("path", ["calibration", "calibrations"])
def test_an_unknown_device_is_answered_with_those_that_there_are(
    api: Api, key: str, path: str
) -> None:
    answer = api.request("GET", f"/v1/devices/square-5/{path}", key=key)

    assert answer.json["code"] == "device-unknown"
    assert answer.json["devices"] == ["square-4", "ion-3"]


def test_nobody_sees_a_calibration_without_a_key(api: Api) -> None:
    assert api.request("GET", "/v1/devices/square-4/calibration").status == 401


def test_an_operator_has_a_device_brought_in_where_it_is(api: Api, world: FakeWorld) -> None:
    chief = api.new_key(Role.OPERATOR, tenant="operators")
    refused = Ingested(calibration_id="old", problem="the document is empty", refused=True)
    world.ingestions.outcome = refused

    answer = api.request("POST", "/v1/devices/square-4/calibration", key=chief)
    api.request("POST", "/v1/devices/ion-3/calibration", key=chief)

    assert answer.status == 200
    assert answer.json == {
        "device": "square-4",
        "calibration_id": "old",
        "new": False,
        "problem": "the document is empty",
        "refused": True,
    }
    assert world.ingestions.asked == [("square-4", "us-west-2"), ("ion-3", "us-east-1")]


@pytest.mark.parametrize("role", [Role.USER, Role.TENANT_ADMIN])
def test_nobody_else_has_a_device_brought_in(api: Api, world: FakeWorld, role: Role) -> None:
    answer = api.request("POST", "/v1/devices/square-4/calibration", key=api.new_key(role))

    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert world.ingestions.asked == []


def test_a_region_out_of_reach_is_said_to_be(api: Api, world: FakeWorld) -> None:
    chief = api.new_key(Role.OPERATOR, tenant="operators")
    world.ingestions.outcome = None

    answer = api.request("POST", "/v1/devices/square-4/calibration", key=chief)
    unknown = api.request("POST", "/v1/devices/square-5/calibration", key=chief)

    assert answer.status == 503
    assert unknown.json["code"] == "device-unknown"


def test_the_same_is_shown_by_the_schema(api: Api, key: str) -> None:
    shown: dict[str, Any] = api.request("GET", "/v1/devices/square-4/calibration", key=key).json

    again = device_schemas.Calibration.model_validate(shown).model_dump(mode="json")

    assert set(again) == set(shown)
    assert set(again["qubits"][0]) == set(shown["qubits"][0])
    assert set(again["drift"]) == set(shown["drift"])
