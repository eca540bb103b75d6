"""Versions: who is rolled out bit by bit is called by its alias, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import (
    Resource,
    Template,
    listed,
    mentioned,
    short_name,
    target,
    text,
)
from bellpair_cdk.stage import ALIAS, Stage

_CALLERS = {
    "AWS::Lambda::EventSourceMapping": "FunctionName",
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::Events::Rule": "Targets",
    "AWS::StepFunctions::StateMachine": "DefinitionSubstitutions",
    "AWS::ApiGateway::RestApi": "Body",
}
"""Type -> the property in which it names the function that it calls."""


def review(templates: list[Template], stage: Stage) -> Iterator[Finding]:
    """Find functions that are rolled out all at once, or that somebody calls past the alias."""
    functions = {
        short_name(function)
        for template in templates
        for function in template.resources("AWS::Lambda::Function")
    }
    alarms = {
        (template.region, str(text(alarm.properties.get("AlarmName"))))
        for template in templates
        for alarm in template.resources("AWS::CloudWatch::Alarm")
    }
    for template in templates:
        yield from _unknown_alarms(template, alarms)
        aliases = _aliases(template)
        for function in template.resources("AWS::Lambda::Function"):
            rolled = stage.rolls_out(short_name(function))
            if rolled and function.logical_id not in aliases:
                yield _found(
                    function,
                    "no-alias",
                    f"has no alias {ALIAS!r}, so a new version takes all calls at once; make it "
                    "by PlatformFunction",
                )
        for function_id, alias in aliases.items():
            yield from _taken_back(template, function_id, alias)
        yield from _past_the_alias(template, set(aliases), functions, stage)


def _aliases(template: Template) -> dict[str, Resource]:
    return {
        target(alias.properties["FunctionName"]): alias
        for alias in template.resources("AWS::Lambda::Alias")
        if alias.properties["Name"] == ALIAS
    }


def _taken_back(template: Template, function_id: str, alias: Resource) -> Iterator[Finding]:
    policy = alias.body.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})
    group_id = target(policy.get("DeploymentGroupName"))
    groups = {
        group.logical_id: group for group in template.resources("AWS::CodeDeploy::DeploymentGroup")
    }
    group = groups.get(group_id)
    if group is None:
        yield _found(
            alias, "no-group", "is moved at once; roll it out by a deployment group (rollout.py)"
        )
        return
    alarms = group.properties.get("AlarmConfiguration", {})
    back = group.properties.get("AutoRollbackConfiguration", {})
    if not alarms.get("Alarms") or alarms.get("Enabled") is False:
        yield _found(group, "no-alarm", "no alarm takes a bad version back; name the function's")
    if not (
        back.get("Enabled")
        and {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(back.get("Events", ()))
    ):
        yield _found(group, "no-way-back", "does not roll back by itself; turn auto-rollback on")


def _unknown_alarms(template: Template, known: set[tuple[str, str]]) -> Iterator[Finding]:
    for group in template.resources("AWS::CodeDeploy::DeploymentGroup"):
        for alarm in group.properties.get("AlarmConfiguration", {}).get("Alarms", ()):
            name = alarm["Name"]
            if not isinstance(name, dict) and (template.region, name) not in known:
                yield _found(
                    group,
                    "unknown-alarm",
                    f"waits for the alarm {name}, which the stage has not in {template.region}; "
                    "correct its name in rollout.py",
                )


def _past_the_alias(
    template: Template, aliased: set[str], functions: set[str], stage: Stage
) -> Iterator[Finding]:
    for caller in template.resources(*_CALLERS):
        for function_id in sorted(aliased & set(mentioned(_called(caller)))):
            yield _found(
                caller,
                "past-the-alias",
                f"calls {function_id} past its alias {ALIAS!r}; use PlatformFunction.callee",
            )
    rolled = {name for name in functions if stage.rolls_out(name)}
    for statement in template.statements():
        if not statement.allows("lambda:InvokeFunction"):
            continue
        direct = aliased & set(mentioned(statement.body["Resource"]))
        named = {
            name
            for name in rolled
            for resource in map(str, listed(statement.body["Resource"]))
            if resource.endswith(f":function:bellpair-{stage.name}-{name}")
        }
        for name in sorted(direct | named):
            yield Finding(
                template.name,
                statement.role.logical_id,
                "versions/past-the-alias",
                f"may call {name} past its alias {ALIAS!r}; name the alias (Names.callee_arn)",
            )
    for function in template.resources("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        for variable, value in variables.items():
            for name in sorted(rolled):
                if _names_unqualified(str(text(value)), f"bellpair-{stage.name}-{name}"):
                    yield _found(
                        function,
                        "past-the-alias",
                        f"is told by {variable} to call {name} past its alias {ALIAS!r}; use "
                        "Names.callee",
                    )


def _called(caller: Resource) -> Any:
    return caller.properties.get(_CALLERS[caller.kind])


def _names_unqualified(value: str, function: str) -> bool:
    return value == function or f'"{function}"' in value


def _found(resource: Resource, rule: str, said: str) -> Finding:
    return Finding(resource.template, resource.logical_id, f"versions/{rule}", said)
