"""Words of the API that stand for states and roles."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """The states of a job; the last three are final."""

    QUEUED = "queued"
    COMPILING = "compiling"
    EXECUTING = "executing"
    PROCESSING = "processing"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


class PairOperation(StrEnum):
    """What an operator can do to the pair."""

    SWITCHOVER = "switchover"
    FAILOVER = "failover"
    FAILBACK = "failback"
    HOLD = "hold"
    RELEASE = "release"


class Role(StrEnum):
    """What an API key may do; each role includes the ones before it."""

    USER = "user"
    TENANT_ADMIN = "tenant-admin"
    OPERATOR = "operator"
