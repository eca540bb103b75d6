"""What a drill sees from outside. Times are seconds since 1970 by this machine's clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FINAL = frozenset({"succeeded", "failed", "cancelled"})
"""Status of a job that is over."""


@dataclass(frozen=True)
class Invoked:
    """A function to invoke, and the seed of its randomness."""

    name: str
    seed: int


@dataclass(frozen=True)
class Request:
    """One submission to make.

    Attributes
    ----------
    invoked
        The function, where it is no circuit that is submitted; source and shots say nothing then.
    key
        Its idempotency key; every attempt and every replay carries it.
    device
        As a client names it, ``any`` and ``any-qpu`` included.
    """

    number: int
    key: str
    source: str
    shots: int
    device: str
    invoked: Invoked | None = None


@dataclass(frozen=True)
class FailedAttempt:
    """One attempt that the client library repeated."""

    at: float
    code: str
    detail: str


@dataclass
class Submission:
    """What became of a request.

    Attributes
    ----------
    began
        When the client made its first attempt.
    acked_at, job_id, region, epoch
        When the job was promised, which it is, and who accepted it; ``None`` without a promise.
    error
        Why the client library gave up, or ``None``.
    refused
        The code by which the platform declined for good, as for a device known to be offline.
    """

    request: Request
    began: float
    attempts: list[FailedAttempt] = field(default_factory=list)
    acked_at: float | None = None
    job_id: str | None = None
    region: str | None = None
    epoch: int | None = None
    error: str | None = None
    refused: str | None = None


@dataclass(frozen=True)
class HealthSample:
    """One answer of a region's health, or none.

    Attributes
    ----------
    region
        The region asked.
    sent, received
        When it was asked, and when the answer (or the end of patience) came.
    status
        HTTP status; 0 without an answer.
    """

    region: str
    sent: float
    received: float
    status: int
    epoch: int | None = None
    accepting: bool = False


@dataclass(frozen=True)
class Operation:
    """A failover or another operation on the pair, as the pair's record told it last.

    Attributes
    ----------
    kind, reason, by
        What was asked for, why and by whom: an operator's key, or the sentinel of a region.
    outcome, detail
        ``running``, ``done`` or ``refused``; and what there is to say about it.
    steps
        When each step was done.
    """

    id: str
    kind: str
    outcome: str
    reason: str
    by: str
    steps: Mapping[str, float]
    adopted: int | None = None
    detail: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Operation:
        """Read an operation of ``GET /v1/pair``."""
        return cls(
            id=str(body["id"]),
            kind=str(body.get("kind") or ""),
            outcome=str(body.get("outcome") or ""),
            reason=str(body.get("reason") or ""),
            by=str(body.get("by") or ""),
            steps={name: moment(at) for name, at in (body.get("steps") or {}).items() if at},
            adopted=body.get("adopted"),
            detail=body.get("detail"),
        )


_KEPT = ("id", "status", "device", "device_used", "waiting_for", "finished_at", "error")


@dataclass(frozen=True)
class JobSeen:
    """A job as the platform tells it.

    Attributes
    ----------
    body
        The answer, or what a drill needs of it with the whole one's ``digest``.
    """

    body: Mapping[str, Any]

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> JobSeen:
        """Keep of an answer what is needed, and a digest of all: a drill may have many jobs."""
        whole = json.dumps(answer, sort_keys=True).encode()
        kept = {name: answer.get(name) for name in _KEPT}
        kept["log"] = len(answer.get("events") or ())
        kept["compiled_anew"] = compiled_anew(answer)
        return cls({**kept, "digest": hashlib.sha256(whole).hexdigest()})

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.body["id"])

    @property
    def status(self) -> str:
        """Its status."""
        return str(self.body["status"])

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL

    @property
    def waiting_for(self) -> str | None:
        """What it says that it waits for."""
        return self.body.get("waiting_for") or None

    @property
    def finished_at(self) -> float | None:
        """When it ended."""
        at = self.body.get("finished_at")
        return moment(at) if at else None


@dataclass(frozen=True)
class TaskSeen:
    """A task in the books of a device service.

    Attributes
    ----------
    service
        The region whose device service has it.
    job_id
        The job that its output directory names, or ``None``.
    number
        What the directory says beside: of a function's tasks, those of one call are in a row.
    program
        A digest of what it ran.
    """

    service: str
    arn: str
    client_token: str
    job_id: str | None
    device: str
    status: str
    created_at: float
    ended_at: float | None
    number: int | None = None
    program: str = ""
    shots: int = 0

    @classmethod
    def read(cls, service: str, body: Mapping[str, Any]) -> TaskSeen:
        """Read a task of ``GET /_emulator/tasks``."""
        ended = body.get("endedAt")
        job_id, number = _place_of(str(body.get("outputS3Directory") or ""))
        return cls(
            service=service,
            arn=str(body["quantumTaskArn"]),
            client_token=str(body["clientToken"]),
            job_id=job_id,
            device=str(body.get("device") or ""),
            status=str(body["status"]),
            created_at=moment(body["createdAt"]),
            ended_at=moment(ended) if ended else None,
            number=number,
            program=str(body.get("program") or ""),
            shots=int(body.get("shots") or 0),
        )


@dataclass(frozen=True)
class Mark:
    """Something that happened, for the timeline."""

    at: float
    text: str


def moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time."""
    return datetime.fromisoformat(text).timestamp()


def _place_of(directory: str) -> tuple[str | None, int | None]:
    """Job and number of an output directory ``jobs/<id>/<number>/…``."""
    parts = directory.split("/")
    if len(parts) < 3 or parts[0] != "jobs":
        return None, None
    return parts[1], int(parts[2]) if parts[2].isdecimal() else None


def compiled_anew(job: Mapping[str, Any]) -> bool:
    """Whether a job that was given to a device was compiled after that, for that device."""
    events = list(job.get("events") or ())
    given = [at for at, event in enumerate(events) if event["type"] == "compiling"]
    made = [at for at, event in enumerate(events) if event["type"] in ("compiled", "recompiled")]
    if not given or not made or made[-1] < given[-1]:
        return False
    return str(events[given[-1]]["message"]).endswith(f"device {job.get('device_used')}")
