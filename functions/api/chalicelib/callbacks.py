"""/v1/callbacks"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.function_views import (
    callback_view,
    callbacks_view,
    deleted_callback_view,
)
from bellpair_core.logic.callbacks.register_callback import (
    NewCallback,
    delete_callback,
    list_callbacks,
    register_callback,
)
from chalicelib.answers import Answer, answering, body_of, principal_of
from chalicelib.service import Services

_ONCE = {"Cache-Control": "no-store"}


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of callbacks."""
    callbacks = Blueprint(__name__)
    answer = answering(callbacks, services)

    @callbacks.route("/", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def callback_registered() -> Answer:
        world, request = services().world, callbacks.current_request
        made = register_callback(
            principal_of(request),
            read_body(NewCallback, body_of(request)),
            book=world.functions,
            hosts=world.hosts,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(callback_view(made, secret=True), 201, _ONCE)

    @callbacks.route("/", methods=["GET"], authorizer=authorize)
    @answer
    def callbacks_listing() -> Answer:
        found = list_callbacks(principal_of(callbacks.current_request), services().world.functions)
        return Answer(callbacks_view(found))

    @callbacks.route("/{callback_id}", methods=["DELETE"], authorizer=authorize)
    @answer
    def callback_deleted(callback_id: str) -> Answer:
        world = services().world
        deleted = delete_callback(
            principal_of(callbacks.current_request),
            callback_id,
            book=world.functions,
            region=world.settings.region,
            pair=world.pair,
        )
        return Answer(deleted_callback_view(deleted))

    return callbacks
