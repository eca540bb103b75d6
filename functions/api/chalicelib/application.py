"""Puts the resources together."""

from __future__ import annotations

from chalice.app import Chalice, ChaliceAuthorizer

from chalicelib import (
    about,
    callbacks,
    devices,
    estimates,
    function_jobs,
    functions,
    invocations,
    jobs,
    pair,
    tenants,
    triggers,
    workers,
)
from chalicelib.answers import log_with_ids
from chalicelib.authorizer import add_authorizer
from chalicelib.service import Services


def application(services: Services) -> tuple[Chalice, ChaliceAuthorizer]:
    """The API and its authorizer.

    Parameters
    ----------
    services
        Called when the first request comes, not before.
    """
    log_with_ids()
    app = Chalice(app_name="bellpair", configure_logs=False)
    authorize = add_authorizer(app, services)
    app.register_blueprint(jobs.routes(services, authorize), url_prefix="/v1/jobs")
    app.register_blueprint(function_jobs.routes(services, authorize), url_prefix="/v1/jobs")
    app.register_blueprint(estimates.routes(services, authorize), url_prefix="/v1/estimates")
    app.register_blueprint(functions.routes(services, authorize), url_prefix="/v1/functions")
    app.register_blueprint(invocations.routes(services, authorize), url_prefix="/v1/functions")
    app.register_blueprint(workers.routes(services, authorize), url_prefix="/v1/workers")
    app.register_blueprint(callbacks.routes(services, authorize), url_prefix="/v1/callbacks")
    app.register_blueprint(devices.routes(services, authorize), url_prefix="/v1/devices")
    app.register_blueprint(tenants.routes(services, authorize), url_prefix="/v1/tenants")
    app.register_blueprint(pair.routes(services, authorize), url_prefix="/v1/pair")
    app.register_blueprint(triggers.routes(services, authorize), url_prefix="/v1/triggers")
    app.register_blueprint(about.routes(services), url_prefix="/v1")
    return app, authorize
