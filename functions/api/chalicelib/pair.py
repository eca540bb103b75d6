"""/v1/pair"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.views import pair_view, started_operation_view
from bellpair_core.logic.pair.operate_pair import PairChange, operate_pair, see_pair
from bellpair_core.model.pair import OperationKind
from chalicelib.answers import Answer, answering, body_of, principal_of
from chalicelib.service import Services

_NOW = {"Cache-Control": "no-store"}


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of the pair, which answer in both regions."""
    pair = Blueprint(__name__)
    answer = answering(pair, services)

    @pair.route("/", methods=["GET"], authorizer=authorize)
    @answer
    def show_pair() -> Answer:
        world = services().world
        devices = [device.name for device in world.settings.devices]
        seen = see_pair(world.ledger, principal_of(pair.current_request), devices)
        return Answer(pair_view(seen), headers=_NOW)

    def operation(kind: OperationKind) -> None:
        def start() -> Answer:
            world, request = services().world, pair.current_request
            started = operate_pair(
                principal_of(request),
                kind,
                read_body(PairChange, body_of(request)),
                ledger=world.ledger,
                operations=world.operations,
                clock=world.clock,
                settings=world.settings,
            )
            return Answer(started_operation_view(started), 202, _NOW)

        # Chalice tells views apart by their names.
        start.__name__ = f"start_{kind.value}"
        view = answer(start)
        pair.route(f"/{kind.value}", methods=["POST"], authorizer=authorize, content_types=["*/*"])(
            view
        )

    for kind in OperationKind:
        operation(kind)
    return pair
