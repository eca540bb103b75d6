"""What the API says about itself, without a key."""

from __future__ import annotations

from chalice.app import Blueprint

from bellpair_core.http.views import health_view
from bellpair_core.logic.pair.health import active_health, health
from chalicelib.answers import Answer, answering
from chalicelib.service import Services

_NEVER_KEPT = {"Cache-Control": "no-store"}


def routes(services: Services) -> Blueprint:
    """The views of health and schema."""
    about = Blueprint(__name__)
    answer = answering(about, services)

    @about.route("/health", methods=["GET"])
    @answer
    def region_health() -> Answer:
        world = services().world
        seen = health(world.hasty_ledger, world.settings.region)
        return Answer(health_view(seen), headers=_NEVER_KEPT)

    @about.route("/health/active", methods=["GET"])
    @answer
    def active_region_health() -> Answer:
        world = services().world
        seen = active_health(world.hasty_ledger, world.settings.region)
        return Answer(health_view(seen), headers=_NEVER_KEPT)

    @about.route("/openapi.json", methods=["GET"])
    @answer
    def openapi() -> Answer:
        # Seldom asked for, and costly to import for those who only submit.
        from bellpair_core.http.openapi import openapi_document

        return Answer(openapi_document())

    return about
