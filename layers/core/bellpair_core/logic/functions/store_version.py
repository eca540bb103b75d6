"""Store a version under a number that stands for nothing else."""

from __future__ import annotations

from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode, LedgerConflict
from bellpair_core.model.function import FunctionRecord, FunctionVersion
from bellpair_core.model.limits import FUNCTIONS_MAX, VERSIONS_MAX
from bellpair_core.ports import Functions

from .change_function import changed_meanwhile

_TRIES = 6


class Deployed(NamedTuple):
    """The version, and whether it was there before."""

    version: FunctionVersion
    existed: bool


def store_version(functions: Functions, version: FunctionVersion) -> Deployed:
    """The version under its number: the one that stands for its digest, or the next.

    The number is taken in the function's record first, then given to the digest, then the version
    is written. Whoever is broken off in between leaves a number that a repetition uses.

    Raises
    ------
    BellpairError
        ``limit-reached``, or ``function-changed`` when others deployed it all the while.
    TransientFault
        When the catalogue could not be reached; a repetition is safe.
    """
    tenant, name, digest = version.tenant, version.name, version.digest
    for _ in range(_TRIES):
        record = functions.record(tenant, name)
        standing = functions.number_of(tenant, name, digest)
        if record is not None and standing is not None and standing >= record.first:
            found = functions.version(tenant, name, standing)
            if found is not None and found.digest == digest and found.deleted_at is None:
                return Deployed(found, existed=True)
            numbered = version.model_copy(update={"version": standing})
            if found is None and standing <= record.latest and functions.put_version(numbered):
                return Deployed(numbered, existed=False)
        try:
            number = _reserved(functions, record, version)
        except LedgerConflict:
            continue
        if functions.claim_number(tenant, name, digest, number, instead_of=standing) != number:
            # Another deployment of the very same was faster.
            continue
        numbered = version.model_copy(update={"version": number})
        if functions.put_version(numbered):
            return Deployed(numbered, existed=False)
    raise changed_meanwhile(name)


def _reserved(functions: Functions, record: FunctionRecord | None, version: FunctionVersion) -> int:
    """The next number of the function, taken in its record."""
    if record is None or record.deleted_at is not None:
        _require_room(functions, version.tenant)
    if record is None:
        new = FunctionRecord(
            tenant=version.tenant,
            name=version.name,
            latest=1,
            aliases={},
            created_at=version.created_at,
            changed_at=version.created_at,
        )
    else:
        if record.latest - record.first + 1 >= VERSIONS_MAX:
            raise BellpairError(
                ErrorCode.LIMIT_REACHED,
                f"Function {record.name} has had {VERSIONS_MAX} versions, which is the limit.",
                remedy="Deploy it under another name, or delete the function first.",
            )
        new = record.model_copy(
            update={
                "latest": record.latest + 1,
                "revision": record.revision + 1,
                "changed_at": version.created_at,
                "deleted_at": None,
            }
        )
    functions.replace_record(record, new)
    return new.latest


def _require_room(functions: Functions, tenant: str) -> None:
    there = sum(record.deleted_at is None for record in functions.records(tenant))
    if there >= FUNCTIONS_MAX:
        raise BellpairError(
            ErrorCode.LIMIT_REACHED,
            f"This tenant has {there} functions; the limit is {FUNCTIONS_MAX}.",
        )
