"""/v1/triggers"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.trigger_views import (
    deleted_trigger_view,
    redriven_view,
    trial_view,
    trigger_view,
    triggers_view,
)
from bellpair_core.logic.pair.pair_gate import require_active
from bellpair_core.logic.triggers.create_trigger import NewTrigger, create_trigger
from bellpair_core.logic.triggers.manage_triggers import (
    delete_trigger,
    list_triggers,
    own_trigger,
    pause_trigger,
    resume_trigger,
)
from bellpair_core.logic.triggers.redrive_trigger import RedriveRequest, redrive_trigger
from bellpair_core.logic.triggers.try_trigger import TriedHappening, try_trigger
from chalicelib.answers import Answer, answering, body_of, location_of, principal_of
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of triggers."""
    triggers = Blueprint(__name__)
    answer = answering(triggers, services)

    def pass_gate() -> None:
        """Let the active region alone write the catalogue, of which the last writer wins."""
        require_active(services().world.pair, services().world.settings.region)

    @triggers.route("/", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def new_trigger() -> Answer:
        pass_gate()
        world, request = services().world, triggers.current_request
        made = create_trigger(
            principal_of(request),
            read_body(NewTrigger, body_of(request)),
            triggers=world.triggers,
            functions=world.functions,
            devices=world.devices,
            queues=world.settings.trigger_queues,
            clock=world.clock,
        )
        return Answer(
            trigger_view(made.trigger, world.settings),
            200 if made.replayed else 201,
            location_of(request, f"/v1/triggers/{made.trigger.name}"),
        )

    @triggers.route("/", methods=["GET"], authorizer=authorize)
    @answer
    def triggers_listing() -> Answer:
        world = services().world
        found = list_triggers(world.triggers, principal_of(triggers.current_request))
        return Answer(triggers_view(found, world.settings))

    @triggers.route("/{name}", methods=["GET"], authorizer=authorize)
    @answer
    def show_trigger(name: str) -> Answer:
        world = services().world
        found = own_trigger(world.triggers, principal_of(triggers.current_request), name)
        return Answer(trigger_view(found, world.settings))

    @triggers.route("/{name}", methods=["DELETE"], authorizer=authorize)
    @answer
    def old_trigger(name: str) -> Answer:
        pass_gate()
        gone = delete_trigger(
            services().world.triggers, principal_of(triggers.current_request), name
        )
        return Answer(deleted_trigger_view(gone))

    @triggers.route("/{name}/pause", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def pause(name: str) -> Answer:
        pass_gate()
        world = services().world
        paused = pause_trigger(world.triggers, principal_of(triggers.current_request), name)
        return Answer(trigger_view(paused, world.settings))

    @triggers.route("/{name}/resume", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def resume(name: str) -> Answer:
        pass_gate()
        world = services().world
        caller = principal_of(triggers.current_request)
        resumed = resume_trigger(world.triggers, world.clock, caller, name)
        return Answer(trigger_view(resumed, world.settings))

    @triggers.route("/{name}/test", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def try_out(name: str) -> Answer:
        world, request = services().world, triggers.current_request
        trial = try_trigger(
            principal_of(request),
            name,
            read_body(TriedHappening, body_of(request) or b"{}"),
            triggers=world.triggers,
            functions=world.functions,
            devices=world.devices,
            clock=world.clock,
            settings=world.settings,
        )
        return Answer(trial_view(trial))

    @triggers.route(
        "/{name}/redrive", methods=["POST"], authorizer=authorize, content_types=["*/*"]
    )
    @answer
    def redrive(name: str) -> Answer:
        pass_gate()
        world, request = services().world, triggers.current_request
        done = redrive_trigger(
            principal_of(request),
            name,
            read_body(RedriveRequest, body_of(request) or b"{}"),
            triggers=world.triggers,
            letters=world.dead_letters,
            happenings=world.happenings,
            clock=world.clock,
            region=world.settings.region,
            peer=world.settings.peer_region,
        )
        return Answer(redriven_view(done))

    return triggers
