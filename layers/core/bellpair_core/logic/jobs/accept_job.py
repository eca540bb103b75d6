"""What accepting a job needs, whatever the job runs: its labels, its key, its one write."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job
from bellpair_core.model.limits import (
    IDEMPOTENCY_KEY_CHARACTERS_MAX,
    INLINE_BLOB_BYTES_MAX,
    NAME_CHARACTERS_MAX,
    TAG_KEY_CHARACTERS_MAX,
    TAG_VALUE_CHARACTERS_MAX,
    TAGS_MAX,
)
from bellpair_core.ports import JobExists, Ledger, Wakeups

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

PLATFORMS_OWN = "bellpair:"
"""What the keys of tags begin with that only the platform itself gives to a job."""


def _not_the_platforms(key: str) -> str:
    if key.lower().startswith(PLATFORMS_OWN):
        raise PydanticCustomError(
            "reserved_tag", f"keys that begin with {PLATFORMS_OWN} are the platform's own"
        )
    return key


TagKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TAG_KEY_CHARACTERS_MAX, pattern=_PRINTABLE),
    AfterValidator(_not_the_platforms),
]
TagValue = Annotated[
    str, StringConstraints(max_length=TAG_VALUE_CHARACTERS_MAX, pattern=_PRINTABLE)
]

JobName = Annotated[
    str | None,
    Field(
        max_length=NAME_CHARACTERS_MAX,
        pattern=_PRINTABLE,
        description=f"a text of at most {NAME_CHARACTERS_MAX} printable characters",
    ),
]
Tags = Annotated[
    dict[TagKey, TagValue],
    Field(
        max_length=TAGS_MAX,
        description=f"at most {TAGS_MAX} tags, keys of 1 to {TAG_KEY_CHARACTERS_MAX} and values of"
        f" at most {TAG_VALUE_CHARACTERS_MAX} printable characters; no key begins with"
        f" {PLATFORMS_OWN}",
    ),
]


class Accepted(NamedTuple):
    """The job, and whether an earlier submission with the same key had made it."""

    job: Job
    replayed: bool


def accept(job: Job, ledger: Ledger, wakeups: Wakeups) -> Accepted:
    """Store a new job and have its queue looked at; or meet the one that its key made before.

    Raises
    ------
    BellpairError
        ``idempotency-conflict``, when that one was asked for otherwise.
    TransientFault
        When the ledger could not be reached; a repetition with the same key is safe.
    """
    try:
        ledger.insert(job)
    except JobExists as found:
        return _replayed(found.existing, job.request_digest, wakeups)
    wakeups.wake(job.queue)
    return Accepted(job, replayed=False)


def accepted_large(
    ledger: Ledger, job_id: str, digest: str, payload: bytes, wakeups: Wakeups
) -> Accepted | None:
    """The job that an earlier request with the same key made, if that is to be known beforehand.

    What would not live in the job itself is not to be left behind by a refusal.

    Raises
    ------
    BellpairError
        ``idempotency-conflict``.
    """
    stored = ledger.job(job_id) if len(payload) > INLINE_BLOB_BYTES_MAX else None
    return None if stored is None else _replayed(stored, digest, wakeups)


def _replayed(stored: Job, digest: str, wakeups: Wakeups) -> Accepted:
    """The job that an earlier request with the same key made, if it asked for the same.

    Raises
    ------
    BellpairError
        ``idempotency-conflict``.
    """
    if stored.request_digest != digest:
        raise BellpairError(
            ErrorCode.IDEMPOTENCY_CONFLICT,
            f"This Idempotency-Key made job {stored.id} from another request.",
            job_id=stored.id,
        ) from None
    if not stored.status.terminal:
        wakeups.wake(stored.queue)
    return Accepted(stored, replayed=True)


def accepted_before(ledger: Ledger, job_id: str, digest: str) -> Accepted | None:
    """The job of this id, if an earlier request that asked for the same made it."""
    stored = ledger.job(job_id)
    if stored is None or stored.request_digest != digest:
        return None
    return Accepted(stored, replayed=True)


def checked_key(key: str | None) -> str | None:
    """An idempotency key as the client sent it.

    Raises
    ------
    BellpairError
        ``request-invalid``, when it is too long or no printable text.
    """
    if key is None:
        return None
    good = 0 < len(key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX and key.isascii() and key.isprintable()
    if not good:
        problem = (
            f"must be 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters;"
            f" it has {len(key)} characters"
        )
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            f"The header Idempotency-Key {problem}.",
            remedy="Make a key such as a UUID for each new job.",
            errors=[{"header": "Idempotency-Key", "detail": problem}],
        )
    return key
