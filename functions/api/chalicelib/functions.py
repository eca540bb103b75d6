"""/v1/functions"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.function_views import (
    function_view,
    functions_view,
    seen_function_view,
    version_view,
    versions_view,
)
from bellpair_core.logic.functions.alias_function import AliasWeights, delete_alias, set_alias
from bellpair_core.logic.functions.delete_function import delete_function, delete_version
from bellpair_core.logic.functions.deploy_function import Deployment, deploy_function
from bellpair_core.logic.functions.list_functions import (
    list_functions,
    list_versions,
    show_function,
    show_version,
)
from chalicelib.answers import (
    Answer,
    answering,
    body_of,
    location_of,
    principal_of,
    query_of,
)
from chalicelib.service import Services

_ANY = ["*/*"]


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of functions."""
    functions = Blueprint(__name__)
    answer = answering(functions, services)

    @functions.route("/", methods=["POST"], authorizer=authorize, content_types=_ANY)
    @answer
    def deploy() -> Answer:
        world, request = services().world, functions.current_request
        deployed = deploy_function(
            principal_of(request),
            read_body(Deployment, body_of(request)),
            functions=world.functions,
            workers=world.workers,
            worker_names=world.settings.workers,
            blobs=world.blobs,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
            devices=world.devices,
        )
        version, existed = deployed
        headers = location_of(request, f"/v1/functions/{version.name}/versions/{version.version}")
        return Answer(version_view(version, existed=existed), 200 if existed else 201, headers)

    @functions.route("/", methods=["GET"], authorizer=authorize)
    @answer
    def functions_listing() -> Answer:
        found = list_functions(services().world.functions, principal_of(functions.current_request))
        return Answer(functions_view(found))

    @functions.route("/{name}", methods=["GET"], authorizer=authorize)
    @answer
    def function_shown(name: str) -> Answer:
        principal = principal_of(functions.current_request)
        return Answer(
            seen_function_view(show_function(services().world.functions, principal, name))
        )

    @functions.route("/{name}", methods=["DELETE"], authorizer=authorize)
    @answer
    def function_deleted(name: str) -> Answer:
        world = services().world
        record = delete_function(
            principal_of(functions.current_request),
            name,
            functions=world.functions,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(function_view(record))

    @functions.route("/{name}/versions", methods=["GET"], authorizer=authorize)
    @answer
    def versions_listing(name: str) -> Answer:
        world, request = services().world, functions.current_request
        page = list_versions(
            world.functions, world.clock, principal_of(request), name, query_of(request)
        )
        return Answer(versions_view(page))

    @functions.route("/{name}/versions/{version}", methods=["GET"], authorizer=authorize)
    @answer
    def version_shown(name: str, version: str) -> Answer:
        principal = principal_of(functions.current_request)
        found = show_version(services().world.functions, principal, name, version)
        return Answer(version_view(found))

    @functions.route("/{name}/versions/{version}", methods=["DELETE"], authorizer=authorize)
    @answer
    def version_deleted(name: str, version: str) -> Answer:
        world = services().world
        deleted = delete_version(
            principal_of(functions.current_request),
            name,
            version,
            functions=world.functions,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(version_view(deleted))

    @functions.route(
        "/{name}/aliases/{alias}", methods=["PUT"], authorizer=authorize, content_types=_ANY
    )
    @answer
    def alias_set(name: str, alias: str) -> Answer:
        world, request = services().world, functions.current_request
        record = set_alias(
            principal_of(request),
            name,
            alias,
            read_body(AliasWeights, body_of(request)),
            functions=world.functions,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(function_view(record))

    @functions.route("/{name}/aliases/{alias}", methods=["DELETE"], authorizer=authorize)
    @answer
    def alias_deleted(name: str, alias: str) -> Answer:
        world = services().world
        record = delete_alias(
            principal_of(functions.current_request),
            name,
            alias,
            functions=world.functions,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(function_view(record))

    return functions
