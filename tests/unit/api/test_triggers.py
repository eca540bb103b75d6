"""Triggers over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bellpair_core.http import trigger_schemas as schemas
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.trigger import DeadLetter, TriggerFailure
from tests.examples import BELL, NOON
from tests.trigger_examples import event_example

from .conftest import Api
from .gateway import HttpAnswer

DROP: dict[str, Any] = {
    "name": "drop",
    "source": {"type": "inbox", "suffix": ".qasm"},
    "circuit": {"device": "sv1", "shots": 100},
}
EVENT: dict[str, Any] = {
    "name": "on-event",
    "source": {"type": "event", "pattern": {"source": ["lab"]}},
    "circuit": {"device": "sv1", "shots": 100, "source": "$.detail.program"},
}


def ask(api: Api, key: str, method: str, path: str, body: Any = None) -> HttpAnswer:
    sent = json.dumps(body).encode() if body is not None else b""
    return api.request(method, path, key=key, body=sent)


def test_a_trigger_is_made_shown_listed_and_deleted(api: Api, key: str) -> None:
    made = ask(api, key, "POST", "/v1/triggers", DROP)
    again = ask(api, key, "POST", "/v1/triggers", DROP)

    assert (made.status, again.status) == (201, 200)
    shown = schemas.Trigger.model_validate(made.json)
    assert shown.source == {"type": "inbox", "prefix": "", "suffix": ".qasm"}
    assert shown.inbox == {
        "us-east-1": "s3://inbox-east/inbox/acme/",
        "us-west-2": "s3://inbox-west/inbox/acme/",
    }
    assert ask(api, key, "GET", "/v1/triggers/drop").json == made.json
    listed = schemas.TriggerList.model_validate(ask(api, key, "GET", "/v1/triggers").json)
    assert listed.triggers == [shown]
    gone = ask(api, key, "DELETE", "/v1/triggers/drop")
    assert schemas.DeletedTrigger.model_validate(gone.json).name == "drop"
    assert ask(api, key, "GET", "/v1/triggers/drop").json["code"] == "trigger-not-found"


def test_a_trigger_is_paused_and_resumed(api: Api, key: str) -> None:
    ask(api, key, "POST", "/v1/triggers", DROP)

    assert ask(api, key, "POST", "/v1/triggers/drop/pause").json["paused"]
    resumed = ask(api, key, "POST", "/v1/triggers/drop/resume")

    assert not schemas.Trigger.model_validate(resumed.json).paused


def test_a_trigger_is_tried(api: Api, key: str) -> None:
    ask(api, key, "POST", "/v1/triggers", EVENT)
    event = {"source": "lab", "detail": {"program": BELL}}

    good = ask(api, key, "POST", "/v1/triggers/on-event/test", {"event": event})
    bad = ask(api, key, "POST", "/v1/triggers/on-event/test", {"event": {"source": "lab"}})

    trial = schemas.TriggerTrial.model_validate(good.json)
    assert (trial.waits_for_this, trial.inputs) == (True, {"source": BELL})
    problem = schemas.TriggerTrial.model_validate(bad.json).problem
    assert problem is not None
    assert "$.detail.program" in problem.message
    assert not api.world.ledger.jobs


def test_what_failed_is_redriven(api: Api, key: str) -> None:
    ask(api, key, "POST", "/v1/triggers", EVENT)
    why = TriggerFailure(code="trigger-failed", detail="no", remedy="yes")
    letter = DeadLetter(
        tenant="acme", trigger="on-event", happening=event_example(), error=why, at=NOON
    )
    api.world.dead_letters.keep(letter)

    answer = ask(api, key, "POST", "/v1/triggers/on-event/redrive")

    done = schemas.RedrivenTrigger.model_validate(answer.json)
    assert (done.redriven, done.reasons[0].message) == (1, "no")
    assert (done.more, done.in_flight) == (False, False)
    again = ask(
        api, key, "POST", "/v1/triggers/on-event/redrive", {"before": answer.json["before"]}
    )
    assert again.json["redriven"] == 0
    wrong = ask(api, key, "POST", "/v1/triggers/on-event/redrive", {"before": "noon"})
    assert (wrong.json["code"], wrong.json["pointer"]) == ("request-invalid", "#/before")
    ((region, happening, only),) = api.world.happenings.told
    assert (region, happening, only) == ("us-east-1", event_example(), ("acme", "on-event"))


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"name": "No Name"}, "request-invalid", "#/name"),
        ({"name": None}, "request-invalid", "#/name"),
        ({"source": {"type": "moon"}}, "request-invalid", "#/source"),
        ({"source": {}}, "request-invalid", "#/source"),
        ({"source": {"type": "queue"}}, "request-invalid", "#/source/queue/queue"),
        ({"paused": "no"}, "request-invalid", "#/paused"),
        ({"more": 1}, "request-invalid", "#/more"),
        ({"circuit": {"device": "sv1", "shots": 0}}, "trigger-invalid", "#/circuit/shots"),
        ({"circuit": {"device": "qq", "shots": 1}}, "device-unknown", "#/device"),
        (
            {"source": {"type": "event", "pattern": {"source": ["bellpair"]}},
                "circuit": {"device": "sv1", "shots": 1, "source": BELL}},
            "trigger-invalid",
            "#/source/pattern",
        ),
    ],
)  # fmt: skip
def test_a_wrong_trigger_is_refused_at_its_place(
    api: Api, key: str, change: dict[str, Any], code: str, pointer: str
) -> None:
    answer = ask(api, key, "POST", "/v1/triggers", {**DROP, **change})

    assert (answer.json["code"], answer.json["pointer"]) == (code, pointer)
    assert answer.json["remedy"]
    assert not api.world.triggers.stored


def test_another_tenants_trigger_is_not_there(api: Api, key: str) -> None:
    ask(api, key, "POST", "/v1/triggers", DROP)
    stranger = api.new_key(tenant="blue")

    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/test"),
        ("POST", "/redrive"),
    ):
        answer = ask(api, stranger, method, f"/v1/triggers/drop{path}")
        assert answer.json["code"] == "trigger-not-found"
    assert ask(api, stranger, "GET", "/v1/triggers").json == {"triggers": []}


def test_a_passive_region_changes_no_trigger(api: Api, key: str) -> None:
    ask(api, key, "POST", "/v1/triggers", DROP)
    api.world.ledger.pair_record = PairRecord(active="us-west-2", passive="us-east-1", epoch=3)
    api.world.clock.advance(timedelta(seconds=5))

    for method, path in (
        ("POST", ""),
        ("DELETE", "/drop"),
        ("POST", "/drop/pause"),
        ("POST", "/drop/resume"),
        ("POST", "/drop/redrive"),
    ):
        body = DROP if not path else None
        assert ask(api, key, method, f"/v1/triggers{path}", body).json["code"] == "region-passive"
    assert ask(api, key, "GET", "/v1/triggers/drop").status == 200
