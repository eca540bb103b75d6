"""What a drill tells of what it has seen."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.main import get_command

from bellpair_local.drills.accounting import Away
from bellpair_local.drills.catalogue import DRILLS
from bellpair_local.drills.cli import Name, app
from bellpair_local.drills.evidence import Evidence, Takeover, account
from bellpair_local.drills.expo import COMPRESSED_RATE, EXHIBITION_SECONDS, seconds_allowed
from bellpair_local.drills.figures import at_least, at_most, exactly, passed
from bellpair_local.drills.picture import can_draw
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.records import Mark, Operation
from bellpair_local.drills.report import Report
from bellpair_local.drills.timeline import as_text, timeline
from tests.unit.drills.seen import EAST, WEST, health, job, submission, task

PROMISED = [
    "accepted",
    "succeeded",
    "failed",
    "cancelled",
    "waiting",
    "lost",
    "duplicate_tasks",
    "client_errors",
    "unavailable_s",
    "detection_s",
    "promotion_s",
    "pause_s",
    "adoption_s",
    "epoch_before",
    "epoch_after",
    "split_brain",
    "terminal_changed",
    "drill",
    "jobs",
    "rate",
    "seed",
    "passed",
    "figures",
    "timeline",
]
PLAN = Plan(15, 1.0, 7)
OPERATION = Operation(
    "failover-1", "failover", "done", "region lost", "sentinel of us-west-2",
    {"promoting": 13.0, "promoted": 13.3, "resumed": 13.35, "adopted": 14.35, "announced": 14.4},
    adopted=2,
)  # fmt: skip


def evidence(**changes: Any) -> Evidence:
    """The loss of us-east-1 at second 10 of 20, and the takeover at 13.5."""
    before = [submission(n, n + 0.5) for n in range(10)]
    after = [submission(n, n + 4.5, region=WEST, epoch=2) for n in range(10, 15)]
    made = [*before, *after]
    jobs = {f"job-{n}": job(f"job-{n}", finished_at="1970-01-01T00:00:19+00:00") for n in range(15)}
    seen: dict[str, Any] = {
        "began": 0.0,
        "ended": 20.0,
        "submissions": made,
        "held": [],
        "health": [
            *(health(EAST, n, epoch=1, accepting=True) for n in range(10)),
            *(health(WEST, n + 0.5, epoch=2, accepting=True) for n in range(13, 20)),
        ],
        "takeovers": [Takeover(10.0, WEST, 13.5, OPERATION)],
        "first_over": jobs,
        "last": jobs,
        "listed": frozenset(jobs),
        "tasks": [task(name, 1.0, ended=2.0) for name in jobs],
        "replayed": [("job-1", "job-1")],
        "marks": [Mark(10.0, "us-east-1 killed"), Mark(13.5, "us-west-2 accepts at epoch 2")],
        "epoch_before": 1,
        "epoch_after": 2,
        "operations": [OPERATION],
    }
    return Evidence(**{**seen, **changes})


def test_the_spans_of_a_takeover_come_from_its_steps() -> None:
    told = account(evidence())
    assert told.detection_s == pytest.approx(3.0)
    assert told.promotion_s == pytest.approx(3.5)
    assert told.pause_s == pytest.approx(0.35)
    assert told.adoption_s == pytest.approx(1.05)
    assert told.unavailable_s == pytest.approx(5.0)
    assert (told.accepted, told.succeeded, told.tasks, told.adopted) == (15, 15, 15, 2)


def test_a_planned_change_has_no_detection_and_its_pause_begins_when_it_paused() -> None:
    steps = {
        "paused": 11.0, "promoting": 12.3, "promoted": 12.4, "resumed": 12.5,
        "adopted": 12.7, "announced": 12.8,
    }  # fmt: skip
    planned = Operation("s", "switchover", "done", "", "", steps)
    takeover = Takeover(10.0, WEST, 12.6, planned, planned=True)
    told = account(evidence(takeovers=[takeover]))
    assert told.detection_s is None
    assert told.pause_s == pytest.approx(1.5)


def test_a_pause_whose_end_is_not_on_record_is_unknown() -> None:
    short = Operation("f", "failover", "running", "", "", {"promoting": 13.0, "promoted": 13.3})
    assert account(evidence(takeovers=[Takeover(10.0, WEST, 13.5, short)])).pause_s is None


def test_tasks_of_other_tenants_are_not_counted() -> None:
    told = account(evidence(tasks=[task("job-of-another", 1.0), task("job-of-another", 2.0)]))
    assert (told.tasks, told.duplicate_tasks) == (0, 0)


def test_a_job_that_nobody_was_promised_is_told() -> None:
    assert account(evidence(listed=frozenset({"job-0", "job-x"}))).unpromised == 1


def test_what_waits_when_a_region_stays_lost_is_no_loss() -> None:
    last = {**evidence().last, "job-3": job("job-3", "queued", device="ion-11")}
    told = account(evidence(last=last, first_over={}, away=Away(frozenset({"ion-11"}))))
    assert (told.lost, told.waiting) == (0, 1)
    assert account(evidence(last=last, first_over={})).lost == 1


def test_nothing_hides_as_waiting_once_all_is_healed() -> None:
    waiting = job("job-3", "executing", waiting_for="the device service of us-east-1 is away")
    told = account(evidence(last={**evidence().last, "job-3": waiting}, first_over={}))
    assert (told.lost, told.waiting) == (1, 0)


def report(drill: str = "region-loss", **changes: Any) -> Report:
    seen = evidence(**changes)
    counted = account(seen)
    limits = DRILLS[drill].limits(counted, seen.notes, PLAN)
    return Report(drill, PLAN, seen, counted, limits)


def test_the_json_object_has_what_is_promised_and_is_json() -> None:
    told = json.loads(json.dumps(report().to_json(), allow_nan=False))
    assert [name for name in PROMISED if name not in told] == []
    assert told["passed"] is True
    assert told["figures"]["unavailable_s"] == {"value": 5.0, "limit": "<= 10", "met": True}


def test_a_promotion_explains_itself() -> None:
    (told,) = report().to_json()["operations"]
    assert told == {
        "id": "failover-1",
        "kind": "failover",
        "by": "sentinel of us-west-2",
        "reason": "region lost",
        "outcome": "done",
        "detail": None,
    }
    out = io.StringIO()
    report().show(Console(file=out, width=100))
    assert "failover by sentinel of us-west-2: region lost; done" in out.getvalue()


def test_the_exhibition_has_a_quarter_of_an_hour_for_two_thousand_jobs() -> None:
    compressed = {
        jobs: seconds_allowed(Plan(jobs, COMPRESSED_RATE, 7)) for jobs in (60, 2000, 4000)
    }
    assert compressed == {60: 305.0, 2000: 900.0, 4000: 1800.0}
    week = Plan(2000, 2000 / EXHIBITION_SECONDS, 7)
    assert seconds_allowed(week) > EXHIBITION_SECONDS
    figures = {figure.name: figure for figure in report("expo").figures}
    assert figures["seconds"].met
    assert not {f.name: f for f in report("expo", ended=5000.0).figures}["seconds"].met


def test_a_figure_that_could_not_be_measured_is_not_met() -> None:
    assert report(takeovers=[]).passed is False
    assert not passed([at_most("x", None, 1)])
    assert not passed([at_least("x", None, 0)])
    assert not passed([exactly("x", None, 0)])


def test_times_count_unless_a_drill_is_untimed_and_nothing_else_is_forgiven() -> None:
    slow, lost = at_most("unavailable_s", 11.0, 10), exactly("lost", 1, 0)
    assert not passed([slow])
    assert passed([slow], timed=False)
    assert not passed([slow, lost], timed=False)


def test_people_see_the_course_and_whether_it_passed() -> None:
    out = io.StringIO()
    report().show(Console(file=out, width=100))
    shown = out.getvalue()
    for word in ("accepted/s", "in flight", "us-east-1 killed", "unavailable_s", "Passed."):
        assert word in shown


def test_the_course_tells_who_accepted_second_by_second() -> None:
    buckets = timeline(evidence()).buckets
    assert [bucket.active for bucket in buckets[8:15]] == [EAST, EAST, None, None, None, WEST, WEST]
    assert buckets[0].accepted_per_s == 1
    assert buckets[9].in_flight == 10
    assert buckets[-1].in_flight == 0


def test_the_course_fits_a_terminal_however_long_the_drill() -> None:
    course = timeline(evidence(ended=5000.0))
    lines = as_text(course)
    assert max(len(line) for line in lines) <= 130
    assert "us-east-1 killed" in "\n".join(lines)
    assert "\n".join(as_text(course, unicode=False)).isascii()


@pytest.mark.skipif(not can_draw(), reason="matplotlib is not installed")
def test_the_course_is_drawn(tmp_path: Path) -> None:
    report().draw(tmp_path / "course.png")
    assert (tmp_path / "course.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_line_names_every_drill() -> None:
    assert [name.value for name in Name] == list(DRILLS)


def test_the_command_line_tells_each_drills_usual_size() -> None:
    option = next(p for p in get_command(app).params if p.name == "jobs")
    told = str(getattr(option, "help", ""))
    usual = Counter(drill.jobs for drill in DRILLS.values()).most_common(1)[0][0]
    assert f"default: {usual};" in told
    for name, drill in DRILLS.items():
        if drill.jobs != usual:
            assert re.search(rf"\b{name}\b[^;]*\b{drill.jobs}\b", told), name
