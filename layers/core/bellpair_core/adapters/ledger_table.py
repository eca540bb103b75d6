"""The ledger table's keys and indexes: what creates it and what reads it both look here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Index:
    """A global secondary index; all keys are strings.

    Attributes
    ----------
    attributes
        What it shows beside its keys.
    """

    name: str
    partition_key: str
    sort_key: str
    attributes: tuple[str, ...]


PARTITION_KEY = "pk"
SORT_KEY = "sk"

BY_QUEUE = Index(
    "by-queue",
    "queue_pk",
    "queue_sk",
    ("job_id", "tenant", "device", "shots", "num_qubits", "accepted_at", "avoid"),
)
"""Jobs that wait, by the device they asked for, first accepted first."""

BY_TENANT = Index(
    "by-tenant",
    "tenant_pk",
    "tenant_sk",
    (
        "job_id",
        "status",
        "device",
        "shots",
        "accepted_at",
        "finished_at",
        "name",
        "tags",
        "error_code",
    ),
)
"""A tenant's jobs, by the time they were accepted."""

OPEN = Index("open", "open_pk", "open_sk", ("job_id", "status", "epoch", "region"))
"""Jobs that are not finished, by the time to look at them next."""

INDEXES = (BY_QUEUE, BY_TENANT, OPEN)
