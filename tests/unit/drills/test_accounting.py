"""What counts as lost, as doubled, as two active regions, and as an outage."""

from __future__ import annotations

import pytest

from bellpair_local.drills import accounting
from bellpair_local.drills.accounting import NOTHING, Away
from bellpair_local.drills.records import FailedAttempt, JobSeen
from tests.unit.drills.seen import EAST, WEST, health, job, submission, task

ION_AWAY = Away(frozenset({"ion-11"}))


class TestLostJobs:
    def test_a_job_that_ended_is_not_lost_however_it_ended(self) -> None:
        jobs = {s: job(s, s) for s in ("succeeded", "failed", "cancelled")}
        assert accounting.lost_jobs(jobs, jobs) == []

    def test_a_promise_that_the_ledger_does_not_know_is_lost(self) -> None:
        assert accounting.lost_jobs(["job-1"], {}) == ["job-1"]

    def test_a_job_that_never_ended_is_lost(self) -> None:
        assert accounting.lost_jobs(["a"], {"a": job("a", "executing")}) == ["a"]

    def test_a_job_that_waits_and_says_so_is_not_lost(self) -> None:
        waiting = job("a", "executing", waiting_for="the device service of us-east-1")
        away = Away(region=EAST)
        assert accounting.lost_jobs(["a"], {"a": waiting}, away) == []

    @pytest.mark.parametrize(
        "away",
        [NOTHING, Away(region=WEST), Away(region="us-east")],
    )
    def test_a_job_that_says_it_waits_for_what_is_not_away_is_lost(self, away: Away) -> None:
        waiting = job("a", "executing", waiting_for="the device service of us-east-1")
        assert accounting.lost_jobs(["a"], {"a": waiting}, away) == ["a"]

    def test_a_job_given_to_another_device_does_not_wait_for_the_one_that_is_away(self) -> None:
        given = {"a": job("a", "executing", device="any-qpu", device_used="square-20")}
        assert accounting.lost_jobs(["a"], given, ION_AWAY) == ["a"]
        taken = {"a": job("a", "executing", device="any-qpu", device_used="ion-11")}
        assert accounting.lost_jobs(["a"], taken, ION_AWAY) == []

    def test_a_job_queued_for_a_device_that_is_away_is_not_lost(self) -> None:
        queued = {"a": job("a", "queued", device="ion-11")}
        assert accounting.lost_jobs(["a"], queued, ION_AWAY) == []
        assert accounting.lost_jobs(["a"], queued, Away(frozenset({"square-20"}))) == ["a"]


class TestDuplicateTasks:
    def test_one_task_for_each_job_is_none_too_many(self) -> None:
        assert accounting.duplicate_tasks([task("a", 1), task("b", 1)]) == []

    def test_a_task_after_a_completed_one_is_doubled(self) -> None:
        second = task("a", 5)
        assert accounting.duplicate_tasks([second, task("a", 1, ended=2)]) == [second]

    def test_a_task_while_another_is_alive_is_doubled_in_whatever_region(self) -> None:
        second = task("a", 5, service=WEST)
        found = accounting.duplicate_tasks([task("a", 1, status="RUNNING"), second])
        assert found == [second]

    @pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
    def test_a_task_after_one_known_to_have_ended_without_a_result_is_right(
        self, status: str
    ) -> None:
        assert (
            accounting.duplicate_tasks([task("a", 1, status=status, ended=2), task("a", 3)]) == []
        )

    def test_a_task_made_before_the_first_had_failed_is_doubled(self) -> None:
        second = task("a", 3)
        found = accounting.duplicate_tasks([task("a", 1, status="FAILED", ended=4), second])
        assert found == [second]

    def test_a_token_that_two_services_took_is_doubled_once(self) -> None:
        first = task("a", 1, status="FAILED", ended=2, token="t")
        second = task("a", 3, token="t", service=WEST)
        assert accounting.duplicate_tasks([first, second]) == [second]


class TestSplitBrain:
    def test_one_region_after_the_other_at_growing_epochs_is_none(self) -> None:
        samples = [
            health(EAST, 1, epoch=1, accepting=True),
            health(WEST, 1, epoch=1),
            health(WEST, 2, epoch=2, accepting=True),
        ]
        assert accounting.split_brain(samples, []) == []

    def test_two_that_accept_at_one_epoch_are_one_even_at_different_times(self) -> None:
        samples = [
            health(EAST, 1, epoch=2, accepting=True),
            health(WEST, 9, epoch=2, accepting=True),
        ]
        assert accounting.split_brain(samples, []) == [2]

    def test_a_job_accepted_elsewhere_at_an_epoch_counts_as_acceptance(self) -> None:
        samples = [health(EAST, 1, epoch=1, accepting=True)]
        assert accounting.split_brain(samples, [submission(1, 2.0, region=WEST)]) == [1]


class TestStaleAcceptance:
    def test_an_answer_to_a_question_asked_before_the_takeover_is_not_stale(self) -> None:
        samples = [
            health(WEST, 5, epoch=2, accepting=True),
            health(EAST, 9, epoch=1, accepting=True, sent=4),
        ]
        assert accounting.stale_accepting(samples) == []

    def test_an_answer_to_a_later_question_is(self) -> None:
        late = health(EAST, 9, epoch=1, accepting=True, sent=8)
        samples = [health(WEST, 5, epoch=2, accepting=True), late]
        assert accounting.stale_accepting(samples) == [late]


def test_an_epoch_that_falls_in_one_region_is_counted() -> None:
    rising = [health(EAST, 1, epoch=1), health(EAST, 2, epoch=2), health(WEST, 3, epoch=1)]
    assert accounting.epochs_fallen(rising) == 0
    assert accounting.epochs_fallen([*rising, health(EAST, 4, epoch=1)]) == 1


class TestChangedAfterEnd:
    def test_the_same_record_is_no_change(self) -> None:
        seen = {"a": job("a", events=[{"type": "succeeded"}])}
        assert accounting.changed_after_end(seen, dict(seen)) == []

    def test_any_difference_is(self) -> None:
        first = {"a": job("a", events=[{"type": "succeeded"}])}
        last = {"a": job("a", events=[{"type": "succeeded"}, {"type": "adopted"}])}
        assert accounting.changed_after_end(first, last) == ["a"]

    def test_what_is_kept_of_a_record_tells_every_difference(self) -> None:
        first = {"id": "a", "status": "failed", "events": [{"at": "noon", "type": "failed"}]}
        later = {**first, "events": [{"at": "one", "type": "failed"}]}
        seen, again, changed = (JobSeen.read(each) for each in (first, dict(first), later))
        assert accounting.changed_after_end({"a": seen}, {"a": again}) == []
        assert accounting.changed_after_end({"a": seen}, {"a": changed}) == ["a"]

    def test_a_record_that_is_gone_is(self) -> None:
        assert accounting.changed_after_end({"a": job("a")}, {}) == ["a"]


class TestLongestGap:
    def test_it_is_between_two_promises(self) -> None:
        made = [submission(n, at) for n, at in enumerate((1.0, 2.0, 7.0, 8.0))]
        assert accounting.longest_gap(made) == pytest.approx(5.0)

    def test_what_was_never_accepted_leaves_the_last_gap_open(self) -> None:
        refused = accounting.longest_gap(
            [
                submission(1, 1.0),
                submission(2, None, began=2.0, attempts=[_failed_at(9.0)], error="no answer"),
            ]
        )
        assert refused == pytest.approx(8.0)

    def test_what_was_held_back_is_no_outage(self) -> None:
        made = [submission(1, 1.0), submission(2, 21.0)]
        assert accounting.longest_gap(made, held=[(3.0, 20.0)]) == pytest.approx(2.0)

    def test_without_submissions_there_is_none(self) -> None:
        assert accounting.longest_gap([]) == 0.0


def _failed_at(at: float) -> FailedAttempt:
    return FailedAttempt(at, "unreachable", "no answer")
