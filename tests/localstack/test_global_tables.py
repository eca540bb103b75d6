"""Global tables on LocalStack: every replica answers with the same items, and one writer wins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.polling import eventually

HOME, PEER, WITNESS = "us-east-1", "us-west-2", "us-east-2"
KEY = {"pk": {"S": "pair"}, "sk": {"S": "record"}}
WRITERS, ROUNDS = 6, 15

pytestmark = pytest.mark.localstack

Client = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def client(aws: str) -> Client:
    return lambda service, region: boto3.client(service, region_name=region, endpoint_url=aws)


def template(name: str, *, protected: bool = False, recovery: bool = True) -> dict[str, Any]:
    """A ledger-like table in two regions with a witness in a third."""
    return {
        "Resources": {
            "Table": {
                "Type": "AWS::DynamoDB::GlobalTable",
                "DeletionPolicy": "Delete",
                "Properties": {
                    "TableName": name,
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [
                        {"AttributeName": key, "AttributeType": "S"}
                        for key in ("pk", "sk", "state")
                    ],
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    "GlobalSecondaryIndexes": [
                        {
                            "IndexName": "by-state",
                            "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                            "Projection": {"ProjectionType": "KEYS_ONLY"},
                        }
                    ],
                    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
                    "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
                    "MultiRegionConsistency": "STRONG",
                    "GlobalTableWitnesses": [{"Region": WITNESS}],
                    "Replicas": [
                        {
                            "Region": region,
                            "DeletionProtectionEnabled": protected,
                            "PointInTimeRecoverySpecification": {
                                "PointInTimeRecoveryEnabled": recovery
                            },
                            "Tags": [{"Key": "of", "Value": region}],
                        }
                        for region in (PEER, HOME)
                    ],
                },
            }
        },
        "Outputs": {
            "Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}},
            "StreamArn": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}},
        },
    }


class Stack:
    """A stack with one global table."""

    def __init__(self, cloudformation: Any) -> None:
        self.name = f"test-{uuid4().hex[:12]}"
        self._cloudformation = cloudformation

    def create(self, **options: bool) -> dict[str, str]:
        """Create it; returns its outputs."""
        body = json.dumps(template(self.name, **options))
        self._cloudformation.create_stack(StackName=self.name, TemplateBody=body)
        return self._settled("CREATE_COMPLETE")

    def update(self, **options: bool) -> None:
        body = json.dumps(template(self.name, **options))
        self._cloudformation.update_stack(StackName=self.name, TemplateBody=body)
        self._settled("UPDATE_COMPLETE")

    def delete(self) -> str:
        """Delete it; returns in what state that left it."""
        stack_id = self._described()["StackId"]
        self._cloudformation.delete_stack(StackName=stack_id)
        return str(eventually(lambda: self._at_rest(stack_id))["StackStatus"])

    def _settled(self, wanted: str) -> dict[str, str]:
        described = eventually(self._at_rest)
        assert described["StackStatus"] == wanted, described
        return {out["OutputKey"]: out["OutputValue"] for out in described.get("Outputs", [])}

    def _at_rest(self, stack: str | None = None) -> Any:
        described = self._described(stack)
        return None if described["StackStatus"].endswith("IN_PROGRESS") else described

    def _described(self, stack: str | None = None) -> Any:
        return self._cloudformation.describe_stacks(StackName=stack or self.name)["Stacks"][0]


@pytest.fixture(scope="module")
def stack(client: Client) -> Iterator[Stack]:
    """A table in two regions."""
    made = Stack(client("cloudformation", HOME))
    made.create()
    yield made
    made.delete()


def test_every_replica_answers_with_the_same_items(client: Client, stack: Stack) -> None:
    home, peer = client("dynamodb", HOME), client("dynamodb", PEER)
    item = {**KEY, "sk": {"S": "same"}, "state": {"S": "open"}, "data": {"B": b"\x00\xff"}}

    peer.put_item(TableName=stack.name, Item=item)

    key = {name: item[name] for name in ("pk", "sk")}
    assert home.get_item(TableName=stack.name, Key=key, ConsistentRead=True)["Item"] == item
    for replica in (home, peer):
        found = replica.query(
            TableName=stack.name,
            IndexName="by-state",
            KeyConditionExpression="#s = :open",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":open": {"S": "open"}},
        )
        assert [row["sk"]["S"] for row in found["Items"]] == ["same"]


def test_a_failed_condition_tells_what_is_there_in_every_region(
    client: Client, stack: Stack
) -> None:
    item = {**KEY, "sk": {"S": "taken"}, "epoch": {"N": "7"}}
    client("dynamodb", HOME).put_item(TableName=stack.name, Item=item)

    for region in (HOME, PEER):
        with pytest.raises(ClientError) as refused:
            client("dynamodb", region).put_item(
                TableName=stack.name,
                Item={**KEY, "sk": {"S": "taken"}},
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        answer: Any = refused.value.response
        assert answer["Error"]["Code"] == "ConditionalCheckFailedException"
        assert answer["Error"]["Message"] == "The conditional request failed"
        assert answer["Item"] == item


def test_of_writers_in_both_regions_with_one_condition_one_wins(
    client: Client, stack: Stack
) -> None:
    """Promotion rests on it: the pair record's epoch is raised by one writer alone."""
    key = {**KEY, "sk": {"S": "epoch"}}
    client("dynamodb", HOME).put_item(TableName=stack.name, Item={**key, "epoch": {"N": "0"}})
    tables = [client("dynamodb", (HOME, PEER)[n % 2]) for n in range(WRITERS)]

    def raise_epoch(table: Any, seen: int) -> bool:
        try:
            table.update_item(
                TableName=stack.name,
                Key=key,
                UpdateExpression="SET epoch = :next",
                ConditionExpression="epoch = :seen",
                ExpressionAttributeValues={
                    ":seen": {"N": str(seen)},
                    ":next": {"N": str(seen + 1)},
                },
            )
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as writers:
        won = [sum(writers.map(raise_epoch, tables, [epoch] * WRITERS)) for epoch in range(ROUNDS)]

    assert won == [1] * ROUNDS


def test_a_replica_describes_itself_as_its_regions_own(client: Client, stack: Stack) -> None:
    for region, other in ((HOME, PEER), (PEER, HOME)):
        dynamodb = client("dynamodb", region)
        described = dynamodb.describe_table(TableName=stack.name)["Table"]

        assert described["TableStatus"] == "ACTIVE"
        assert f":dynamodb:{region}:" in described["TableArn"]
        assert f":dynamodb:{region}:" in described["LatestStreamArn"]
        assert [replica["RegionName"] for replica in described["Replicas"]] == [other]
        assert described["MultiRegionConsistency"] == "STRONG"
        assert described["GlobalTableWitnesses"] == [
            {"RegionName": WITNESS, "WitnessStatus": "ACTIVE"}
        ]
        assert dynamodb.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"] == [
            {"Key": "of", "Value": region}
        ]
        backups = dynamodb.describe_continuous_backups(TableName=stack.name)
        assert _recovery(backups) == "ENABLED"
        assert stack.name in dynamodb.list_tables()["TableNames"]


def test_a_table_is_known_in_no_other_region(client: Client, stack: Stack) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client("dynamodb", "eu-west-1").get_item(TableName=stack.name, Key=KEY)


def test_what_is_written_is_in_the_stream_in_its_order(client: Client, stack: Stack) -> None:
    table = client("dynamodb", HOME)
    arn = table.describe_table(TableName=stack.name)["Table"]["LatestStreamArn"]
    streams = client("dynamodbstreams", HOME)
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    key = {**KEY, "sk": {"S": "streamed"}}

    table.put_item(TableName=stack.name, Item={**key, "n": {"N": "1"}})
    table.update_item(
        TableName=stack.name,
        Key=key,
        UpdateExpression="SET n = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    table.delete_item(TableName=stack.name, Key=key)

    def records() -> Any:
        start = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found = [
            record
            for record in streams.get_records(ShardIterator=start)["Records"]
            if record["dynamodb"]["Keys"] == key
        ]
        return found if len(found) == 3 else None

    seen = eventually(records)
    assert [record["eventName"] for record in seen] == ["INSERT", "MODIFY", "REMOVE"]
    assert seen[1]["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert seen[1]["dynamodb"]["NewImage"]["n"] == {"N": "2"}


def test_batches_reach_the_one_copy_from_either_region(client: Client) -> None:
    stack = Stack(client("cloudformation", HOME))
    stack.create()
    home, peer = (client("dynamodb", region) for region in (HOME, PEER))

    peer.batch_write_item(RequestItems={stack.name: [{"PutRequest": {"Item": KEY}}]})

    for table in (home, peer):
        found = table.batch_get_item(RequestItems={stack.name: {"Keys": [KEY]}})
        assert found["Responses"] == {stack.name: [KEY]}
        assert not found.get("UnprocessedKeys")


def test_a_stack_changes_its_tables_protection_and_keeps_the_items(client: Client) -> None:
    stack = Stack(client("cloudformation", HOME))
    outputs = stack.create()
    table = client("dynamodb", HOME)
    table.put_item(TableName=stack.name, Item=KEY)

    stack.update(protected=True, recovery=False)

    assert outputs["Arn"].endswith(f"table/{stack.name}")
    assert table.describe_table(TableName=stack.name)["Table"]["DeletionProtectionEnabled"]
    assert _recovery(table.describe_continuous_backups(TableName=stack.name)) == "DISABLED"
    assert table.get_item(TableName=stack.name, Key=KEY)["Item"] == KEY
    with pytest.raises(ClientError, match="DeletionProtection"):
        table.delete_table(TableName=stack.name)

    stack.update(protected=False)

    assert stack.delete() == "DELETE_COMPLETE"
    for region in (HOME, PEER):
        assert stack.name not in client("dynamodb", region).list_tables()["TableNames"]


def _recovery(answer: Any) -> str:
    description = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return str(description["PointInTimeRecoveryStatus"])
