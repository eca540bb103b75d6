"""Disable an API key."""

from __future__ import annotations

from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.tenant import KEY_ID_PATTERN, TENANT_PATTERN, Principal, Role
from bellpair_core.ports import Catalogue

from .authenticate import require
from .create_tenant import OPERATORS


class DisabledKey(NamedTuple):
    """An API key that opens nothing any more."""

    tenant: str
    key_id: str


def disable_key(
    catalogue: Catalogue, principal: Principal, tenant: str, key_id: str
) -> DisabledKey:
    """Disable a key for good; for operators, and for the tenant's own admins.

    Disabling it again changes nothing. Whoever remembers the key's bearer lets it pass until the
    memory expires.

    Raises
    ------
    BellpairError
        ``forbidden``, also for a tenant that does not exist: who may not disable its keys learns
        nothing. ``key-not-found``.
    """
    # An operators' key is an operator's business, whoever else belongs to their tenant.
    require(principal, Role.OPERATOR if tenant == OPERATORS else Role.TENANT_ADMIN)
    if principal.role is not Role.OPERATOR and principal.tenant != tenant:
        raise BellpairError(
            ErrorCode.FORBIDDEN, "A tenant admin disables keys of the own tenant only."
        )
    named = TENANT_PATTERN.fullmatch(tenant) and KEY_ID_PATTERN.fullmatch(key_id)
    if not named or not catalogue.disable_principal(tenant, key_id):
        raise BellpairError(ErrorCode.KEY_NOT_FOUND, "The tenant has no key of this id.")
    return DisabledKey(tenant, key_id)
