"""The API: its function, its role, its log, its traces, its limits, and who may call what.

A template with the SAM transform would hide all of these from other tools, so the first thing to
see is that there is no transform.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Resource, Template, mentioned, target
from bellpair_cdk.stage import Stage

OPEN = frozenset({"/v1/health", "/v1/health/active", "/v1/openapi.json"})
"""The routes that need no key: they say who we are and how we are."""

GATEWAY_MAX_S = 29
"""When API Gateway gives up on a function, in seconds."""


def review(templates: list[Template], stage: Stage) -> Iterator[Finding]:
    """Find what is missing of the API."""
    for template in templates:
        if "Transform" in template.body:
            yield Finding(
                template.name,
                "",
                "api/transform",
                f"the transform {template.body['Transform']} makes resources that no check sees; "
                "write them out",
            )
        for api in template.resources("AWS::ApiGateway::RestApi"):
            yield from _routes(api)
            yield from _functions(template, api, stage)
        for made in template.resources("AWS::ApiGateway::Stage"):
            yield from _stage(made, stage)
        for function in template.resources("AWS::Lambda::Function"):
            mode = function.properties.get("TracingConfig", {}).get("Mode")
            if stage.tracing and mode != "Active":
                yield _found(function, "tracing", "records no traces, as the stage wants; turn on")
        for machine in template.resources("AWS::StepFunctions::StateMachine"):
            tracing = machine.properties.get("TracingConfiguration", {}).get("Enabled")
            if stage.tracing and not tracing:
                yield _found(machine, "tracing", "records no traces, as the stage wants; turn on")


def _routes(api: Resource) -> Iterator[Finding]:
    for path, methods in api.properties["Body"]["paths"].items():
        for method, told in methods.items():
            if not told.get("security") and path not in OPEN:
                yield _found(
                    api,
                    "open-route",
                    f"{method.upper()} {path} needs no key; give it the authorizer, or list it in "
                    "review/api.py",
                )


def _functions(template: Template, api: Resource, stage: Stage) -> Iterator[Finding]:
    made = {found.logical_id: found for found in template.resources("AWS::Lambda::Function")}
    aliases = {
        alias.logical_id: target(alias.properties["FunctionName"])
        for alias in template.resources("AWS::Lambda::Alias")
    }
    called = {
        aliases.get(logical_id, logical_id) for logical_id in mentioned(api.properties["Body"])
    }
    functions = [made[logical_id] for logical_id in sorted(called & made.keys())]
    if len(functions) < 2:
        yield _found(
            api, "functions", "does not call both its function and its authorizer in this template"
        )
    shared = len({target(function.properties.get("Role")) for function in functions})
    if shared != len(functions):
        yield _found(api, "role", "its functions share a role; give each one of its own")
    for function in functions:
        if function.properties.get("Timeout", 3) >= GATEWAY_MAX_S:
            yield _found(
                function,
                "timeout",
                f"may run for {function.properties['Timeout']} s, and API Gateway gives up after "
                f"{GATEWAY_MAX_S}; make it shorter",
            )


def _stage(made: Resource, stage: Stage) -> Iterator[Finding]:
    settings: list[dict[str, Any]] = [
        setting
        for setting in made.properties.get("MethodSettings", [])
        if (setting.get("HttpMethod"), setting.get("ResourcePath")) == ("*", "/*")
    ]
    for key, wanted in (
        ("ThrottlingRateLimit", stage.requests_per_second),
        ("ThrottlingBurstLimit", stage.burst),
    ):
        if not any(setting.get(key) == wanted for setting in settings):
            yield _found(made, "throttling", f"{key} is not {wanted} for every method; set it")
    if not any(setting.get("LoggingLevel") in ("ERROR", "INFO") for setting in settings):
        yield _found(made, "log", "its errors are written nowhere; set the logging level")
    if not made.properties.get("AccessLogSetting", {}).get("DestinationArn"):
        yield _found(made, "access-log", "nobody sees who called; give it an access log")
    if stage.tracing and not made.properties.get("TracingEnabled"):
        yield _found(made, "tracing", "records no traces, as the stage wants; turn on")


def _found(resource: Resource, rule: str, said: str) -> Finding:
    return Finding(resource.template, resource.logical_id, f"api/{rule}", said)
