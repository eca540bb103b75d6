"""The paths of tenants, their keys and their spending, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.logic.runs.tenant_spending import MonthlyCap
from bellpair_core.logic.tenants.create_tenant import NewKey, NewTenant
from bellpair_core.model.errors import ErrorCode

from . import function_schemas, schemas
from .openapi_operation import WITH_BODY, WITH_KEY, operation

BODIES: tuple[type[BaseModel], ...] = (NewTenant, NewKey, MonthlyCap)
ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.IssuedKey,
    schemas.DisabledKey,
    function_schemas.Spending,
)
TAG = {"name": "tenants", "description": "Tenants, their API keys and their spending"}

_TENANT = [{"$ref": "#/components/parameters/tenant"}]


def tenant_paths() -> dict[str, Any]:
    """The paths under ``/v1/tenants``."""
    return {
        "/v1/tenants": {
            "post": operation(
                "createTenant",
                "tenants",
                "Make a tenant and its first API key",
                201,
                schemas.IssuedKey,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.TENANT_EXISTS,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators. The key is shown in this answer only.",
                body=NewTenant,
            )
        },
        "/v1/tenants/{tenant}/keys": {
            "parameters": _TENANT,
            "post": operation(
                "createKey",
                "tenants",
                "Make a further API key",
                201,
                schemas.IssuedKey,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.TENANT_NOT_FOUND,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators and the tenant's own admins.",
                body=NewKey,
            ),
        },
        "/v1/tenants/{tenant}/keys/{key_id}": {
            "parameters": [*_TENANT, {"$ref": "#/components/parameters/key_id"}],
            "delete": operation(
                "disableKey",
                "tenants",
                "Disable an API key for good",
                200,
                schemas.DisabledKey,
                codes=(
                    *WITH_KEY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.KEY_NOT_FOUND,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators and the tenant's own admins. The key may be let in for"
                " a minute more.",
            ),
        },
        "/v1/tenants/{tenant}/cap": {
            "parameters": _TENANT,
            "put": operation(
                "setCap",
                "tenants",
                "Set what a tenant's functions may spend in a month",
                200,
                function_schemas.Spending,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.FORBIDDEN,
                    ErrorCode.TENANT_NOT_FOUND,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="For operators. Jobs that were paused by a lower cap are resumed by"
                " their tenant.",
                body=MonthlyCap,
            ),
        },
        "/v1/tenants/{tenant}/spending": {
            "parameters": _TENANT,
            "get": operation(
                "getSpending",
                "tenants",
                "Show what a tenant's functions spent this month",
                200,
                function_schemas.Spending,
                codes=(*WITH_KEY, ErrorCode.FORBIDDEN, ErrorCode.TENANT_NOT_FOUND),
                description="For the tenant itself, and for operators.",
            ),
        },
    }
