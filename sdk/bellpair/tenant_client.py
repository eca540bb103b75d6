"""What a client does with tenants: make them and their keys, cap what they spend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bellpair.errors import InvalidRequest
from bellpair.models import NewTenant, Spending
from bellpair.vocabulary import Role

if TYPE_CHECKING:
    from bellpair.transport import Transport


class TenantClient:
    """The part of a `bellpair.Client` that knows of tenants."""

    _transport: Transport

    def create_tenant(self, name: str, role: Role | str = Role.USER) -> NewTenant:
        """Make a tenant with its first API key; needs an operator's key.

        Parameters
        ----------
        name
            Lower-case letters, digits and hyphens.
        role
            What the key may do.

        Raises
        ------
        AuthError
            If this client's key is not an operator's.
        Conflict
            If the tenant exists.
        """
        body = {"name": name, "role": str(role)}
        answer = self._transport.request("POST", "/v1/tenants", body=body, repeatable=False)
        return NewTenant.read(answer)

    def create_key(self, tenant: str, role: Role | str = Role.USER) -> NewTenant:
        """Make a further API key of a tenant.

        Needs an operator's key, or one of the tenant's own admin.

        Parameters
        ----------
        tenant
            Whose key it is to be.
        role
            What the key may do.

        Raises
        ------
        AuthError
            If this client's key may not do this.
        NotFound
            If there is no such tenant.
        """
        path = f"/v1/tenants/{_checked(tenant)}/keys"
        body = {"role": str(role)}
        # Repeated after a lost answer, it would leave a key that nobody knows.
        return NewTenant.read(self._transport.request("POST", path, body=body, repeatable=False))

    def disable_key(self, tenant: str, key_id: str) -> None:
        """Disable an API key for good; it may be let in for a minute more.

        Needs a key of the tenant's own admin or of an operator. Disabling it again changes nothing.

        Parameters
        ----------
        tenant
            Whose key it is.
        key_id
            The key's id: of ``bp_<id>_<secret>``, the middle.

        Raises
        ------
        AuthError
            If this client's key may not do this.
        NotFound
            If the tenant has no such key.
        """
        if not key_id.isalnum() or not key_id.isascii():
            # A whole key given by mistake must not get into a URL, nor into this message.
            raise InvalidRequest(
                "That is not the id of a key.",
                remedy="Of a key bp_<id>_<secret>, give the id alone.",
            )
        self._transport.request("DELETE", f"/v1/tenants/{_checked(tenant)}/keys/{key_id}")

    def set_tenant_cap(self, tenant: str, max_usd_per_month: float | None) -> Spending:
        """Cap what a tenant's functions may spend in a month; needs an operator's key.

        Jobs that were paused at a lower cap stay so until they are resumed.

        Parameters
        ----------
        tenant
            Whose functions they are.
        max_usd_per_month
            US dollars in a calendar month (UTC); ``None`` for no cap.

        Raises
        ------
        AuthError
            If this client's key is not an operator's.
        NotFound
            If there is no such tenant.
        InvalidRequest
            If it is no amount of money.
        """
        if max_usd_per_month is not None and not 0 <= max_usd_per_month < math.inf:
            raise InvalidRequest(
                f"{max_usd_per_month} is no amount that can be spent.",
                remedy="Give US dollars, 0 or more, or None for no cap.",
            )
        body = {"max_usd_per_month": max_usd_per_month}
        path = f"/v1/tenants/{_checked(tenant)}/cap"
        return Spending.read(self._transport.request("PUT", path, body=body))

    def tenant_spending(self, tenant: str) -> Spending:
        """What a tenant's functions spent this month, and may spend.

        Needs a key of the tenant itself or an operator's.

        Raises
        ------
        AuthError
            If this client's key is another tenant's.
        NotFound
            If there is no such tenant.
        """
        path = f"/v1/tenants/{_checked(tenant)}/spending"
        return Spending.read(self._transport.request("GET", path))


def _checked(tenant: str) -> str:
    if not tenant.replace("-", "").isalnum() or not tenant.isascii():
        raise InvalidRequest(
            f"{tenant!r} is not a tenant's name.",
            remedy="Names have lower-case letters, digits and hyphens.",
        )
    return tenant
