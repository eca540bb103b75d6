"""The two kinds of global tables, while all is well and while it is not."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import small_assembly
from tests.polling import eventually

from .conftest import SmallCloud

pytestmark = pytest.mark.integration

REGIONS = ("us-east-1", "us-west-2")


def item(key: str, **more: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": "seen"}} | {k: {"S": v} for k, v in more.items()}


def put(cloud: SmallCloud, region: str, table: str, key: str, **more: str) -> None:
    cloud.aws("dynamodb", region).put_item(TableName=table, Item=item(key, **more))


def value(cloud: SmallCloud, region: str, key: str) -> str | None:
    found = cloud.catalogue(region, key)
    return found["v"]["S"] if found else None


def test_a_strong_table_shows_a_write_in_the_other_region_at_once(small_cloud: SmallCloud) -> None:
    for here, there in (REGIONS, REGIONS[::-1]):
        key = uuid.uuid4().hex
        put(small_cloud, here, small_assembly.LEDGER, key, v="1")
        found = small_cloud.aws("dynamodb", there).get_item(
            TableName=small_assembly.LEDGER, Key=item(key)
        )
        assert found["Item"]["v"] == {"S": "1"}


def test_of_conditional_writes_in_both_regions_one_wins(small_cloud: SmallCloud) -> None:
    key = uuid.uuid4().hex

    def claim(number: int) -> bool:
        try:
            clients[number % 2].put_item(
                TableName=small_assembly.LEDGER,
                Item=item(key),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except clients[0].exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
            return False
        return True

    clients = [small_cloud.aws("dynamodb", region) for region in REGIONS]
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(40))) == 1


def test_a_region_parted_from_the_witness_has_no_strong_table(small_cloud: SmallCloud) -> None:
    small_cloud.faults("us-east-1", partitions=["witness"])
    with pytest.raises(ClientError, match="parted from witness"):
        put(small_cloud, "us-east-1", small_assembly.LEDGER, "x")
    put(small_cloud, "us-west-2", small_assembly.LEDGER, "x")


def test_changes_of_an_eventual_table_reach_the_other_region(small_cloud: SmallCloud) -> None:
    for here, there in (REGIONS, REGIONS[::-1]):
        key = uuid.uuid4().hex
        put(small_cloud, here, small_assembly.CATALOGUE, key, v="1")
        assert eventually(lambda k=key, r=there: value(small_cloud, r, k)) == "1"
        small_cloud.aws("dynamodb", here).delete_item(
            TableName=small_assembly.CATALOGUE, Key=item(key)
        )
        assert eventually(lambda k=key, r=there: small_cloud.catalogue(r, k) is None)


def test_parted_copies_go_apart_and_agree_on_the_last_write_afterwards(
    small_cloud: SmallCloud,
) -> None:
    key = uuid.uuid4().hex
    small_cloud.faults("us-east-1", partitions=["us-west-2"])
    put(small_cloud, "us-east-1", small_assembly.CATALOGUE, key, v="earlier")
    put(small_cloud, "us-west-2", small_assembly.CATALOGUE, key, v="later")
    assert [value(small_cloud, region, key) for region in REGIONS] == ["earlier", "later"]
    with pytest.raises(ClientError, match="us-east-1 is parted from us-west-2"):
        signed_for_the_other_region(small_cloud)
    small_cloud.faults("us-east-1")
    eventually(lambda: {value(small_cloud, region, key) for region in REGIONS} == {"later"})


def signed_for_the_other_region(cloud: SmallCloud) -> None:
    """Ask the western edge for a table of the eastern region."""
    client = cloud.aws("dynamodb", "us-east-1")
    client.meta.events.register(
        "before-send.dynamodb.*", lambda request, **_: _redirected(cloud, request)
    )
    client.list_tables()


def _redirected(cloud: SmallCloud, request: Any) -> None:
    east, west = (cloud.topology.member(name).endpoint for name in REGIONS)
    request.url = request.url.replace(east, west)


def test_paused_changes_wait(small_cloud: SmallCloud) -> None:
    key = uuid.uuid4().hex
    small_cloud.faults("us-east-1", replication_paused=True)
    put(small_cloud, "us-east-1", small_assembly.CATALOGUE, key, v="1")
    with small_cloud.edge("us-east-1") as edge:
        assert edge.get("/_local/health").json()["replication_backlog"]["us-west-2"] >= 1
    assert value(small_cloud, "us-west-2", key) is None
    small_cloud.faults("us-east-1", replication_lag_ms=0)
    assert eventually(lambda: value(small_cloud, "us-west-2", key)) == "1"


def test_errors_and_cut_connections_are_what_the_sdk_retries(small_cloud: SmallCloud) -> None:
    patient = small_cloud.aws("dynamodb", attempts=10)
    small_cloud.faults("us-east-1", seed=1, error_rate=0.3, drop_rate=0.3, services=["dynamodb"])
    retried = 0
    for _ in range(6):
        answer = patient.list_tables()
        retried += answer["ResponseMetadata"]["RetryAttempts"]
    assert retried


@pytest.mark.parametrize("region", REGIONS)
def test_a_strong_table_is_listed_and_described_as_of_the_region(
    small_cloud: SmallCloud, region: str
) -> None:
    dynamodb = small_cloud.aws("dynamodb", region)
    assert dynamodb.list_tables()["TableNames"] == sorted(
        [small_assembly.CATALOGUE, small_assembly.LEDGER]
    )
    table = dynamodb.describe_table(TableName=small_assembly.LEDGER)["Table"]
    assert f":dynamodb:{region}:" in table["TableArn"]
    assert table["MultiRegionConsistency"] == "STRONG"
    assert {r["RegionName"] for r in table["Replicas"]} == set(REGIONS)
    assert [w["RegionName"] for w in table["GlobalTableWitnesses"]] == ["us-east-2"]


def test_transactions_on_a_strong_table_and_partiql_are_refused(small_cloud: SmallCloud) -> None:
    dynamodb = small_cloud.aws("dynamodb")
    write = {"Put": {"TableName": small_assembly.LEDGER, "Item": item("x")}}
    with pytest.raises(ClientError, match=r"ValidationException.*no transactions"):
        dynamodb.transact_write_items(TransactItems=[write])
    with pytest.raises(ClientError, match=r"ValidationException.*PartiQL"):
        dynamodb.execute_statement(Statement=f'DELETE FROM "{small_assembly.CATALOGUE}"')


def test_unknown_faults_are_refused(small_cloud: SmallCloud) -> None:
    with small_cloud.edge("us-east-1") as edge:
        assert edge.put("/_faults", json={"partitions": ["mars"]}).status_code == 400
        assert edge.put("/_faults", json={"eror_rate": 1}).status_code == 400
        assert edge.put("/_faults", content=b"nonsense").status_code == 400


def test_an_object_of_the_other_region_is_reached_through_this_edge(
    small_cloud: SmallCloud,
) -> None:
    bucket = f"far-{uuid.uuid4().hex}"
    west = small_cloud.aws("s3", "us-west-2")
    west.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    content = bytes(range(256)) * 8192
    through = small_cloud.aws("s3", "us-west-2")
    through.meta.events.register(
        "before-send.s3.*", lambda request, **_: _redirected_east(small_cloud, request)
    )
    through.put_object(Bucket=bucket, Key="a b/c", Body=content)
    assert west.get_object(Bucket=bucket, Key="a b/c")["Body"].read() == content
    assert through.head_object(Bucket=bucket, Key="a b/c")["ContentLength"] == len(content)


def _redirected_east(cloud: SmallCloud, request: Any) -> None:
    east, west = (cloud.topology.member(name).endpoint for name in REGIONS)
    request.url = request.url.replace(west, east)
