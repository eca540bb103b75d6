"""/v1/devices"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.views import devices_view
from chalicelib.answers import Answer, answering
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of devices."""
    devices = Blueprint(__name__)

    @devices.route("/", methods=["GET"], authorizer=authorize)
    @answering(devices, services)
    def devices_listing() -> Answer:
        world = services().world
        return Answer(devices_view(world.devices(), world.breakers))

    return devices
