"""Make tenants and their API keys."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.tenant import (
    PLATFORMS_TENANTS,
    TENANT_PATTERN,
    Principal,
    Role,
    Tenant,
    hash_api_key,
    new_api_key,
)
from bellpair_core.ports import Catalogue, Clock

from .authenticate import require

OPERATORS = "operators"
"""The tenant that the stage's operators belong to."""


class NewTenant(BaseModel):
    """A tenant to make, with the role of its first key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(
        pattern=f"^{TENANT_PATTERN.pattern}$",
        description="2 to 63 lower-case letters, digits and hyphens, a letter first",
    )
    role: Role = Field(Role.USER, description=f"one of {', '.join(Role)}")


class NewKey(BaseModel):
    """A further API key to make."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    role: Role = Field(Role.USER, description=f"one of {', '.join(Role)}")


class IssuedKey(NamedTuple):
    """A new API key, in the clear for the only time, and its bearer."""

    api_key: str
    principal: Principal


def create_tenant(
    catalogue: Catalogue, clock: Clock, principal: Principal, new: NewTenant
) -> IssuedKey:
    """Make a tenant and its first key; for operators.

    Raises
    ------
    BellpairError
        ``forbidden`` or ``tenant-exists``.
    """
    require(principal, Role.OPERATOR)
    _refuse_platforms_own(new.name)
    _refuse_operators_elsewhere(new.name, new.role)
    if not catalogue.add_tenant(Tenant(name=new.name, created_at=clock())):
        raise BellpairError(
            ErrorCode.TENANT_EXISTS,
            f"There is a tenant {new.name} already.",
            remedy=f"Choose another name, or POST /v1/tenants/{new.name}/keys for a further key.",
            pointer="#/name",
        )
    return _issue(catalogue, clock, new.name, new.role)


def create_key(
    catalogue: Catalogue, clock: Clock, principal: Principal, tenant: str, new: NewKey
) -> IssuedKey:
    """Make a further key; for operators, and for the tenant's own admins up to their role.

    Raises
    ------
    BellpairError
        ``forbidden``, also for a tenant that does not exist: who may not make its keys learns
        nothing. ``tenant-not-found`` for operators.
    """
    require(principal, Role.TENANT_ADMIN)
    if principal.role is not Role.OPERATOR:
        if principal.tenant != tenant:
            raise BellpairError(
                ErrorCode.FORBIDDEN, "A tenant admin makes keys of the own tenant only."
            )
        require(principal, new.role)
    _refuse_operators_elsewhere(tenant, new.role)
    if catalogue.tenant(tenant) is None:
        raise BellpairError(ErrorCode.TENANT_NOT_FOUND, "There is no tenant of this name.")
    return _issue(catalogue, clock, tenant, new.role)


def bootstrap_operator(catalogue: Catalogue, clock: Clock) -> IssuedKey:
    """A new operator key; makes the operators' tenant when it is not there yet."""
    return ensure_tenant(catalogue, clock, OPERATORS, Role.OPERATOR)


def ensure_tenant(catalogue: Catalogue, clock: Clock, tenant: str, role: Role) -> IssuedKey:
    """A new key of a tenant, which is made when it is not there yet.

    For those whom IAM lets invoke it; there is no principal to ask for a role.
    """
    _refuse_platforms_own(tenant)
    _refuse_operators_elsewhere(tenant, role)
    catalogue.add_tenant(Tenant(name=tenant, created_at=clock()))
    return _issue(catalogue, clock, tenant, role)


def _refuse_platforms_own(tenant: str) -> None:
    if tenant in PLATFORMS_TENANTS:
        raise BellpairError(
            ErrorCode.TENANT_EXISTS,
            f"The tenant {tenant} is the platform's own.",
            remedy="Choose another name.",
            pointer="#/name",
        )


def _refuse_operators_elsewhere(tenant: str, role: Role) -> None:
    if role is Role.OPERATOR and tenant != OPERATORS:
        raise BellpairError(
            ErrorCode.FORBIDDEN,
            f"Operator keys belong to the tenant {OPERATORS} only.",
            remedy=f"Choose the role {Role.USER} or {Role.TENANT_ADMIN}.",
            pointer="#/role",
        )


def _issue(catalogue: Catalogue, clock: Clock, tenant: str, role: Role) -> IssuedKey:
    key, key_id = new_api_key()
    bearer = Principal(tenant=tenant, key_id=key_id, role=role, created_at=clock())
    catalogue.add_principal(hash_api_key(key), bearer)
    return IssuedKey(key, bearer)
