"""/v1/tenants"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.function_views import spending_view
from bellpair_core.http.views import disabled_key_view, issued_key_view
from bellpair_core.logic.pair.pair_gate import require_active
from bellpair_core.logic.runs.tenant_spending import MonthlyCap, see_spending, set_cap
from bellpair_core.logic.tenants.create_tenant import NewKey, NewTenant, create_key, create_tenant
from bellpair_core.logic.tenants.disable_key import disable_key
from chalicelib.answers import Answer, answering, body_of, principal_of
from chalicelib.service import Services

_ONCE = {"Cache-Control": "no-store"}


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of tenants."""
    tenants = Blueprint(__name__)
    answer = answering(tenants, services)

    def pass_gate() -> None:
        """Let the active region alone write the catalogue, of which the last writer wins."""
        require_active(services().world.pair, services().world.settings.region)

    @tenants.route("/", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def new_tenant() -> Answer:
        pass_gate()
        world, request = services().world, tenants.current_request
        new = read_body(NewTenant, body_of(request))
        issued = create_tenant(world.catalogue, world.clock, principal_of(request), new)
        return Answer(issued_key_view(issued), 201, _ONCE)

    @tenants.route("/{tenant}/keys", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def new_key(tenant: str) -> Answer:
        pass_gate()
        world, request = services().world, tenants.current_request
        new = read_body(NewKey, body_of(request))
        issued = create_key(world.catalogue, world.clock, principal_of(request), tenant, new)
        return Answer(issued_key_view(issued), 201, _ONCE)

    @tenants.route("/{tenant}/keys/{key_id}", methods=["DELETE"], authorizer=authorize)
    @answer
    def old_key(tenant: str, key_id: str) -> Answer:
        pass_gate()
        catalogue = services().world.catalogue
        disabled = disable_key(catalogue, principal_of(tenants.current_request), tenant, key_id)
        return Answer(disabled_key_view(disabled))

    @tenants.route("/{tenant}/cap", methods=["PUT"], authorizer=authorize, content_types=["*/*"])
    @answer
    def tenant_cap(tenant: str) -> Answer:
        world, request = services().world, tenants.current_request
        spending = set_cap(
            principal_of(request),
            tenant,
            read_body(MonthlyCap, body_of(request)),
            catalogue=world.catalogue,
            journal=world.journal,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(spending_view(spending))

    @tenants.route("/{tenant}/spending", methods=["GET"], authorizer=authorize)
    @answer
    def tenant_spending(tenant: str) -> Answer:
        world = services().world
        spending = see_spending(
            principal_of(tenants.current_request),
            tenant,
            catalogue=world.catalogue,
            journal=world.journal,
            clock=world.clock,
        )
        return Answer(spending_view(spending))

    return tenants
