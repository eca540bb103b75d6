"""/v1/devices"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.calibration_views import (
    calibration_view,
    calibrations_view,
    ingested_view,
)
from bellpair_core.http.views import devices_view
from bellpair_core.logic.devices.ask_for_ingestion import ask_for_ingestion
from bellpair_core.logic.devices.see_calibration import list_calibrations, see_calibration
from chalicelib.answers import Answer, answering, principal_of, query_of
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of devices and their calibrations, which answer in both regions."""
    devices = Blueprint(__name__)
    answer = answering(devices, services)

    @devices.route("/", methods=["GET"], authorizer=authorize)
    @answer
    def devices_listing() -> Answer:
        world = services().world
        return Answer(devices_view(world.devices(), world.breakers))

    @devices.route("/{device}/calibration", methods=["GET"], authorizer=authorize)
    @answer
    def newest_calibration(device: str) -> Answer:
        world = services().world
        # Who has just had it brought in looks for what came of it.
        offered, known = world.settings.devices, world.catalogue.devices()
        seen = see_calibration(offered, known, world.catalogue, world.blobs, device)
        return Answer(calibration_view(seen, world.clock()))

    @devices.route(
        "/{device}/calibration", methods=["POST"], authorizer=authorize, content_types=["*/*"]
    )
    @answer
    def new_calibration(device: str) -> Answer:
        world = services().world
        principal = principal_of(devices.current_request)
        done = ask_for_ingestion(world.ingestions, world.settings, principal, device)
        return Answer(ingested_view(device, done))

    @devices.route("/{device}/calibrations", methods=["GET"], authorizer=authorize)
    @answer
    def calibrations_listing(device: str) -> Answer:
        world, query = services().world, query_of(devices.current_request)
        series = list_calibrations(world.settings.devices, world.catalogue, device, query)
        return Answer(calibrations_view(device, series))

    return devices
