"""A cancellation is the owner's: after a promotion it takes the job over, or waits for that."""

from __future__ import annotations

import pytest

from bellpair_core.logic.jobs.cancel_job import cancel_job
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.usage import Usage
from tests.unit.logic.workplace import REGION, Workplace

pytestmark = pytest.mark.unit

OTHER = "us-west-2"
PROMOTED = PairRecord(active=OTHER, passive=REGION, epoch=2, version=1)


@pytest.fixture
def place() -> Workplace:
    return Workplace()


def cancelled(place: Workplace, job: Job, pair: PairRecord) -> Job:
    return cancel_job(
        Principal(tenant=job.tenant, key_id="0a1b2c3d", role=Role.USER),
        job.id,
        ledger=place.ledger,
        tasks=lambda: place.tasks,
        clock=place.clock,
        region=pair.active,
        pair=lambda within_s=0.0: pair,
        spent=Usage,
    )


def test_a_waiting_job_of_the_epoch_before_is_cancelled_by_the_region_that_took_over(
    place: Workplace,
) -> None:
    end = cancelled(place, place.accept(), PROMOTED)

    assert (end.status, end.epoch, end.region) == (JobStatus.CANCELLED, 2, OTHER)


def test_a_running_job_is_not_cancelled_while_it_changes_hands(place: Workplace) -> None:
    job = place.accept(status=JobStatus.EXECUTING)

    with pytest.raises(TransientFault, match="changing hands"):
        cancelled(place, job, PROMOTED)
    assert place.stored(job) == job


def test_who_has_not_heard_of_the_promotion_cancels_nothing(place: Workplace) -> None:
    job = place.accept(epoch=2, region=OTHER)

    with pytest.raises(TransientFault, match="changing hands"):
        cancelled(place, job, PairRecord(active=REGION, passive=OTHER))
    assert place.stored(job) == job
