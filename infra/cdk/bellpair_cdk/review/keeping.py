"""Keeping: logs for as long as was said, and a guarded stage's data against every hand."""

from __future__ import annotations

from collections.abc import Iterator

from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Resource, Template, target
from bellpair_cdk.stage import Stage

GUARDED = frozenset({"prod"})
"""Stages that must keep their data, whatever their parameters say."""

KEPT = frozenset(
    {"AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup"}
)
"""Types that outlive their stack in a guarded stage."""


def review(templates: list[Template], stage: Stage) -> Iterator[Finding]:
    """Find logs that are kept for ever, and data of a guarded stage that could be lost."""
    for template in templates:
        for group in template.resources("AWS::Logs::LogGroup"):
            if group.properties.get("RetentionInDays") != stage.log_retention_days:
                yield _found(
                    group,
                    "log-retention",
                    f"keeps its logs for {group.properties.get('RetentionInDays', 'ever')}, and "
                    f"the stage says log_retention_days = {stage.log_retention_days}; set it",
                )
        yield from _logs(template)
        if stage.name in GUARDED or stage.retain_data:
            yield from _data(template)


def _logs(template: Template) -> Iterator[Finding]:
    """Find what writes its log into a group that AWS makes, and never empties."""
    groups = {group.logical_id for group in template.resources("AWS::Logs::LogGroup")}
    for function in template.resources("AWS::Lambda::Function"):
        if target(function.properties.get("LoggingConfig", {}).get("LogGroup")) not in groups:
            yield _found(
                function,
                "log-group",
                "has no log group of its own; give it one with a retention (log_group=)",
            )
    for machine in template.resources("AWS::StepFunctions::StateMachine"):
        destinations = machine.properties.get("LoggingConfiguration", {}).get("Destinations", [])
        named = {
            target(place.get("CloudWatchLogsLogGroup", {}).get("LogGroupArn"))
            for place in destinations
        }
        if not named & groups:
            yield _found(machine, "log-group", "writes no log; give it a log group (logs=)")


def _data(template: Template) -> Iterator[Finding]:
    if not template.guarded:
        yield Finding(
            template.name,
            "",
            "keeping/termination",
            "the stack can be deleted by one command; set retain_data = true for the stage",
        )
    for resource in template.resources(*KEPT):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.body.get(policy) not in ("Retain", "RetainExceptOnCreate"):
                yield _found(
                    resource,
                    "retain",
                    f"{policy} is {resource.body.get(policy, 'Delete')}, so its data goes with "
                    "it; set RemovalPolicy.RETAIN",
                )
    for table in template.resources("AWS::DynamoDB::GlobalTable"):
        for replica in table.properties["Replicas"]:
            if not replica.get("DeletionProtectionEnabled"):
                yield _found(
                    table,
                    "deletion-protection",
                    f"its replica in {replica['Region']} can be deleted; turn protection on",
                )
            recovery = replica.get("PointInTimeRecoverySpecification", {})
            if not recovery.get("PointInTimeRecoveryEnabled"):
                yield _found(
                    table,
                    "point-in-time",
                    f"its replica in {replica['Region']} cannot be brought back to a time before; "
                    "turn point-in-time recovery on",
                )


def _found(resource: Resource, rule: str, said: str) -> Finding:
    return Finding(resource.template, resource.logical_id, f"keeping/{rule}", said)
