"""What only jobs have that run a function, under /v1/jobs"""

from __future__ import annotations

from chalice.app import Blueprint, ChaliceAuthorizer

from bellpair_core.http.bodies import read_body
from bellpair_core.http.function_views import events_view, logs_view
from bellpair_core.http.views import job_view
from bellpair_core.logic.jobs.job_log import job_events, job_logs
from bellpair_core.logic.jobs.resume_job import Resumption, resume_job
from chalicelib.answers import Answer, answering, body_of, principal_of, query_of
from chalicelib.service import Services


def routes(services: Services, authorize: ChaliceAuthorizer) -> Blueprint:
    """The views of what a function printed and said, and of its going on."""
    jobs = Blueprint(__name__)
    answer = answering(jobs, services)

    @jobs.route("/{job_id}/resume", methods=["POST"], authorizer=authorize, content_types=["*/*"])
    @answer
    def resume(job_id: str) -> Answer:
        world, request = services().world, jobs.current_request
        job = resume_job(
            principal_of(request),
            job_id,
            read_body(Resumption, body_of(request) or b"{}"),
            ledger=world.ledger,
            journal=world.journal,
            wakeups=world.wakeups,
            clock=world.clock,
            region=world.settings.region,
            pair=world.pair,
            spent=world.meter.take,
        )
        return Answer(job_view(job, last=world.journal.last(job.id)), 202, job_id=job.id)

    @jobs.route("/{job_id}/logs", methods=["GET"], authorizer=authorize)
    @answer
    def logs(job_id: str) -> Answer:
        world, request = services().world, jobs.current_request
        principal, query = principal_of(request), query_of(request)
        page = job_logs(world.ledger, world.journal, principal, job_id, query)
        return Answer(logs_view(page), job_id=page.job.id)

    @jobs.route("/{job_id}/events", methods=["GET"], authorizer=authorize)
    @answer
    def events(job_id: str) -> Answer:
        world, request = services().world, jobs.current_request
        principal, query = principal_of(request), query_of(request)
        page = job_events(world.ledger, world.journal, principal, job_id, query)
        return Answer(events_view(page), job_id=page.job.id)

    return jobs
