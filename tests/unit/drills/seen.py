"""Invented records of drills."""

from __future__ import annotations

from typing import Any

from bellpair_local.drills.records import (
    HealthSample,
    JobSeen,
    Request,
    Submission,
    TaskSeen,
)

EAST, WEST = "us-east-1", "us-west-2"


def submission(
    number: int,
    acked: float | None = None,
    *,
    began: float | None = None,
    job: str | None = None,
    region: str = EAST,
    epoch: int = 1,
    device: str = "sv1",
    **more: Any,
) -> Submission:
    """A submission, accepted at ``acked`` unless that is ``None``."""
    request = Request(number, f"key-{number}", "OPENQASM 3.0;", 100, device)
    if began is None:
        began = 0.0 if acked is None else acked - 0.01
    if acked is None:
        return Submission(request, began, **more)
    return Submission(
        request, began, acked_at=acked, job_id=job or f"job-{number}", region=region, epoch=epoch
    )


def job(job_id: str, status: str = "succeeded", **more: Any) -> JobSeen:
    """A job as the API shows it."""
    return JobSeen({"id": job_id, "status": status, "device": "sv1", **more})


def task(
    job_id: str | None,
    created: float,
    *,
    status: str = "COMPLETED",
    ended: float | None = None,
    token: str | None = None,
    service: str = EAST,
) -> TaskSeen:
    """A task in a device service's books."""
    arn = f"arn:{service}:{job_id}:{created}"
    return TaskSeen(service, arn, token or arn, job_id, "sv1", status, created, ended)


def health(
    region: str,
    at: float,
    *,
    epoch: int = 1,
    accepting: bool = False,
    sent: float | None = None,
) -> HealthSample:
    """An answer of a region."""
    return HealthSample(region, at if sent is None else sent, at, 200, epoch, accepting)
