"""The handlers of what runs functions, as thin as those under ``functions/``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bellpair_core.logic.functions.invoke_function import invoke_function
from bellpair_core.logic.jobs.resume_job import resume_job
from bellpair_core.logic.runs.park_function import park_function
from bellpair_core.model.usage import Usage

from .function_worker import WORKER, work

if TYPE_CHECKING:
    from .functions import Process


def invoke(process: Process, request: dict[str, Any]) -> Any:
    """POST /v1/functions/{name}/invocations"""
    return invoke_function(
        request["principal"],
        request["function"],
        request["invocation"],
        request["key"],
        ledger=process.ledger,
        blobs=process.blobs,
        functions=process.region.deployed,
        callbacks=process.region.deployed,
        wakeups=process.wakeups,
        clock=process.clock,
        region=process.settings.region,
        trace_id=None,
        pair=process.pair,
        devices=process.devices,
        spent=Usage,
    )


def go_on(process: Process, request: dict[str, Any]) -> Any:
    """POST /v1/jobs/{id}/resume"""
    return resume_job(
        request["principal"],
        request["job_id"],
        request["resumption"],
        ledger=process.ledger,
        journal=process.journal,
        wakeups=process.wakeups,
        clock=process.clock,
        region=process.settings.region,
        pair=process.pair,
        spent=Usage,
    )


def resume(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/resume``."""
    return process.resumption.resume(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        turn=int(event.get("runs") or 0),
        crash=event.get("crash"),
    )


def park(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/park``."""
    waits_for = park_function(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event["task_token"],
        ledger=process.ledger,
        journal=process.journal,
        workflows=process.workflows,
        clock=process.clock,
        desk=process.desk,
    )
    return {"waits_for": waits_for}


def broker(process: Process, request: dict[str, Any]) -> Any:
    """As ``functions/broker``."""
    return process.broker.answer(request)


FUNCTION_HANDLERS: dict[str, Callable[[Process, Any], Any]] = {
    "invoke": invoke,
    "go-on": go_on,
    "resume": resume,
    "park": park,
    "broker": broker,
    WORKER: work,
}
