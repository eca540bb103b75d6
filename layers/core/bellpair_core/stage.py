"""What the handlers of a job's stages have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from bellpair_core.composition import World
from bellpair_core.model.usage import Usage

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

LOGGER = Logger()
"""Structured logs; the service's name comes from ``POWERTOOLS_SERVICE_NAME``."""


_KEYS = ("job_id", "epoch", "attempt", "trace_id")


def begin(world: World, context: Any, **keys: Any) -> None:
    """Open an invocation's account and put its ids, and ``keys``, into each of its log lines."""
    world.meter.start()
    LOGGER.append_keys(function_request_id=getattr(context, "aws_request_id", None), **keys)


def stage(world: World) -> Callable[[Handler], Handler]:
    """Make a handler of a function that returns a dict.

    Every log line names the job, the account of the invocation is opened, and what it
    consumed is added to the answer as ``usage``, for the last stage to add up.
    """

    def decorate(function: Handler) -> Handler:
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            begin(world, context, **{key: event.get(key) for key in _KEYS})
            answer = function(event, context)
            LOGGER.info("stage done", extra={"outcome": answer})
            return {**answer, "usage": world.meter.take().model_dump(exclude_defaults=True)}

        return handler

    return decorate


def total_usage(state: Mapping[str, Any]) -> Usage:
    """The sum of the ``usage`` that the stages left in an execution's state."""
    total = Usage()
    for answer in state.values():
        if isinstance(answer, Mapping) and "usage" in answer:
            total += Usage.model_validate(answer["usage"])
    return total
