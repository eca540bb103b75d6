"""Global tables by CloudFormation: with their replicas, their protection, and updates."""

from __future__ import annotations

from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.cloudformation import provider_utils
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceRequest,
)
from localstack.services.dynamodb.provider import get_store
from localstack.services.dynamodb.resource_providers.aws_dynamodb_globaltable import (
    DynamoDBGlobalTableProvider,
)

Model = dict[str, Any]

_LASTING = ("KeySchema", "LocalSecondaryIndexes", "AttributeDefinitions")
"""What a table is created with, and no update changes (attributes come with their indexes)."""


class GlobalTableProvider(DynamoDBGlobalTableProvider):
    """``AWS::DynamoDB::GlobalTable`` with any number of replicas, and with updates."""

    def create(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        """Create the table with its replicas."""
        model: Model = request.desired_state
        model.setdefault(
            "TableName",
            provider_utils.generate_default_name(request.stack_name, request.logical_resource_id),
        )
        own = _own_replica(model, request.region_name)
        dynamodb = request.aws_client_factory.dynamodb
        description = dynamodb.create_table(**_creation(model, own))["TableDescription"]
        model["Arn"] = description["TableArn"]
        model["TableId"] = description["TableId"]
        if description.get("LatestStreamArn"):
            model["StreamArn"] = description["LatestStreamArn"]
        for replica in _others(model, request.region_name):
            dynamodb.update_table(
                TableName=model["TableName"], ReplicaUpdates=[{"Create": {"RegionName": replica}}]
            )
        _set_up(request, model)
        return _done(model)

    def update(self, request: ResourceRequest[Any]) -> ProgressEvent[Any]:
        """Change what differs, one request for each change, as DynamoDB wants it."""
        model: Model = request.desired_state
        previous: Model = request.previous_state
        for name in ("TableName", "Arn", "TableId", "StreamArn"):
            if previous.get(name):
                model.setdefault(name, previous[name])
        dynamodb = request.aws_client_factory.dynamodb
        for change in _changes(model, previous, request.region_name):
            dynamodb.update_table(TableName=model["TableName"], **change)
        described = dynamodb.describe_table(TableName=model["TableName"])["Table"]
        if described.get("LatestStreamArn"):
            model["StreamArn"] = described["LatestStreamArn"]
        _set_up(request, model)
        return _done(model)


def _creation(model: Model, own: Model) -> Model:
    parameters = {
        name: model[name]
        for name in (
            "TableName",
            "BillingMode",
            "StreamSpecification",
            "SSESpecification",
            *_LASTING,
        )
        if model.get(name)
    }
    if model.get("GlobalSecondaryIndexes"):
        parameters["GlobalSecondaryIndexes"] = [
            _index(index) for index in model["GlobalSecondaryIndexes"]
        ]
    if parameters.get("BillingMode") != "PAY_PER_REQUEST":
        # A global table's capacity is scaled by what AWS measures; any fixed one does here.
        parameters["BillingMode"] = "PAY_PER_REQUEST"
    if "StreamSpecification" in parameters:
        parameters["StreamSpecification"] = _stream(model)
    if "SSESpecification" in parameters:
        encryption = dict(parameters["SSESpecification"])
        encryption["Enabled"] = encryption.pop("SSEEnabled")
        parameters["SSESpecification"] = encryption
    if own.get("Tags"):
        parameters["Tags"] = own["Tags"]
    parameters["DeletionProtectionEnabled"] = _protected(own)
    return parameters


def _changes(model: Model, previous: Model, region: str) -> list[Model]:
    changes: list[Model] = []
    protected = _protected(_own_replica(model, region))
    if protected != _protected(_own_replica(previous, region)):
        changes.append({"DeletionProtectionEnabled": protected})
    if model.get("StreamSpecification") != previous.get("StreamSpecification"):
        if previous.get("StreamSpecification"):
            changes.append({"StreamSpecification": {"StreamEnabled": False}})
        if model.get("StreamSpecification"):
            changes.append({"StreamSpecification": _stream(model)})
    wanted, there = _indexes(model), _indexes(previous)
    changes += [
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
        for name in there.keys() - wanted.keys()
    ]
    changes += [
        {
            "AttributeDefinitions": model["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [{"Create": wanted[name]}],
        }
        for name in wanted.keys() - there.keys()
    ]
    regions, were = _others(model, region), _others(previous, region)
    changes += [{"ReplicaUpdates": [{"Delete": {"RegionName": r}}]} for r in were - regions]
    changes += [{"ReplicaUpdates": [{"Create": {"RegionName": r}}]} for r in regions - were]
    return changes


def _set_up(request: ResourceRequest[Any], model: Model) -> None:
    """Set, in each region of the table, what is a setting rather than a part of it."""
    name = model["TableName"]
    for replica in model.get("Replicas") or []:
        region = replica["Region"]
        dynamodb = connect_to(aws_access_key_id=request.account_id, region_name=region).dynamodb
        recovery = replica.get("PointInTimeRecoverySpecification") or {}
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": _true(recovery.get("PointInTimeRecoveryEnabled"))
            },
        )
        properties = get_store(request.account_id, region).table_properties.setdefault(name, {})
        properties["DeletionProtectionEnabled"] = _protected(replica)
        if model.get("MultiRegionConsistency"):
            properties["MultiRegionConsistency"] = model["MultiRegionConsistency"]
        if model.get("GlobalTableWitnesses"):
            properties["GlobalTableWitnesses"] = [
                {"RegionName": witness["Region"], "WitnessStatus": "ACTIVE"}
                for witness in model["GlobalTableWitnesses"]
            ]
        if replica.get("Tags"):
            arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
            dynamodb.tag_resource(ResourceArn=arn, Tags=replica["Tags"])
        if model.get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(
                TableName=name, TimeToLiveSpecification=model["TimeToLiveSpecification"]
            )


def _own_replica(model: Model, region: str) -> Model:
    replicas: list[Model] = model.get("Replicas") or []
    return next((replica for replica in replicas if replica["Region"] == region), {})


def _others(model: Model, region: str) -> set[str]:
    return {replica["Region"] for replica in model.get("Replicas") or []} - {region}


def _indexes(model: Model) -> dict[str, Model]:
    return {
        index["IndexName"]: _index(index) for index in model.get("GlobalSecondaryIndexes") or []
    }


def _index(index: Model) -> Model:
    return {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}


def _stream(model: Model) -> Model:
    return {"StreamEnabled": True, **model["StreamSpecification"]}


def _protected(replica: Model) -> bool:
    return _true(replica.get("DeletionProtectionEnabled"))


def _true(value: Any) -> bool:
    """A template's truth value, which may have come as a word."""
    return str(value).lower() == "true"


def _done(model: Model) -> ProgressEvent[Any]:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)
