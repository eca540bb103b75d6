"""Answers API Gateway's question who is calling."""

from __future__ import annotations

from chalice.app import AuthRequest, AuthResponse, Chalice, ChaliceAuthorizer

from bellpair_core.model.errors import BellpairError
from chalicelib.service import Services

KEPT_S = 60
"""API Gateway keeps an answer so long; a disabled key lives on for as long."""


class Unauthorized(Exception):
    """What API Gateway turns into status 401; its message must be this very word."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def add_authorizer(app: Chalice, services: Services) -> ChaliceAuthorizer:
    """Register the authorizer.

    API Gateway keeps its answer per key, not per route, so the answer opens every route; the
    views then look at role and tenant.
    """

    @app.authorizer(ttl_seconds=KEPT_S)
    def authorize(request: AuthRequest) -> AuthResponse:
        try:
            bearer = services().bearer_of(request.token)
        except BellpairError:
            raise Unauthorized from None
        return AuthResponse(
            routes=["*"],
            principal_id=f"{bearer.tenant}/{bearer.key_id}",
            context={"tenant": bearer.tenant, "role": bearer.role.value, "key_id": bearer.key_id},
        )

    registered: ChaliceAuthorizer = authorize
    return registered
