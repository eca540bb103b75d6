"""The event that tells of a job's end, which may fire triggers."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from bellpair_core.model.announcement import EVENT_SOURCE, JOB_ENDED
from bellpair_core.model.job import Job
from bellpair_core.model.trigger import DEPTH_TAG, TRIGGER_TAG, Happening, SourceKind


def ended_detail(job: Job) -> dict[str, Any]:
    """What the event says of a job that is over; its tenant alone may hear it."""
    function = job.function
    return {
        "tenant": job.tenant,
        "job_id": job.id,
        "name": job.name,
        "status": job.status.value,
        "device": job.device_used or job.device,
        "function": None
        if function is None
        else {"name": function.name, "version": function.version, "alias": function.alias},
        "trigger": job.tags.get(TRIGGER_TAG),
        "tags": dict(job.tags),
        "error": job.error.code.value if job.error is not None else None,
    }


def ended_happening(job: Job) -> Happening:
    """The end of a job as triggers hear it: the same each time that it is told of."""
    at = job.finished_at or job.accepted_at
    return Happening(
        kind=SourceKind.EVENT,
        id=f"ended/{job.id}",
        at=at,
        document={
            "version": "0",
            "id": f"ended/{job.id}",
            "source": EVENT_SOURCE,
            "detail-type": JOB_ENDED,
            "time": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "region": job.region,
            "resources": [],
            "detail": ended_detail(job),
        },
        tenant=job.tenant,
        depth=depth_of(job.tags),
    )


def depth_of(tags: object) -> int:
    """How many triggers followed one from another up to the job with these tags."""
    text = tags.get(DEPTH_TAG, "0") if isinstance(tags, dict) else "0"
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 4 else 0
