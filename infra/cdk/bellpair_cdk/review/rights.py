"""Rights: nobody may do everything, read another's secrets or write what another decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import (
    Resource,
    Statement,
    Template,
    listed,
    mentioned,
    target,
    text,
)

UNNAMED = frozenset(
    {
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    }
)
"""Actions that take no resource but ``*``: traces, and a state machine's log delivery."""

WILDCARDS: frozenset[str] = frozenset()
"""Actions with a wildcard that may be allowed. There are none."""

RAISING = ("iam:*", "sts:*", "lambda:Add*", "lambda:Update*", "lambda:Create*", "lambda:Put*")
"""Actions by which who has them could get more than it was given."""

SECRETS = {
    "KEY#": frozenset({"api", "authorizer"}),
    "CALLBACKS#": frozenset({"api", "notify", "triggers"}),
}
"""Partitions of the catalogue that hold secrets -> the functions that may read them.

``KEY#`` has the hashes of API keys, ``CALLBACKS#`` the keys that callbacks are signed with.
There is no other secret: whatever else a function needs, it has by its role.
"""

SECRET_STORES = ("secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters")
"""Where AWS keeps secrets; none of the platform's is there, so nobody has business there."""

PAIR_WRITERS = frozenset({"failover"})
"""The functions that may write the pair record, and with it who is active."""

CONDITIONLESS = {"AWS::SNS::TopicPolicy": ("events.amazonaws.com", "sns:Publish")}
"""Type of policy -> the service, and what it may do to the policy's own resource unconditionally.

EventBridge does not deliver to a topic whose policy has a condition for it, so nobody would hear
of what its rules tell. What this opens: another account's rule may publish there if it knows the
topic's name, so a topic's subscribers are people, who see where a message is from.
"""

_PUBLISHERS = {
    "AWS::CloudWatch::Alarm": ("cloudwatch.amazonaws.com", "AlarmActions"),
    "AWS::Events::Rule": ("events.amazonaws.com", "Targets"),
}
"""Type -> the service that publishes for it, and the property that names the topic."""

_TABLE = "arn:*:dynamodb:*:*:table/bellpair-*{}"
_OPEN = re.compile(r"<[^>]*>|\$\{[^}]*\}")
"""What a template or a policy leaves open until it is deployed or asked."""

_BY_KEY = ("GetItem", "BatchGetItem", "Query")
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
_WITHOUT_KEY = (
    *("Scan", "ExecuteStatement", "BatchExecuteStatement", "PartiQLSelect", "PartiQLInsert"),
    *("PartiQLUpdate", "PartiQLDelete", "GetRecords", "ExportTableToPointInTime"),
)
"""Actions on a table that no condition keeps to a partition, or that we never put one on."""


def review(templates: list[Template]) -> Iterator[Finding]:
    """Find roles that may do more than they should, and doors that are open to strangers."""
    for template in templates:
        for statement in template.statements():
            yield from _breadth(statement)
            yield from _tables(statement)
            yield from _stores(statement)
        for function in template.resources("AWS::Lambda::Function"):
            yield from _plain_secrets(function)
        yield from _strangers(template)


def _breadth(statement: Statement) -> Iterator[Finding]:
    if "NotAction" in statement.body or "NotResource" in statement.body:
        yield _found(
            statement, "all-but", "allows all but what it names; name what it needs instead"
        )
    everywhere = "*" in statement.resources
    if everywhere and any(action in ("*", "*:*") for action in statement.actions):
        yield _found(
            statement,
            "everything-everywhere",
            "may do everything with everything; name actions and resources",
        )
    for action in statement.actions:
        if "*" in action and action not in WILDCARDS:
            yield _found(
                statement, "wildcard-action", f"allows {action}; name each action that it needs"
            )
        if everywhere and action not in UNNAMED:
            yield _found(
                statement, "any-resource", f"allows {action} on every resource; name the resource"
            )
        if any(fnmatchcase(action, pattern) for pattern in RAISING):
            yield _found(
                statement,
                "raises-rights",
                f"allows {action}, by which it could get more rights; leave that to deployments",
            )


def _tables(statement: Statement) -> Iterator[Finding]:
    ledger = _reaches(statement, "-ledger")
    catalogue = _reaches(statement, "-catalogue")
    if not (ledger or catalogue):
        return
    for action in statement.allows(*(f"dynamodb:{name}" for name in _WITHOUT_KEY)):
        yield _found(
            statement,
            "whole-table",
            f"{action} is not kept to a partition; use GetItem, Query or a write with "
            "dynamodb:LeadingKeys",
        )
    if catalogue and statement.allows(*(f"dynamodb:{name}" for name in _BY_KEY)):
        for secret, readers in SECRETS.items():
            if _overlaps(statement, secret) and statement.owner not in readers:
                yield _found(
                    statement,
                    "others-secrets",
                    f"{statement.owner} can read {secret} of the catalogue, which only "
                    f"{', '.join(sorted(readers))} may; name the partitions that it needs in "
                    "dynamodb:LeadingKeys",
                )
    if (
        ledger
        and statement.allows(*(f"dynamodb:{name}" for name in _WRITES))
        and _overlaps(statement, "PAIR")
        and statement.owner not in PAIR_WRITERS
    ):
        yield _found(
            statement,
            "pair-record",
            f"{statement.owner} can write the pair record, which only "
            f"{', '.join(sorted(PAIR_WRITERS))} may; name the partitions that it needs in "
            "dynamodb:LeadingKeys",
        )


def _stores(statement: Statement) -> Iterator[Finding]:
    for action in statement.allows(*SECRET_STORES):
        yield _found(
            statement,
            "others-secrets",
            f"{statement.owner} can read secrets by {action}; the platform keeps none there, so "
            "take it out, or list the secret and its reader in review/rights.py",
        )


def _plain_secrets(function: Resource) -> Iterator[Finding]:
    variables = function.properties.get("Environment", {}).get("Variables", {})
    for name in variables:
        if any(word in name.upper() for word in ("SECRET", "PASSWORD", "PRIVATE_KEY", "API_KEY")):
            yield Finding(
                function.template,
                function.logical_id,
                "rights/plain-secret",
                f"{name} is in the environment, which everybody reads who may look at the "
                "function; keep it in a store and give the function the right to read it",
            )


def _strangers(template: Template) -> Iterator[Finding]:
    """Find permissions that anybody has, or any account that goes through an AWS service."""
    for permission in template.resources("AWS::Lambda::Permission"):
        if not {"SourceArn", "SourceAccount"} & permission.properties.keys():
            yield Finding(
                template.name,
                permission.logical_id,
                "rights/open-door",
                f"{text(permission.properties['Principal'])} may call the function for anybody; "
                "add SourceArn",
            )
    policies = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    for policy in template.resources(*policies):
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            if (
                statement["Effect"] == "Allow"
                and not statement.get("Condition")
                and not _needs_no_condition(policy, statement)
            ):
                yield Finding(
                    template.name,
                    policy.logical_id,
                    "rights/open-door",
                    f"{statement.get('Principal')} is let in without a condition; say from what "
                    "(aws:SourceArn)",
                )
    yield from _unheard(template)
    for role in template.resources("AWS::IAM::Role"):
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            if set(statement["Principal"]) != {"Service"}:
                yield Finding(
                    template.name,
                    role.logical_id,
                    "rights/assumed-by",
                    f"{statement['Principal']} may assume the role; only AWS's services do that",
                )


def _needs_no_condition(policy: Resource, statement: Mapping[str, Any]) -> bool:
    """Say whether a statement is one of `CONDITIONLESS`, and about the policy's own topic alone."""
    service, action = CONDITIONLESS.get(policy.kind, ("", ""))
    return (
        statement.get("Principal") == {"Service": service}
        and listed(statement.get("Action")) == [action]
        and target(statement.get("Resource")) in set(mentioned(policy.properties.get("Topics")))
    )


def _unheard(template: Template) -> Iterator[Finding]:
    """Find topics with a policy that does not let in what is to be heard there."""
    for kind, (service, key) in _PUBLISHERS.items():
        told = {
            topic
            for publisher in template.resources(kind)
            for topic in mentioned(publisher.properties.get(key))
        }
        for policy in template.resources("AWS::SNS::TopicPolicy"):
            let_in = any(
                _lets_in(service, statement)
                for statement in policy.properties["PolicyDocument"]["Statement"]
            )
            if told & set(mentioned(policy.properties["Topics"])) and not let_in:
                yield Finding(
                    template.name,
                    policy.logical_id,
                    "rights/unheard",
                    f"does not let {service} publish, so nobody would hear of what it tells; "
                    "allow it sns:Publish" + (", without a condition" if _bare(service) else ""),
                )


def _lets_in(service: str, statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    return (
        statement["Effect"] == "Allow"
        and isinstance(principal, dict)
        and service in listed(principal.get("Service", []))
        and "sns:Publish" in listed(statement.get("Action", []))
        and not (_bare(service) and statement.get("Condition"))
    )


def _bare(service: str) -> bool:
    """Say whether a condition would shut this service out of a topic."""
    return service == CONDITIONLESS["AWS::SNS::TopicPolicy"][0]


def _reaches(statement: Statement, table: str) -> bool:
    """Say whether a statement is about items of a table; an index has no secrets, nor the pair."""
    whole = _TABLE.format(table)
    for resource in statement.resources:
        if not isinstance(resource, str):
            return True
        # What is below a table, as its stream, has the table's items.
        if "/index/" not in resource and any(
            _meet(_opened(resource), arn) for arn in (whole, f"{whole}/*")
        ):
            return True
    return False


def _overlaps(statement: Statement, partition: str) -> bool:
    """Say whether a pattern of the statement's takes in a key of this partition."""
    keys = f"{partition}*" if partition.endswith("#") else partition
    return any(
        not isinstance(pattern, str) or _meet(_opened(pattern), keys)
        for pattern in statement.partitions
    )


def _opened(pattern: str) -> str:
    """Return a pattern with a wildcard for all that is not known yet."""
    return _OPEN.sub("*", pattern)


@cache
def _meet(one: str, other: str) -> bool:
    """Say whether some text fits both of two patterns with ``*`` and ``?``."""
    if not (one and other):
        return not (one + other).strip("*")
    if one[0] == "*":
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == "*":
        return _meet(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _meet(one[1:], other[1:])


def _found(statement: Statement, rule: str, said: str) -> Finding:
    return Finding(statement.role.template, statement.role.logical_id, f"rights/{rule}", said)
