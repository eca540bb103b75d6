"""The event that tells of a job's end, which may fire triggers."""

from __future__ import annotations

from typing import Any

from bellpair_core.model.job import Job
from bellpair_core.model.trigger import DEPTH_TAG, TRIGGER_TAG


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


def depth_of(tags: object) -> int:
    """How many triggers followed one from another up to the job with these tags."""
    text = tags.get(DEPTH_TAG, "0") if isinstance(tags, dict) else "0"
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 4 else 0
