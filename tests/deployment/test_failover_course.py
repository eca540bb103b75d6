"""The failover machine's ways: what is called, in which order, and how each way ends."""

from __future__ import annotations

import pytest

from tests.deployment.assembly import Assembly, definition
from tests.deployment.course import SHARDS, Answer, Course, Raised, always, in_turn, run

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

OUT_OF_REACH = "TransientFault"


@pytest.fixture
def go(local: Assembly, monkeypatch: pytest.MonkeyPatch):
    def start(kind: str, **scripted: Answer) -> Course:
        return run(monkeypatch, definition(local, "Failover-us-east-1"), kind, scripted)

    return start


def test_a_failover_promotes_without_pausing_and_then_adopts_every_shard(go) -> None:
    course = go("failover")
    assert course.status == "SUCCEEDED"
    assert course.main_steps == ["confirm", "promote", "resume", "announce"]
    assert "devices" in course.steps
    assert course.pages == dict.fromkeys(SHARDS, 1)
    assert all(
        event == {"shard": event["shard"], "epoch": 8, "operation_id": "op-1"}
        for event in course.adoptions
    )


@pytest.mark.parametrize("kind", ["switchover", "failback"])
def test_a_planned_change_waits_until_it_is_told_that_the_jobs_are_drained(go, kind) -> None:
    course = go(kind, drained=in_turn({"drained": False}, {"drained": False}, {"drained": True}))
    assert course.status == "SUCCEEDED"
    assert course.main_steps == [
        *("confirm", "pause", "drained", "drained", "drained"),
        *("promote", "resume", "announce"),
    ]


@pytest.mark.parametrize("kind", ["hold", "release"])
def test_a_hold_is_one_step(go, kind: str) -> None:
    course = go(kind)
    assert (course.status, course.steps, course.adoptions) == ("SUCCEEDED", [kind], [])


def test_every_step_is_told_of_the_operation(go) -> None:
    course = go("switchover")
    assert course.asked.keys() >= {"confirm", "pause", "drained", "promote", "resume", "announce"}
    for event in course.asked.values():
        assert event["operation"]["id"] == "op-1"
        assert event["operation"]["epoch"] == 7


def test_a_shard_is_adopted_page_by_page(go) -> None:
    course = go(
        "failover",
        resume=lambda _: {"epoch": 8, "shards": [3]},
        adopt=in_turn({"adopted": 100, "more": True}, {"adopted": 7, "more": False}),
    )
    assert course.pages == {3: 2}
    assert course.asked["announce"]["result"]["shards"] == [
        {"shard": 3, "adopted": 107, "end": "adopted"}
    ]


@pytest.mark.parametrize(
    ("kind", "at", "before"),
    [
        ("failover", "confirm", ["confirm"]),
        ("failover", "promote", ["confirm", "promote"]),
        ("switchover", "promote", ["confirm", "pause", "drained", "promote"]),
        ("hold", "hold", ["hold"]),
    ],
)
def test_what_is_refused_is_taken_back_and_is_no_failure(go, kind, at, before) -> None:
    course = go(kind, **{at: always("PromotionRefused")})
    assert course.status == "SUCCEEDED"
    assert course.steps == [*before, "abort"]
    assert course.asked["abort"]["result"]["Error"] == "PromotionRefused"
    assert course.adoptions == []


@pytest.mark.parametrize("step", ["confirm", "pause", "drained", "promote", "resume", "announce"])
def test_an_outage_that_passes_is_outlived(go, step: str) -> None:
    good = {"drained": {"drained": True}, "resume": {"epoch": 8, "shards": SHARDS}}
    outage = Raised(OUT_OF_REACH)
    course = go("switchover", **{step: in_turn(outage, outage, good.get(step, {"epoch": 8}))})
    assert course.status == "SUCCEEDED"
    assert course.steps.count(step) == 3
    assert "abort" not in course.steps


@pytest.mark.parametrize("step", ["confirm", "pause", "drained", "promote", "resume", "announce"])
def test_an_outage_that_stays_ends_in_an_abort_and_a_failure_that_names_it(go, step) -> None:
    course = go("switchover", **{step: always(OUT_OF_REACH)})
    assert course.status == "FAILED"
    assert course.output["Error"] == OUT_OF_REACH
    assert course.steps[-1] == "abort"
    assert course.steps.count("abort") == 1


def test_an_abort_that_fails_too_leaves_the_first_error(go) -> None:
    course = go("switchover", drained=always(OUT_OF_REACH), abort=always("Sandbox.Timedout"))
    assert course.status == "FAILED"
    assert course.output["Error"] == OUT_OF_REACH


def test_a_shard_whose_epoch_is_over_is_left_quietly(go) -> None:
    course = go("failover", adopt=always("Fenced"))
    assert course.status == "SUCCEEDED"
    assert course.pages == dict.fromkeys(SHARDS, 1)
    ends = {shard["end"] for shard in course.asked["announce"]["result"]["shards"]}
    assert ends == {"overtaken"}


def test_a_shard_that_cannot_be_adopted_is_left_to_the_sweeper(go) -> None:
    def adopt(event: dict) -> dict:
        if event["shard"] == 5:
            raise Raised(OUT_OF_REACH)
        return {"adopted": 2, "more": False}

    course = go("failover", adopt=adopt)
    assert course.status == "SUCCEEDED"
    assert "abort" not in course.steps
    shards = course.asked["announce"]["result"]["shards"]
    assert [shard["shard"] for shard in shards if shard["end"] == "left-to-sweeper"] == [5]
    assert sum(shard["adopted"] for shard in shards) == 14


def test_devices_that_cannot_be_asked_hold_nothing_up(go) -> None:
    course = go("failover", devices=always("Runtime.Unforeseen"))
    assert course.status == "SUCCEEDED"
    assert course.main_steps[-1] == "announce"


@pytest.mark.parametrize("step", ["resume", "announce"])
def test_an_operation_that_is_overtaken_takes_nothing_back(go, step: str) -> None:
    course = go("failover", **{step: always("Fenced")})
    assert course.status == "SUCCEEDED"
    assert "abort" not in course.steps


def test_an_unknown_kind_does_nothing(go) -> None:
    course = go("swapover")
    assert (course.status, course.output["Error"]) == ("FAILED", "UnknownKind")
    assert course.steps == []
