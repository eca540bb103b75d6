"""/v1/functions/{name}/invocations"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.function_views import function_result_view
from bellpair_core.http.views import job_view
from bellpair_core.logic.functions.invoke_function import InvocationRequest, invoke_function
from bellpair_core.logic.jobs.await_end import await_end, preferred_wait
from bellpair_core.logic.jobs.job_result import job_result
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.tenant import Principal
from chalicelib.answers import (
    Answer,
    accepted_headers,
    answering,
    body_of,
    principal_of,
    trace_of,
)
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The view of invocations."""
    invocations = Blueprint(__name__)
    answer = answering(invocations, services)

    @invocations.route(
        "/{name}/invocations", methods=["POST"], authorizer=authorize, content_types=["*/*"]
    )
    @answer
    def invoke(name: str) -> Answer:
        world, request = services().world, invocations.current_request
        principal = principal_of(request)
        accepted = invoke_function(
            principal,
            unquote(name),
            read_body(InvocationRequest, body_of(request)),
            request.headers.get("idempotency-key"),
            ledger=world.ledger,
            blobs=world.blobs,
            functions=world.functions,
            callbacks=world.functions,
            wakeups=world.wakeups,
            clock=world.clock,
            region=world.settings.region,
            trace_id=trace_of(request),
            pair=world.pair,
            devices=world.devices,
            spent=world.meter.take,
        )
        job = accepted.job
        headers = accepted_headers(request, accepted)
        wait_s = preferred_wait(request.headers.get("prefer"))
        if wait_s is None:
            return Answer(job_view(job), 202, headers, job.id)
        headers["Preference-Applied"] = f"wait={wait_s}"
        job = await_end(job, wait_s, ledger=world.ledger, clock=world.clock, sleep=world.sleep)
        return Answer(*_as_seen(principal, job), headers, job.id)

    def _as_seen(principal: Principal, job: Job) -> tuple[dict[str, Any], int]:
        world = services().world
        shown = job_view(job, last=world.journal.last(job.id))
        if job.status is JobStatus.SUCCEEDED:
            _, document = job_result(world.ledger, world.blobs, principal, job.id)
            shown["result"] = function_result_view(job, document)
        return shown, 200 if job.status.terminal else 202

    return invocations
