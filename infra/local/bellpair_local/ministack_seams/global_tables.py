"""CloudFormation's global tables become tables in each replica, or one table at the witness.

MiniStack makes a single table in the stack's region and forgets replicas and consistency.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from bellpair_local import dynamodb_wire
from bellpair_local.dynamodb_wire import DynamoDBError
from bellpair_local.global_tables import Consistency, GlobalTable, GlobalTableRegistry
from bellpair_local.topology import Member, Topology

_COPIED = (
    "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema",
    "LocalSecondaryIndexes",
)  # fmt: skip
_INDEX_FIELDS = ("IndexName", "KeySchema", "Projection")
RESOURCE_TYPE = "AWS::DynamoDB::GlobalTable"


def global_table(name: str, properties: dict[str, Any], home: str) -> GlobalTable:
    """Return the table that a resource's `properties` describe.

    Parameters
    ----------
    name
        The table's name.
    home
        Region of the stack, a replica if the properties list none.

    Raises
    ------
    ValueError
        If the resource asks for what AWS would refuse.
    """
    consistency = Consistency(properties.get("MultiRegionConsistency", "EVENTUAL"))
    replicas = tuple(r["Region"] for r in properties.get("Replicas") or [{"Region": home}])
    if home not in replicas:
        raise ValueError(f"{name}: Replicas must contain the stack's own region, {home}")
    ttl = properties.get("TimeToLiveSpecification") or {}
    if consistency is Consistency.STRONG:
        witnesses = properties.get("GlobalTableWitnesses") or []
        if len(replicas) + len(witnesses) != 3:
            raise ValueError(
                f"{name}: strong consistency needs three replicas, or two and a witness"
            )
        if ttl.get("Enabled") or properties.get("LocalSecondaryIndexes"):
            raise ValueError(f"{name}: strongly consistent tables have neither TTL nor LSIs")
    definition: dict[str, Any] = {key: properties[key] for key in _COPIED if properties.get(key)}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if kind in definition:
            definition[kind] = [
                {field: index[field] for field in _INDEX_FIELDS} for index in definition[kind]
            ]
    # Capacity has no meaning here, and provisioned tables would have to say how much.
    definition["BillingMode"] = "PAY_PER_REQUEST"
    definition["TableName"] = name
    if consistency is Consistency.EVENTUAL:
        definition["StreamSpecification"] = {
            "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"
        }  # fmt: skip
    return GlobalTable(
        name=name,
        consistency=consistency,
        replicas=replicas,
        definition=definition,
        ttl_attribute=ttl["AttributeName"] if ttl.get("Enabled") else None,
    )


def create_at(member: Member, table: GlobalTable) -> None:
    """Make `table` in the process `member`; fine if it is there already.

    Raises
    ------
    DynamoDBError, OSError
        If the service refuses or cannot be reached.
    """
    try:
        dynamodb_wire.call(member, "CreateTable", table.definition)
    except DynamoDBError as error:
        if error.code != "ResourceInUseException":
            raise
    if table.ttl_attribute is not None:
        setting = {"AttributeName": table.ttl_attribute, "Enabled": True}
        dynamodb_wire.call(
            member,
            "UpdateTimeToLive",
            {"TableName": table.name, "TimeToLiveSpecification": setting},
        )


def holders(topology: Topology, table: GlobalTable) -> list[Member]:
    """The processes that keep a copy of `table`.

    Raises
    ------
    ValueError
        If a replica is in a region that the cloud does not have.
    """
    if table.consistency is Consistency.STRONG:
        return [topology.witness]
    members = {m.region: m for m in topology.regions}
    if missing := set(table.replicas) - set(members):
        raise ValueError(f"{table.name}: this local cloud has no region {sorted(missing)}")
    return [members[region] for region in table.replicas]


def install(topology: Topology, here: Member, registry: GlobalTableRegistry) -> None:
    """Give MiniStack's CloudFormation a resource type for global tables that honours replicas.

    ListTables tells the strongly consistent tables too, though they live at the witness.
    """
    _list_strong_tables(here, registry)
    from ministack.services.cloudformation import provisioners, stacks

    # Our handlers wait for other processes and for this one, so not in its event loop.
    elsewhere = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind == RESOURCE_TYPE or elsewhere(kind)

    def attributes(name: str) -> dict[str, str]:
        arn = f"arn:aws:dynamodb:{here.region}:{topology.account}:table/{name}"
        return {
            "Arn": arn, "TableId": name, "StreamArn": f"{arn}/stream/1970-01-01T00:00:00.000"
        }  # fmt: skip

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, Any]:
        name = properties.get("TableName") or provisioners._physical_name(
            stack, logical_id, max_len=255
        )
        table = global_table(name, properties, here.region)
        for member in holders(topology, table):
            create_at(member, table)
        registry.put(table)
        return name, attributes(name)

    def update(
        name: str, before: dict[str, Any], after: dict[str, Any], stack: str, *_: Any
    ) -> tuple[str, Any]:
        table = global_table(name, after, here.region)
        known = registry.get(name)
        if known is not None and known.definition != table.definition:
            raise ValueError(
                f"{name}: the local cloud cannot change a global table's keys or indexes in "
                "place; run `bellpair local down` and `bellpair local up`"
            )
        registry.put(table)
        return name, attributes(name)

    def delete(name: str, properties: dict[str, Any]) -> None:
        table = registry.get(name)
        if table is None:
            return
        registry.remove(name)
        for member in holders(topology, table):
            try:
                dynamodb_wire.call(member, "DeleteTable", {"TableName": name})
            except DynamoDBError as error:
                if error.code != "ResourceNotFoundException":
                    raise

    provisioners._RESOURCE_HANDLERS[RESOURCE_TYPE] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


def _list_strong_tables(here: Member, registry: GlobalTableRegistry) -> None:
    from ministack.core.responses import json_response
    from ministack.services import dynamodb

    list_own = dynamodb._list_tables

    def list_tables(request: dict[str, Any]) -> Any:
        _, _, own = list_own({"Limit": sys.maxsize})
        strong = (
            name for name in registry.strong() if here.region in registry.tables()[name].replicas
        )
        names = sorted({*json.loads(own)["TableNames"], *strong})
        return json_response(page_of(names, request))

    dynamodb._list_tables = list_tables


def page_of(names: list[str], request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a ListTables `request` where there are the tables `names`, sorted."""
    start, limit = request.get("ExclusiveStartTableName", ""), request.get("Limit", 100)
    rest = [name for name in names if name > start]
    page: dict[str, Any] = {"TableNames": rest[:limit]}
    if len(rest) > limit:
        page["LastEvaluatedTableName"] = rest[limit - 1]
    return page
