"""/v1/jobs"""

from __future__ import annotations

from collections.abc import Mapping

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.function_views import function_result_view
from bellpair_core.http.views import job_view, listing_view, result_view, why_view
from bellpair_core.logic.jobs.cancel_job import cancel_job
from bellpair_core.logic.jobs.explain_job import explain_job
from bellpair_core.logic.jobs.get_job import get_job
from bellpair_core.logic.jobs.job_result import job_result
from bellpair_core.logic.jobs.list_jobs import list_jobs
from bellpair_core.logic.jobs.submit_job import Submission, submit_job
from bellpair_core.model.errors import BellpairError, ErrorCode
from chalicelib.answers import (
    Answer,
    accepted_headers,
    answering,
    body_of,
    principal_of,
    query_of,
    trace_of,
)
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of jobs."""
    jobs = Blueprint(__name__)
    answer = answering(jobs, services)

    @jobs.route("/", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def submit() -> Answer:
        world, request = services().world, jobs.current_request
        accepted = submit_job(
            principal_of(request),
            read_body(Submission, body_of(request)),
            request.headers.get("idempotency-key"),
            ledger=world.ledger,
            blobs=world.blobs,
            wakeups=world.wakeups,
            clock=world.clock,
            region=world.settings.region,
            trace_id=trace_of(request),
            pair=world.pair,
            devices=world.devices,
            spent=world.meter.take,
        )
        job = accepted.job
        return Answer(job_view(job), 202, accepted_headers(request, accepted), job.id)

    @jobs.route("/", methods=["GET"], authorizer=authorize)
    @answer
    def listing() -> Answer:
        world, request = services().world, jobs.current_request
        page = list_jobs(world.ledger, world.clock, principal_of(request), query_of(request))
        return Answer(listing_view(page))

    @jobs.route("/{job_id}", methods=["GET"], authorizer=authorize)
    @answer
    def show(job_id: str) -> Answer:
        world, request = services().world, jobs.current_request
        cost = _wants_cost(query_of(request))
        job, place, waiting_for = get_job(
            principal_of(request),
            job_id,
            ledger=world.ledger,
            devices=world.devices,
            breakers=world.breakers,
            clock=world.clock,
        )
        last = world.journal.last(job.id) if job.function is not None else None
        return Answer(job_view(job, place, waiting_for, cost=cost, last=last), job_id=job.id)

    @jobs.route("/{job_id}/why", methods=["GET"], authorizer=authorize)
    @answer
    def why(job_id: str) -> Answer:
        world = services().world
        explanation = explain_job(
            principal_of(jobs.current_request),
            job_id,
            ledger=world.ledger,
            blobs=world.blobs,
            devices=world.devices,
            breakers=world.breakers,
            clock=world.clock,
        )
        return Answer(why_view(explanation), job_id=explanation.job.id)

    @jobs.route("/{job_id}/result", methods=["GET"], authorizer=authorize)
    @answer
    def result(job_id: str) -> Answer:
        world = services().world
        job, document = job_result(
            world.ledger, world.blobs, principal_of(jobs.current_request), job_id
        )
        view = function_result_view if job.asks_for_function else result_view
        return Answer(view(job, document), job_id=job.id)

    @jobs.route("/{job_id}", methods=["DELETE"], authorizer=authorize)
    @answer
    def cancel(job_id: str) -> Answer:
        world = services().world
        job = cancel_job(
            principal_of(jobs.current_request),
            job_id,
            ledger=world.ledger,
            tasks=lambda: world.tasks,
            clock=world.clock,
            region=world.settings.region,
            pair=services().world.pair,
            spent=world.meter.take,
            journal=lambda: world.journal,
            ends=world.ends,
        )
        return Answer(job_view(job), job_id=job.id)

    return jobs


def _wants_cost(query: Mapping[str, str]) -> bool:
    if query in ({}, {"include": "cost"}):
        return bool(query)
    raise BellpairError(
        ErrorCode.REQUEST_INVALID,
        "A job takes the query parameter include=cost and no other.",
        remedy="Leave the query out, or ask for include=cost.",
        errors=[{"parameter": name[:64], "detail": "is not include=cost"} for name in query],
    )
