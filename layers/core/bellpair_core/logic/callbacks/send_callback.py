"""Tell a callback of a job's end."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from bellpair_core.model.callback import signature
from bellpair_core.model.job import Job
from bellpair_core.ports import CallbackBook, Caller, Clock, Ledger

from .callback_url import read_callback_url

TIMESTAMP_HEADER = "X-Bellpair-Timestamp"
SIGNATURE_HEADER = "X-Bellpair-Signature"

_PAUSE = timedelta(seconds=10)
_PAUSE_MAX = timedelta(minutes=30)


class Fate(StrEnum):
    """What is to become of the word."""

    DELIVERED = "delivered"
    DROPPED = "dropped"
    LATER = "later"


class Sent(NamedTuple):
    """What became of one attempt.

    Attributes
    ----------
    pause
        After how long to try again.
    detail
        What happened, for the log.
    """

    fate: Fate
    detail: str
    pause: timedelta = timedelta(0)


def send_callback(
    job_id: str,
    attempt: int,
    *,
    ledger: Ledger,
    book: CallbackBook,
    caller: Caller,
    clock: Clock,
    api_endpoint: str,
) -> Sent:
    """Tell the job's callback that it is over, signed with the callback's secret.

    The word is the same at each repetition, except for its timestamp: `id` tells repetitions.

    Parameters
    ----------
    attempt
        Which attempt this is, from 1.
    api_endpoint
        Base of the link to the job.

    Raises
    ------
    TransientFault
        When ledger or catalogue could not be reached.
    """
    job = ledger.job(job_id)
    if job is None or job.function is None or job.function.callback is None:
        return Sent(Fate.DROPPED, "there is no such job, or it has no callback")
    if not job.status.terminal:
        return Sent(Fate.DROPPED, f"the job is {job.status}")
    callback = book.callback(job.tenant, job.function.callback)
    if callback is None:
        return Sent(Fate.DROPPED, "the callback was deleted")
    url = read_callback_url(callback.url)
    body = json.dumps(ended_word(job, api_endpoint)).encode()
    timestamp = int(clock().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Bellpair-Callbacks/1",
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: signature(callback.secret, timestamp, body),
    }
    outcome = caller.post(url.host, url.port, url.path, headers, body)
    if not outcome.problem:
        return Sent(Fate.DELIVERED, f"HTTP status {outcome.status}")
    pause = min(_PAUSE * (1 << min(attempt - 1, 20)), _PAUSE_MAX)
    return Sent(Fate.LATER, outcome.problem, pause)


def ended_word(job: Job, api_endpoint: str) -> dict[str, Any]:
    """What a callback is told."""
    function = job.function
    return {
        "id": hashlib.sha256(f"ended/{job.id}".encode()).hexdigest()[:32],
        "type": "job-ended",
        "job": {
            "id": job.id,
            "name": job.name,
            "status": job.status.value,
            "function": None
            if function is None
            else {"name": function.name, "version": function.version, "alias": function.alias},
            "accepted_at": _time(job.accepted_at),
            "finished_at": _time(job.finished_at),
            "error": None
            if job.error is None
            else {"code": job.error.code.value, "message": job.error.message},
            "link": f"{api_endpoint}/v1/jobs/{job.id}",
        },
    }


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None
