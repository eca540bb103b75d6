"""/v1/estimates"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.views import estimate_view
from bellpair_core.logic.jobs.estimate_program import EstimateRequest, estimate_program
from chalicelib.answers import Answer, answering, body_of
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The view of programs on each device."""
    estimates = Blueprint(__name__)
    answer = answering(estimates, services)

    @estimates.route("/", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def estimate() -> Answer:
        world = services().world
        made = estimate_program(
            read_body(EstimateRequest, body_of(estimates.current_request)),
            ledger=world.ledger,
            blobs=world.blobs,
            devices=world.devices,
            breakers=world.breakers,
            clock=world.clock,
        )
        return Answer(estimate_view(made))

    return estimates
