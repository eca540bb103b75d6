"""Look at the functions that a tenant has deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bellpair_core.logic.page_token import read_page_token, write_page_token
from bellpair_core.model.builtin import BUILTIN_FUNCTIONS
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import FunctionRecord, FunctionVersion
from bellpair_core.model.limits import PAGE_DEFAULT, PAGE_MAX
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Clock, Functions

from .builtin_functions import builtin_record, builtin_version
from .function_target import is_version, own_record, own_version


class SeenFunction(NamedTuple):
    """A function, and the newest version that was not deleted."""

    record: FunctionRecord
    newest: FunctionVersion | None


class VersionPage(NamedTuple):
    """One page of a function's versions, newest first."""

    versions: tuple[FunctionVersion, ...]
    next_page_token: str | None


def list_functions(functions: Functions, principal: Principal) -> Sequence[FunctionRecord]:
    """The tenant's functions that were not deleted, and the platform's own, by name."""
    builtin = [builtin_record(principal.tenant, name) for name in BUILTIN_FUNCTIONS]
    found = {record.name: record for record in builtin if record is not None}
    for record in functions.records(principal.tenant):
        if record.deleted_at is None:
            found[record.name] = record
    return [found[name] for name in sorted(found)]


def show_function(functions: Functions, principal: Principal, name: str) -> SeenFunction:
    """One function of the tenant.

    Raises
    ------
    BellpairError
        ``function-not-found``.
    """
    record = own_record(functions, principal.tenant, name)
    if record.builtin:
        return SeenFunction(record, builtin_version(record.tenant, name))
    before: int | None = None
    while True:
        page = functions.versions(principal.tenant, name, limit=PAGE_DEFAULT, before=before)
        for version in page:
            if version.version >= record.first and version.deleted_at is None:
                return SeenFunction(record, version)
        if len(page) < PAGE_DEFAULT or page[-1].version < record.first:
            return SeenFunction(record, None)
        before = page[-1].version


def list_versions(
    functions: Functions, clock: Clock, principal: Principal, name: str, query: Mapping[str, str]
) -> VersionPage:
    """One page of a function's versions; deleted ones are left out.

    Parameters
    ----------
    query
        ``limit`` (1 to `PAGE_MAX`), ``page_token``; each optional.

    Raises
    ------
    BellpairError
        ``function-not-found``, ``request-invalid`` or ``page-token-invalid``.
    """
    limit = _limit(query)
    record = own_record(functions, principal.tenant, name)
    if record.builtin:
        return VersionPage((builtin_version(record.tenant, name),), None)
    filters, now = {"function": name}, clock()
    before = None
    if "page_token" in query:
        position = read_page_token(
            query["page_token"], tenant=principal.tenant, filters=filters, at=now
        )
        before = int(position["before"])
    page = functions.versions(principal.tenant, name, limit=limit, before=before)
    there = tuple(v for v in page if v.version >= record.first and v.deleted_at is None)
    token = None
    if len(page) == limit and page[-1].version > record.first:
        token = write_page_token(
            {"before": str(page[-1].version)}, tenant=principal.tenant, filters=filters, at=now
        )
    return VersionPage(there, token)


def show_version(
    functions: Functions, principal: Principal, name: str, number: str
) -> FunctionVersion:
    """One version of a function of the tenant.

    Raises
    ------
    BellpairError
        ``function-not-found``.
    """
    record = own_record(functions, principal.tenant, name)
    return own_version(functions, record, version_number(record, number))


def version_number(record: FunctionRecord, text: str) -> int:
    """A version's number, as a path has it.

    Raises
    ------
    BellpairError
        ``function-not-found``.
    """
    if not is_version(text):
        raise BellpairError(
            ErrorCode.FUNCTION_NOT_FOUND,
            f"{text[:16]!r} is no version's number; those of function {record.name} are up to"
            f" {record.latest}.",
        )
    return int(text)


def _limit(query: Mapping[str, str]) -> int:
    problems = [
        {"parameter": name[:64], "detail": "is no parameter of this listing"}
        for name in query
        if name not in ("limit", "page_token")
    ]
    limit = query.get("limit", str(PAGE_MAX))
    good = limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= PAGE_MAX
    if not good:
        wanted = f"must be a whole number from 1 to {PAGE_MAX}"
        problems.append({"parameter": "limit", "detail": wanted})
    if problems:
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            "; ".join(f"{problem['parameter']} {problem['detail']}" for problem in problems) + ".",
            remedy="Correct the query parameters listed in errors.",
            errors=problems,
        )
    return int(limit)
