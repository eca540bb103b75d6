"""List a tenant's jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bellpair_core.logic.page_token import read_page_token, write_page_token
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import JobStatus
from bellpair_core.model.limits import PAGE_DEFAULT, PAGE_MAX
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Clock, JobSummary, Ledger


class Listing(NamedTuple):
    """One page, newest first, and the token of the next one if there is one."""

    jobs: tuple[JobSummary, ...]
    next_page_token: str | None


def list_jobs(
    ledger: Ledger, clock: Clock, principal: Principal, query: Mapping[str, str]
) -> Listing:
    """One page of the principal's tenant's jobs.

    Parameters
    ----------
    query
        ``limit`` (1 to `PAGE_MAX`), ``status``, ``device``, ``page_token``; each optional.

    Raises
    ------
    BellpairError
        ``request-invalid`` naming the parameter, or ``page-token-invalid``.
    """
    problems = dict(_problems(query))
    if problems:
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            "; ".join(f"{name} {problem}" for name, problem in problems.items()) + ".",
            remedy="Correct the query parameters listed in errors.",
            errors=[{"parameter": name, "detail": problem} for name, problem in problems.items()],
        )
    now = clock()
    status = JobStatus(query["status"]) if "status" in query else None
    filters = {"status": status, "device": query.get("device")}
    position = None
    if "page_token" in query:
        position = read_page_token(
            query["page_token"], tenant=principal.tenant, filters=filters, at=now
        )
    page = ledger.jobs_of(
        principal.tenant,
        limit=int(query.get("limit", PAGE_DEFAULT)),
        position=position,
        status=status,
        device=query.get("device"),
    )
    token = None
    if page.position is not None:
        token = write_page_token(page.position, tenant=principal.tenant, filters=filters, at=now)
    return Listing(page.jobs, token)


def _problems(query: Mapping[str, str]) -> list[tuple[str, str]]:
    found = [
        (name[:64], "is no parameter of this listing")
        for name in query
        if name not in ("limit", "page_token", "status", "device")
    ]
    limit = query.get("limit", str(PAGE_DEFAULT))
    if not (
        limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= PAGE_MAX
    ):
        found.append(("limit", f"must be a whole number from 1 to {PAGE_MAX}"))
    if "status" in query and query["status"] not in set(JobStatus):
        found.append(("status", f"must be one of {', '.join(JobStatus)}"))
    return found
