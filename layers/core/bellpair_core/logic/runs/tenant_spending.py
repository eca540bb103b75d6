"""What a tenant's functions may spend in a month, and what they did."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.logic.tenants.authenticate import require
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.tenant import TENANT_PATTERN, Principal, Role, Tenant
from bellpair_core.ports import Catalogue, Clock, Journal


class MonthlyCap(BaseModel):
    """What a tenant's functions may spend."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    max_usd_per_month: float | None = Field(
        ge=0,
        le=100_000_000,
        allow_inf_nan=False,
        description="US dollars in a calendar month (UTC), or null for no cap",
    )


class Spending(NamedTuple):
    """What a tenant's functions spent or reserved in a month, US dollars.

    It is counted while the tenant has a cap, from the task that is made next; ``None`` without.
    """

    tenant: str
    month: str
    spent_usd: float | None
    max_usd_per_month: float | None


def set_cap(
    principal: Principal,
    tenant: str,
    cap: MonthlyCap,
    *,
    catalogue: Catalogue,
    journal: Journal,
    clock: Clock,
    region: str,
    pair: PairReading,
) -> Spending:
    """Set the tenant's monthly cap; for operators.

    It holds for each task made after it is seen, about a second later in the other region. Paused
    jobs have to be resumed.

    Raises
    ------
    BellpairError
        ``region-passive``, ``forbidden`` or ``tenant-not-found``.
    """
    require_active(pair, region)
    require(principal, Role.OPERATOR)
    found = _tenant(catalogue, tenant)
    changed = found.model_copy(update={"max_usd_per_month": cap.max_usd_per_month})
    catalogue.put_tenant(changed)
    return _spending(changed, journal, clock)


def see_spending(
    principal: Principal, tenant: str, *, catalogue: Catalogue, journal: Journal, clock: Clock
) -> Spending:
    """What the tenant's functions spent this month; for the tenant itself, and for operators.

    Raises
    ------
    BellpairError
        ``forbidden``, also for a tenant that does not exist: a stranger learns nothing.
        ``tenant-not-found`` for operators.
    """
    if principal.tenant != tenant:
        require(principal, Role.OPERATOR)
    return _spending(_tenant(catalogue, tenant), journal, clock)


def _tenant(catalogue: Catalogue, name: str) -> Tenant:
    found = catalogue.tenant(name) if TENANT_PATTERN.fullmatch(name) else None
    if found is None:
        raise BellpairError(ErrorCode.TENANT_NOT_FOUND, "There is no tenant of this name.")
    return found


def _spending(tenant: Tenant, journal: Journal, clock: Clock) -> Spending:
    month = f"{clock():%Y-%m}"
    capped = tenant.max_usd_per_month is not None
    spent = journal.spent(tenant.name, month) if capped else None
    return Spending(tenant.name, month, spent, tenant.max_usd_per_month)
