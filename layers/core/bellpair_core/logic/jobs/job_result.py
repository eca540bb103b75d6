"""Hand out a job's result."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.limits import RETRY_AFTER_S
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Blobs, Ledger

from .get_job import own_job


class JobResult(NamedTuple):
    """A job that succeeded, and the JSON that was kept for it.

    Attributes
    ----------
    document
        The result of a circuit, which is an object; or whatever a function returned.
    """

    job: Job
    document: Any


def job_result(ledger: Ledger, blobs: Blobs, principal: Principal, job_id: str) -> JobResult:
    """The result of a job.

    Raises
    ------
    BellpairError
        ``job-not-found``; ``result-not-ready`` while the job goes on; ``no-result`` when it
        failed or was cancelled.
    TransientFault
        When no region's copy could be read now.
    """
    job = own_job(ledger, principal, job_id)
    if not job.status.terminal:
        raise BellpairError(
            ErrorCode.RESULT_NOT_READY,
            f"Job {job.id} is {job.status}.",
            retry_after_s=RETRY_AFTER_S,
            job_status=job.status.value,
        )
    if job.status is not JobStatus.SUCCEEDED or job.result is None:
        raise BellpairError(
            ErrorCode.NO_RESULT,
            f"Job {job.id} is {job.status}" + (f": {job.error.message}" if job.error else "."),
            remedy=job.error.remedy if job.error else None,
            job_status=job.status.value,
            job_error=job.error.code.value if job.error else None,
        )
    return JobResult(job, json.loads(blobs.get(job.result)))
