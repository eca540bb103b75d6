"""The paths of triggers, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from bellpair_core.logic.triggers.create_trigger import NewTrigger
from bellpair_core.logic.triggers.redrive_trigger import RedriveRequest
from bellpair_core.logic.triggers.try_trigger import TriedHappening
from bellpair_core.model.errors import ErrorCode

from . import trigger_schemas as schemas
from .openapi_operation import WITH_BODY, WITH_KEY, operation, path_parameter

BODIES: tuple[type[BaseModel], ...] = (NewTrigger, TriedHappening, RedriveRequest)
ANSWERS: tuple[type[BaseModel], ...] = (
    schemas.Trigger,
    schemas.TriggerList,
    schemas.DeletedTrigger,
    schemas.TriggerTrial,
    schemas.RedrivenTrigger,
)
TAG = {"name": "triggers", "description": "Jobs made by objects, events, clock and queues"}

_KNOWN = (*WITH_KEY, ErrorCode.TRIGGER_NOT_FOUND)
_NAME = [path_parameter("name", "the trigger's name")]


def trigger_paths() -> dict[str, Any]:
    """The paths under ``/v1/triggers``."""
    return {
        "/v1/triggers": {
            "post": operation(
                "createTrigger",
                "triggers",
                "Make a trigger",
                201,
                schemas.Trigger,
                codes=(
                    *WITH_KEY,
                    *WITH_BODY,
                    ErrorCode.TRIGGER_INVALID,
                    ErrorCode.TRIGGER_EXISTS,
                    ErrorCode.LIMIT_REACHED,
                    ErrorCode.FUNCTION_NOT_FOUND,
                    ErrorCode.DEVICE_UNKNOWN,
                    ErrorCode.DEVICE_RETIRED,
                    ErrorCode.REGION_PASSIVE,
                ),
                description="Asking for the same again answers 200 with the trigger that is there.",
                body=NewTrigger,
                headers=("Location",),
            ),
            "get": operation(
                "listTriggers",
                "triggers",
                "List the tenant's triggers",
                200,
                schemas.TriggerList,
                codes=WITH_KEY,
            ),
        },
        "/v1/triggers/{name}": {
            "parameters": _NAME,
            "get": operation(
                "getTrigger", "triggers", "Show a trigger", 200, schemas.Trigger, codes=_KNOWN
            ),
            "delete": operation(
                "deleteTrigger",
                "triggers",
                "Delete a trigger",
                200,
                schemas.DeletedTrigger,
                codes=(*_KNOWN, ErrorCode.REGION_PASSIVE),
                description="Jobs that it made go on.",
            ),
        },
        "/v1/triggers/{name}/pause": _change(
            "pauseTrigger", "Let a trigger fire nothing", "What happens meanwhile is left out."
        ),
        "/v1/triggers/{name}/resume": _change(
            "resumeTrigger", "Let a trigger fire again", "A schedule counts from now on."
        ),
        "/v1/triggers/{name}/test": {
            "parameters": _NAME,
            "post": operation(
                "testTrigger",
                "triggers",
                "Say what a trigger would make of something",
                200,
                schemas.TriggerTrial,
                codes=(*_KNOWN, *WITH_BODY),
                description="Nothing is made. A schedule is tested with an empty object.",
                body=TriedHappening,
            ),
        },
        "/v1/triggers/{name}/redrive": {
            "parameters": _NAME,
            "post": operation(
                "redriveTrigger",
                "triggers",
                "Give a trigger again what it made no job of",
                200,
                schemas.RedrivenTrigger,
                codes=(*_KNOWN, *WITH_BODY, ErrorCode.TRIGGER_PAUSED, ErrorCode.REGION_PASSIVE),
                description="What made a job before makes none again, so a repetition is harmless."
                " A request ends after a few seconds; ask again while there is more.",
                body=RedriveRequest,
            ),
        },
    }


def _change(operation_id: str, summary: str, description: str) -> dict[str, Any]:
    return {
        "parameters": _NAME,
        "post": operation(
            operation_id,
            "triggers",
            summary,
            200,
            schemas.Trigger,
            codes=(*_KNOWN, ErrorCode.REGION_PASSIVE),
            description=description,
        ),
    }
