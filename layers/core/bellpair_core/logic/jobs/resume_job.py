"""Let a paused job go on."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.journal.journal_log import read_journal
from bellpair_core.logic.pair.pair_gate import PairReading, require_accepting
from bellpair_core.model.errors import BellpairError, ErrorCode, Fenced, TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.pair import PairRecord
from bellpair_core.model.tenant import Principal
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock, Journal, Ledger, Wakeups

from .amend_job import amend_job
from .get_job import own_job


class Resumption(BaseModel):
    """How a paused job is to go on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    max_cost_usd: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="the new cost cap of the whole job, US dollars, what it has spent included;"
        " without it the cap stays, which is of use when the tenant's own cap was raised",
    )


def resume_job(
    principal: Principal,
    job_id: str,
    wanted: Resumption,
    *,
    ledger: Ledger,
    journal: Journal,
    wakeups: Wakeups,
    clock: Clock,
    region: str,
    pair: PairReading,
    spent: Callable[[], Usage],
) -> Job:
    """Put a paused job into its queue again, with a cost cap that lets it go on.

    What it has paid for and journalled is kept.

    Raises
    ------
    BellpairError
        ``region-passive``, ``not-accepting``, ``job-not-found``, ``not-paused``, or
        ``request-invalid`` for a cap below what it had, what is spent, or what it needs next.
    TransientFault
        When the record changed again at every try, or the job is changing hands.
    """
    record = require_accepting(pair, region)
    job = own_job(ledger, principal, job_id)
    _require_paused(job)
    last = journal.last(job.id)
    _require_room(job, wanted, last.spent_usd if last is not None else 0.0)
    _require_next_call(job, wanted, journal)
    usage = spent()
    try:
        job = amend_job(ledger, job, lambda held: _resumed(held, wanted, record, clock, usage))
    except Fenced as fence:
        job = own_job(ledger, principal, job_id)
        _require_paused(job)
        raise TransientFault(f"job {job.id} changed hands") from fence
    wakeups.wake(job.queue)
    return job


def _resumed(job: Job, wanted: Resumption, pair: PairRecord, clock: Clock, usage: Usage) -> Job:
    _require_paused(job)
    # At an epoch before, the job is still the other region's; at a later one, it is so again.
    mine = (job.epoch, job.region) == (pair.epoch, pair.active)
    if not mine and job.epoch >= pair.epoch:
        raise TransientFault(f"job {job.id} is changing hands")
    now = clock()
    held = job if mine else job.adopted(now, pair.epoch, pair.active)
    function = job.function
    assert function is not None
    cap = function.max_cost_usd if wanted.max_cost_usd is None else wanted.max_cost_usd
    return held.moved(
        now,
        JobStatus.QUEUED,
        message="resumed" if cap is None else f"resumed with a cost cap of {cap:g} USD",
        function=function.model_copy(update={"max_cost_usd": cap}),
        waiting_for=None,
        needs_usd=None,
        parked=None,
        usage=job.usage + usage + Usage(queue_requests=1, api_requests=1),
    )


def _require_paused(job: Job) -> None:
    if job.status is not JobStatus.PAUSED or job.function is None:
        raise BellpairError(
            ErrorCode.NOT_PAUSED, f"Job {job.id} is {job.status}.", job_status=job.status.value
        )


def _require_next_call(job: Job, wanted: Resumption, journal: Journal) -> None:
    """Refuse a cap at which the job would pause again at once."""
    assert job.function is not None
    cap = job.function.max_cost_usd if wanted.max_cost_usd is None else wanted.max_cost_usd
    needs = job.needs_usd
    if needs is None or cap is None or cap >= needs:
        return
    # A call that is still open may have cost less in the end than is reserved for it.
    if read_journal(journal, job.id).pending:
        return
    problem = f"the job's next call needs a cap of {_exact(needs)} USD; this one is {cap:g} USD"
    raise BellpairError(
        ErrorCode.REQUEST_INVALID,
        f"#/max_cost_usd: {problem}, and the job would pause again at once.",
        remedy=f"Give at least {_exact(needs)} USD.",
        pointer="#/max_cost_usd",
        errors=[{"pointer": "#/max_cost_usd", "detail": problem}],
    )


def _require_room(job: Job, wanted: Resumption, spent_usd: float) -> None:
    assert job.function is not None
    cap, before = wanted.max_cost_usd, job.function.max_cost_usd
    if cap is None:
        return
    least = max(spent_usd, before or 0.0)
    if cap < least:
        problem = f"the job has spent {spent_usd:g} USD"
        if before is not None:
            problem += f" under a cap of {before:g} USD"
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            f"#/max_cost_usd: {problem}; {cap:g} USD would not let it go on.",
            remedy=f"Give more than {least:g} USD.",
            pointer="#/max_cost_usd",
            spent_usd=spent_usd,
            errors=[{"pointer": "#/max_cost_usd", "detail": problem}],
        )


def _exact(usd: float) -> str:
    """An amount in millionths, none of which is to be missing when it is given back."""
    return f"{usd:.6f}".rstrip("0").rstrip(".")
