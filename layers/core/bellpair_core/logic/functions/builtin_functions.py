"""The functions that come with the platform, as if each tenant had deployed them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from bellpair_core.model.builtin import BUILTIN_FUNCTIONS, BUILTIN_PACKAGE, OUTPUT_SCHEMA
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import DEFAULT_WORKER, LATEST, FunctionRecord, FunctionVersion
from bellpair_core.model.limits import FUNCTION_SECONDS_MAX

_SINCE = datetime(2026, 11, 21, tzinfo=UTC)


def builtin_record(tenant: str, name: str) -> FunctionRecord | None:
    """The record of a function that comes with the platform; ``None`` for any other name."""
    builtin = BUILTIN_FUNCTIONS.get(name)
    if builtin is None:
        return None
    return FunctionRecord(
        tenant=tenant,
        name=name,
        latest=builtin.version,
        first=builtin.version,
        aliases={LATEST: {builtin.version: 100}},
        created_at=_SINCE,
        changed_at=_SINCE,
        builtin=True,
    )


def builtin_version(tenant: str, name: str) -> FunctionVersion:
    """The one version of a function that comes with the platform."""
    builtin = BUILTIN_FUNCTIONS[name]
    return FunctionVersion(
        tenant=tenant,
        name=name,
        version=builtin.version,
        digest=hashlib.sha256(f"{builtin.entry} {builtin.version}".encode()).hexdigest(),
        package=BUILTIN_PACKAGE,
        entry=builtin.entry,
        worker=DEFAULT_WORKER,
        timeout_s=FUNCTION_SECONDS_MAX,
        inputs=builtin.schema,
        output=OUTPUT_SCHEMA,
        description=builtin.description,
        created_at=_SINCE,
        created_by="bellpair",
        builtin=True,
    )


def require_changeable(record: FunctionRecord) -> None:
    """Let pass a function that is the tenant's own.

    Raises
    ------
    BellpairError
        ``function-reserved``.
    """
    if record.builtin:
        raise BellpairError(
            ErrorCode.FUNCTION_RESERVED,
            f"Function {record.name} comes with the platform, and nobody changes it.",
        )


def require_free_name(name: str, pointer: str) -> None:
    """Let pass a name that no function of the platform's own has.

    Raises
    ------
    BellpairError
        ``function-reserved``.
    """
    if name in BUILTIN_FUNCTIONS:
        raise BellpairError(
            ErrorCode.FUNCTION_RESERVED,
            f"Function {name} comes with the platform; its name is no other's.",
            remedy="Deploy the function under another name.",
            pointer=pointer,
        )
