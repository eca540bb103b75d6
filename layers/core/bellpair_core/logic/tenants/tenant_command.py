"""Commands about tenants that come from an operator's shell instead of over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bellpair_core.model.tenant import TENANT_PATTERN, Role
from bellpair_core.ports import Catalogue, Clock

from .create_tenant import bootstrap_operator, ensure_tenant


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BootstrapOperator(_Command):
    """Make a new operator key."""

    action: Literal["bootstrap-operator"]


class CreateTenant(_Command):
    """Make a new key of a tenant, and the tenant if it is not there yet."""

    action: Literal["create-tenant"]
    tenant: str = Field(pattern=f"^{TENANT_PATTERN.pattern}$")
    role: Role = Role.USER


_COMMAND: TypeAdapter[BootstrapOperator | CreateTenant] = TypeAdapter(
    Annotated[BootstrapOperator | CreateTenant, Field(discriminator="action")]
)


def tenant_command(catalogue: Catalogue, clock: Clock, event: Mapping[str, Any]) -> dict[str, str]:
    """Carry out ``{"action": "bootstrap-operator"}`` or ``{"action": "create-tenant", "tenant":
    name, "role": role?}``.

    Returns
    -------
    dict
        ``tenant``, ``role``, ``key_id`` and ``api_key``, the key in the clear for the only time.

    Raises
    ------
    pydantic.ValidationError
        When the event is no such command.
    """
    command = _COMMAND.validate_python(event)
    if isinstance(command, CreateTenant):
        issued = ensure_tenant(catalogue, clock, command.tenant, command.role)
    else:
        issued = bootstrap_operator(catalogue, clock)
    return {
        "tenant": issued.principal.tenant,
        "role": issued.principal.role.value,
        "key_id": issued.principal.key_id,
        "api_key": issued.api_key,
    }
