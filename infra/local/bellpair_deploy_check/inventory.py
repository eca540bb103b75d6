"""What there is in an account, by asking each service for its list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

ClientOf = Callable[[str], Any]
"""Service -> a boto3 client of it, in one region."""

Inventory = Mapping[str, str]
"""``kind name`` of each thing -> what it is made of, as far as its list tells; ``""`` if not."""

Found = Iterator[tuple[str, str]]

_NOT_EMULATED = "not yet been emulated"
_LAYER_WITHOUT_VERSIONS = "calling lambda.ListLayers: list index out of range"
"""LocalStack's answer from when the versions of a layer have been deleted: it tells none then."""


def take(client_of: ClientOf) -> Inventory:
    """List what the services of one region have, less what each account has from the beginning.

    A service that an emulated cloud does not have has nothing.
    """
    return dict(sorted(found for listed in _LISTS for found in _if_there(listed(client_of))))


def _if_there(listed: Found) -> Found:
    try:
        yield from listed
    except ClientError as error:
        if _NOT_EMULATED not in str(error):
            raise


def _pages(client: Any, operation: str, key: str, **words: Any) -> Iterator[Any]:
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**words).get(key) or []
        return
    for page in client.get_paginator(operation).paginate(**words):
        yield from page.get(key) or []


def _unless_gone(client: Any, operation: str, key: str, **words: Any) -> Iterator[Any]:
    """What belongs to a thing that may have been deleted since it was listed itself."""
    try:
        yield from _pages(client, operation, key, **words)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _stacks(client_of: ClientOf) -> Found:
    client = client_of("cloudformation")
    for stack in _pages(client, "describe_stacks", "Stacks"):
        # AWS does not list what is deleted, LocalStack does.
        if stack["StackStatus"] != "DELETE_COMPLETE":
            yield f"stack {stack['StackName']}", stack["StackStatus"]


def _functions(client_of: ClientOf) -> Found:
    client = client_of("lambda")
    for function in _pages(client, "list_functions", "Functions"):
        name = function["FunctionName"]
        yield f"function {name}", _made_of(function)
        for alias in _unless_gone(client, "list_aliases", "Aliases", FunctionName=name):
            yield f"alias {name}:{alias['Name']}", ""
    for mapping in _pages(client, "list_event_source_mappings", "EventSourceMappings"):
        yield f"event source mapping {mapping['UUID']}", ""


def _layers(client_of: ClientOf) -> Found:
    try:
        for layer in _pages(client_of("lambda"), "list_layers", "Layers"):
            yield f"layer {layer['LayerName']}", str(layer["LatestMatchingVersion"]["Version"])
    except ClientError as error:
        if _LAYER_WITHOUT_VERSIONS not in str(error):
            raise


def _made_of(function: Mapping[str, Any]) -> str:
    words = ("CodeSha256", "Handler", "Runtime", "MemorySize", "Timeout", "Environment", "Layers")
    return json.dumps({word: function.get(word) for word in words}, sort_keys=True, default=str)


def _data(client_of: ClientOf) -> Found:
    for table in _pages(client_of("dynamodb"), "list_tables", "TableNames"):
        yield f"table {table}", ""
    for url in _pages(client_of("sqs"), "list_queues", "QueueUrls"):
        yield f"queue {url.rsplit('/', 1)[-1]}", ""
    for bucket in client_of("s3").list_buckets().get("Buckets") or []:
        yield f"bucket {bucket['Name']}", ""


def _rights(client_of: ClientOf) -> Found:
    client = client_of("iam")
    for role in _pages(client, "list_roles", "Roles"):
        if not role["Path"].startswith("/aws-service-role/"):
            yield f"role {role['RoleName']}", ""
    for policy in _pages(client, "list_policies", "Policies", Scope="Local"):
        yield f"policy {policy['PolicyName']}", ""


def _events(client_of: ClientOf) -> Found:
    client = client_of("events")
    for bus in client.list_event_buses().get("EventBuses") or []:
        if bus["Name"] != "default":
            yield f"event bus {bus['Name']}", ""
        for rule in _unless_gone(client, "list_rules", "Rules", EventBusName=bus["Name"]):
            yield f"rule {bus['Name']}/{rule['Name']}", rule.get("State", "")
    for topic in _pages(client_of("sns"), "list_topics", "Topics"):
        yield f"topic {topic['TopicArn']}", ""


def _courses(client_of: ClientOf) -> Found:
    for machine in _pages(client_of("stepfunctions"), "list_state_machines", "stateMachines"):
        yield f"state machine {machine['name']}", ""
    client = client_of("apigateway")
    for api in _pages(client, "get_rest_apis", "items"):
        yield f"REST API {api['name']}", api["id"]


def _watch(client_of: ClientOf) -> Found:
    for group in _pages(client_of("logs"), "describe_log_groups", "logGroups"):
        yield f"log group {group['logGroupName']}", ""
    for alarm in _pages(client_of("cloudwatch"), "describe_alarms", "MetricAlarms"):
        yield f"alarm {alarm['AlarmName']}", ""


def _settings(client_of: ClientOf) -> Found:
    for parameter in _pages(client_of("ssm"), "describe_parameters", "Parameters"):
        yield f"parameter {parameter['Name']}", ""
    for secret in _pages(client_of("secretsmanager"), "list_secrets", "SecretList"):
        yield f"secret {secret['Name']}", ""


def _images(client_of: ClientOf) -> Found:
    for repository in _pages(client_of("ecr"), "describe_repositories", "repositories"):
        yield f"image repository {repository['repositoryName']}", ""


_LISTS = (
    _stacks,
    _functions,
    _layers,
    _data,
    _rights,
    _events,
    _courses,
    _watch,
    _settings,
    _images,
)


def added(before: Inventory, after: Inventory) -> list[str]:
    """Return what `after` has and `before` has not."""
    return sorted(after.keys() - before.keys())


def changed(before: Inventory, after: Inventory) -> list[str]:
    """Return what both have, and made of something else."""
    return sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
