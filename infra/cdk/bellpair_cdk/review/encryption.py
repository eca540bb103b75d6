"""Encryption: what is kept is encrypted, and what travels travels over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Resource, Template, listed, mentioned, text

AT_REST: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "AWS::DynamoDB::GlobalTable": lambda it: it.get("SSESpecification", {}).get("SSEEnabled"),
    "AWS::DynamoDB::Table": lambda it: it.get("SSESpecification", {}).get("SSEEnabled"),
    "AWS::SQS::Queue": lambda it: bool(it.get("SqsManagedSseEnabled") or it.get("KmsMasterKeyId")),
    "AWS::S3::Bucket": lambda it: bool(
        it.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")
    ),
    "AWS::Kinesis::Stream": lambda it: bool(it.get("StreamEncryption")),
}
"""Type -> whether one with these properties encrypts what it keeps.

Log groups, event buses, state machines and functions' variables are encrypted by AWS always, with
keys of its own. So is a topic's message while it is delivered: alarms could not publish under the
account's default key, and say nothing of tenants.
"""

POLICIES = {
    "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
}
"""Type -> the type of its policies, and where they name what they are about."""

EVERYTHING = {
    "AWS::S3::Bucket": frozenset({"*", "s3:*"}),
    "AWS::SQS::Queue": frozenset({"*", "sqs:*"}),
    "AWS::SNS::Topic": frozenset({"*", "sns:*", "sns:Publish"}),
}
"""Type -> actions of which one has to be refused without TLS; a topic's data goes in by one."""

WHOLE: Mapping[str, tuple[frozenset[str], ...]] = {
    "AWS::S3::Bucket": (frozenset({"<{}.Arn>", "<{}.Arn>/*"}),),
    "AWS::SQS::Queue": (frozenset({"<{}.Arn>"}),),
    "AWS::SNS::Topic": (frozenset({"<{}>"}), frozenset({"<{}.TopicArn>"})),
}
"""Type -> ways to name all of one: a bucket's objects are not the bucket."""

TLS = frozenset({"TLS_1_2"})
"""What a domain name may ask for; a later one is added here when it is used."""


def review(templates: list[Template]) -> Iterator[Finding]:
    """Find what keeps data in the clear, and what can be reached without TLS."""
    for template in templates:
        for resource in template.resources(*AT_REST):
            if not AT_REST[resource.kind](resource.properties):
                yield _found(
                    resource, "at-rest", f"{resource.kind} is not encrypted; turn encryption on"
                )
        yield from _plain_http(template)
        for domain in template.resources("AWS::ApiGateway::DomainName"):
            if domain.properties.get("SecurityPolicy") not in TLS:
                yield _found(domain, "tls", "takes TLS before 1.2; set SecurityPolicy to TLS_1_2")
        for subscription in template.resources("AWS::SNS::Subscription"):
            if subscription.properties.get("Protocol") == "http":
                yield _found(subscription, "tls", "is told over plain HTTP; use https")
        for check in template.resources("AWS::Route53::HealthCheck"):
            if check.properties["HealthCheckConfig"]["Type"] != "HTTPS":
                yield _found(check, "tls", "asks without TLS; set its type to HTTPS")
        for function in template.resources("AWS::Lambda::Function"):
            yield from _addresses(function)


def _plain_http(template: Template) -> Iterator[Finding]:
    """Find buckets, queues and topics whose policy does not refuse what comes without TLS."""
    for kind, (policy_kind, key) in POLICIES.items():
        refusing = {
            logical_id
            for policy in template.resources(policy_kind)
            for logical_id in mentioned(policy.properties.get(key))
            for statement in policy.properties["PolicyDocument"]["Statement"]
            if _refuses(statement, kind, logical_id)
        }
        for resource in template.resources(kind):
            if resource.logical_id not in refusing:
                yield _found(
                    resource,
                    "in-transit",
                    "answers without TLS; deny everybody everything with all of it (a bucket's "
                    "objects too) where aws:SecureTransport is false (enforce_ssl=True)",
                )


def _refuses(statement: Mapping[str, Any], kind: str, logical_id: str) -> bool:
    """Say whether a statement refuses everybody everything with a resource without TLS."""
    named = set(map(str, listed(statement.get("Resource", []))))
    return (
        statement["Effect"] == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and not EVERYTHING[kind].isdisjoint(listed(statement.get("Action", [])))
        and (
            "*" in named or any({n.format(logical_id) for n in way} <= named for way in WHOLE[kind])
        )
        # A second condition would let some of it pass.
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def _addresses(function: Resource) -> Iterator[Finding]:
    variables = function.properties.get("Environment", {}).get("Variables", {})
    for name, value in variables.items():
        if "http://" in str(text(value)):
            yield _found(function, "tls", f"{name} is an address without TLS; use https")


def _found(resource: Resource, rule: str, said: str) -> Finding:
    return Finding(resource.template, resource.logical_id, f"encryption/{rule}", said)
