"""/v1/workers"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.function_views import workers_view
from bellpair_core.logic.functions.describe_workers import known_workers
from chalicelib.answers import Answer, answering
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of workers."""
    workers = Blueprint(__name__)

    @workers.route("/", methods=["GET"], authorizer=authorize)
    @answering(workers, services)
    def workers_listing() -> Answer:
        world = services().world
        return Answer(workers_view(known_workers(world.functions, world.settings.workers)))

    return workers
