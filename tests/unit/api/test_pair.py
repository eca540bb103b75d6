"""The pair over HTTP: who sees and changes it, and what the passive region answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import schemas
from bellpair_core.model.beat import Beat
from bellpair_core.model.limits import DRAIN_SECONDS_MAX, PAIR_REFRESH_SECONDS
from bellpair_core.model.pair import (
    Hold,
    Operation,
    OperationKind,
    Order,
    PairMode,
    PairRecord,
)
from bellpair_core.model.tenant import Role
from bellpair_core.settings import DeviceSetting
from tests.bad_input import submission
from tests.examples import NOON
from tests.fakes import FakeWorld

from .conftest import Api

EAST, WEST = "us-east-1", "us-west-2"
HERE_PASSIVE = PairRecord(active=WEST, passive=EAST, epoch=2, version=1)
PROMOTING = [kind for kind in OperationKind if kind.promotes]
BODY = {"reason": "a rehearsal"}


@pytest.fixture
def chief(api: Api) -> str:
    """An operator's key."""
    return api.new_key(Role.OPERATOR, tenant="operators")


def held(record: PairRecord) -> PairRecord:
    hold = Hold(by="operators/00000000", at=NOON, reason="we are measuring")
    return record.model_copy(update={"hold": hold})


def running(world: FakeWorld) -> Operation:
    return Operation(
        id="switchover-2-other",
        kind=OperationKind.SWITCHOVER,
        by="operators/00000000",
        reason="planned",
        started_at=world.clock(),
        steps={"paused": world.clock()},
    )


def test_an_operator_sees_the_pair(api: Api, world: FakeWorld, chief: str) -> None:
    world.settings = world.settings.model_copy(
        update={"devices": (DeviceSetting(name="ion-11", arn="arn:ion"),)}
    )
    record = held(HERE_PASSIVE).promoted(NOON, running(world))
    world.ledger.pair_record = record
    world.ledger.put_beat(
        Beat(region=EAST, counter=7, healthy=True, endpoint="https://east.example", at=NOON)
    )
    clean = world.ledger.breaker("ion-11")
    world.ledger.replace_breaker(clean, clean.failed(NOON, "it is offline", at_once=True))

    answer = api.request("GET", "/v1/pair", key=chief)

    seen = schemas.Pair.model_validate(answer.json)
    assert answer.status == 200
    assert (seen.active_region, seen.epoch, seen.mode) == (EAST, 3, PairMode.ACCEPTING)
    assert seen.hold is not None and seen.hold.reason == "we are measuring"
    assert seen.operation is not None and seen.operation.steps == {"paused": NOON, "promoted": NOON}
    assert [entry.action for entry in seen.audit] == [f"promoted {EAST}"]
    assert list(seen.beats) == [EAST]
    assert [(device.device, device.state) for device in seen.devices] == [("ion-11", "open")]


def test_a_pair_that_was_never_changed_is_shown_too(api: Api, chief: str) -> None:
    seen = schemas.Pair.model_validate(api.request("GET", "/v1/pair", key=chief).json)

    assert (seen.version, seen.operation, seen.hold, seen.beats) == (0, None, None, {})


@pytest.mark.parametrize("role", [Role.USER, Role.TENANT_ADMIN], ids=str)
def test_only_operators_see_or_change_the_pair(api: Api, world: FakeWorld, role: Role) -> None:
    key = api.new_key(role)

    answers = [api.request("GET", "/v1/pair", key=key)]
    answers += [
        api.request("POST", f"/v1/pair/{kind.value}", key=key, body=BODY) for kind in OperationKind
    ]

    for answer in answers:
        assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert world.operations.started == {}


@pytest.mark.parametrize("here", [PairRecord(active=EAST, passive=WEST), HERE_PASSIVE])
@pytest.mark.parametrize("kind", [OperationKind.FAILOVER, OperationKind.SWITCHOVER], ids=str)
def test_a_promotion_is_started_in_the_region_that_takes_over(
    api: Api, world: FakeWorld, chief: str, here: PairRecord, kind: OperationKind
) -> None:
    world.ledger.pair_record = here
    body = {"reason": "a rehearsal", "drain_seconds": 5}

    answer = api.request("POST", f"/v1/pair/{kind.value}", key=chief, body=body)

    shown = schemas.StartedOperation.model_validate(answer.json).operation
    ((name, (region, given)),) = world.operations.started.items()
    order = Order.model_validate(given)
    assert answer.status == 202
    assert (shown.id, shown.kind, shown.region) == (name, kind, here.passive)
    assert region == here.passive
    assert (order.id, order.kind, order.epoch) == (name, kind, here.epoch)
    assert (order.reason, order.drain_seconds, order.automatic) == ("a rehearsal", 5, False)
    assert order.by.startswith("operators/")
    assert name.startswith(f"{kind.value}-{here.epoch}-")


@pytest.mark.parametrize("here", [PairRecord(active=EAST, passive=WEST), HERE_PASSIVE])
def test_a_hold_is_put_and_released_from_either_region(
    api: Api, world: FakeWorld, chief: str, here: PairRecord
) -> None:
    world.ledger.pair_record = here
    assert api.request("POST", "/v1/pair/hold", key=chief, body=BODY).status == 202
    world.ledger.pair_record = held(here)
    assert api.request("POST", "/v1/pair/release", key=chief, body=BODY).status == 202

    assert [region for region, _ in world.operations.started.values()] == [EAST, EAST]


def test_a_failover_can_be_started_with_the_other_region_dead(
    api: Api, world: FakeWorld, chief: str
) -> None:
    world.ledger.pair_record = HERE_PASSIVE
    world.operations.unreachable = {WEST}

    assert api.request("POST", "/v1/pair/failover", key=chief, body=BODY).status == 202


def test_a_region_that_is_away_cannot_be_told_to_take_over(
    api: Api, world: FakeWorld, chief: str
) -> None:
    world.operations.unreachable = {WEST}

    answer = api.request("POST", "/v1/pair/switchover", key=chief, body=BODY)

    assert (answer.status, answer.json["code"]) == (409, "region-away")
    assert WEST in answer.json["detail"]


def test_an_operation_that_cannot_be_started_here_may_be_tried_again(
    api: Api, world: FakeWorld, chief: str
) -> None:
    world.operations.unreachable = {EAST}

    answer = api.request("POST", "/v1/pair/hold", key=chief, body=BODY)

    assert (answer.status, answer.json["code"]) == (503, "unavailable")


@pytest.mark.parametrize("kind", PROMOTING, ids=str)
def test_a_hold_refuses_a_promotion_unless_forced(
    api: Api, world: FakeWorld, chief: str, kind: OperationKind
) -> None:
    world.ledger.pair_record = held(HERE_PASSIVE)

    refused = api.request("POST", f"/v1/pair/{kind.value}", key=chief, body=BODY)
    forced = api.request("POST", f"/v1/pair/{kind.value}", key=chief, body={**BODY, "force": True})

    assert (refused.status, refused.json["code"]) == (409, "pair-held")
    assert "we are measuring" in refused.json["detail"]
    assert forced.status == 202
    ((_, given),) = world.operations.started.values()
    assert Order.model_validate(given).force


def test_a_planned_change_waits_for_the_running_one_and_a_failover_does_not(
    api: Api, world: FakeWorld, chief: str
) -> None:
    busy = HERE_PASSIVE.model_copy(update={"operation": running(world)})
    world.ledger.pair_record = busy

    for kind in ("switchover", "failback"):
        answer = api.request("POST", f"/v1/pair/{kind}", key=chief, body=BODY)
        assert (answer.status, answer.json["code"]) == (409, "pair-busy")
    assert api.request("POST", "/v1/pair/failover", key=chief, body=BODY).status == 202


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("failback", PairRecord(active=EAST, passive=WEST)),
        ("hold", held(HERE_PASSIVE)),
        ("release", HERE_PASSIVE),
    ],
)
def test_what_is_so_already_is_refused(
    api: Api, world: FakeWorld, chief: str, kind: str, record: PairRecord
) -> None:
    world.ledger.pair_record = record

    answer = api.request("POST", f"/v1/pair/{kind}", key=chief, body=BODY)

    assert (answer.status, answer.json["code"]) == (409, "pair-unchanged")
    assert world.operations.started == {}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/reason"),
        ({"reason": ""}, "#/reason"),
        ({"reason": "x" * 257}, "#/reason"),
        ({"reason": "two\nlines"}, "#/reason"),
        ({"reason": 7}, "#/reason"),
        ({**BODY, "drain_seconds": -1}, "#/drain_seconds"),
        ({**BODY, "drain_seconds": DRAIN_SECONDS_MAX + 1}, "#/drain_seconds"),
        ({**BODY, "drain_seconds": "5"}, "#/drain_seconds"),
        ({**BODY, "force": 1}, "#/force"),
        ({**BODY, "now": True}, "#/now"),
        ([], "#"),
    ],
)
def test_a_wrong_body_is_refused_with_its_place(
    api: Api, world: FakeWorld, chief: str, body: Any, pointer: str
) -> None:
    answer = api.request("POST", "/v1/pair/switchover", key=chief, body=body)

    assert (answer.status, answer.json["pointer"]) == (400, pointer)
    assert world.operations.started == {}


def test_the_passive_region_refuses_whatever_changes_something_and_shows_the_rest(
    api: Api, world: FakeWorld, key: str, chief: str
) -> None:
    job = api.request("POST", "/v1/jobs", key=key, body=submission()).json["id"]
    world.ledger.pair_record = HERE_PASSIVE
    world.clock.advance(timedelta(seconds=10))
    keys, writes = world.catalogue.key_hashes, world.ledger.writes

    refused = [
        api.request("POST", "/v1/jobs", key=key, body=submission()),
        api.request("DELETE", f"/v1/jobs/{job}", key=key),
        api.request("POST", "/v1/tenants", key=chief, body={"name": "blue"}),
        api.request("POST", "/v1/tenants/acme/keys", key=chief, body={}),
        api.request("DELETE", f"/v1/tenants/acme/keys/{key.split('_')[1]}", key=chief),
    ]
    shown = [
        api.request("GET", path, key=chief if path.endswith("pair") else key)
        for path in ("/v1/jobs", f"/v1/jobs/{job}", "/v1/devices", "/v1/health", "/v1/pair")
    ]

    for answer in refused:
        assert (answer.status, answer.json["code"]) == (503, "region-passive")
        assert (answer.json["active_region"], answer.json["epoch"]) == (WEST, 2)
        assert answer.headers["retry-after"] == "1"
    assert [answer.status for answer in shown] == [200] * 5
    assert (world.catalogue.key_hashes, world.ledger.writes) == (keys, writes)


def test_a_region_that_was_promoted_accepts_at_once(api: Api, world: FakeWorld, key: str) -> None:
    world.ledger.pair_record = HERE_PASSIVE
    assert api.request("POST", "/v1/jobs", key=key, body=submission()).status == 503
    world.ledger.pair_record = HERE_PASSIVE.promoted(NOON, running(world))
    world.clock.advance(timedelta(seconds=PAIR_REFRESH_SECONDS + 0.01))

    answer = api.request("POST", "/v1/jobs", key=key, body=submission())

    assert (answer.status, answer.json["epoch"], answer.json["region"]) == (202, 3, EAST)


def test_a_pause_takes_no_new_jobs_and_answers_for_the_old(
    api: Api, world: FakeWorld, key: str
) -> None:
    headers = {"Idempotency-Key": "first"}
    first = api.request("POST", "/v1/jobs", key=key, body=submission(), headers=headers)
    paused = world.ledger.pair_record.paused(NOON, running(world))
    world.ledger.pair_record = paused
    world.clock.advance(timedelta(seconds=10))

    new = api.request("POST", "/v1/jobs", key=key, body=submission())
    again = api.request("POST", "/v1/jobs", key=key, body=submission(), headers=headers)

    assert (new.status, new.json["code"]) == (503, "not-accepting")
    assert new.headers["retry-after"] == "1"
    assert (again.status, again.json["id"]) == (202, first.json["id"])
    assert api.request("DELETE", f"/v1/jobs/{first.json['id']}", key=key).status == 200
