"""What a global table's resource means, and the record that all edges share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bellpair_local.global_tables import Consistency, GlobalTable, GlobalTableRegistry
from bellpair_local.ministack_seams.global_tables import global_table, holders
from bellpair_local.topology import Topology

PAIR = [{"Region": "us-east-1"}, {"Region": "us-west-2"}]
WITNESS = [{"Region": "us-east-2"}]
KEYS: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
TOPOLOGY = Topology.plan("t", Path("/nowhere"), Path("/nowhere"))


def table(**properties: Any) -> GlobalTable:
    return global_table("t", {**KEYS, "Replicas": PAIR, **properties}, "us-east-1")


def test_a_strong_table_lives_at_the_witness_alone() -> None:
    strong = table(MultiRegionConsistency="STRONG", GlobalTableWitnesses=WITNESS)
    assert [m.name for m in holders(TOPOLOGY, strong)] == ["witness"]
    assert strong.replicas == ("us-east-1", "us-west-2")


def test_an_eventual_table_lives_in_each_replica_and_has_a_stream() -> None:
    eventual = table()
    assert [m.name for m in holders(TOPOLOGY, eventual)] == ["us-east-1", "us-west-2"]
    assert eventual.definition["StreamSpecification"]["StreamEnabled"] is True


def test_indexes_keep_what_createtable_knows() -> None:
    index = {
        "IndexName": "i",
        "KeySchema": KEYS["KeySchema"],
        "Projection": {"ProjectionType": "ALL"},
        "WriteProvisionedThroughputSettings": {"anything": 1},
    }
    made = table(GlobalSecondaryIndexes=[index]).definition["GlobalSecondaryIndexes"]
    assert made == [{k: index[k] for k in ("IndexName", "KeySchema", "Projection")}]


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"MultiRegionConsistency": "STRONG"}, "three replicas, or two and a witness"),
        (
            {
                "MultiRegionConsistency": "STRONG",
                "GlobalTableWitnesses": WITNESS,
                "TimeToLiveSpecification": {"AttributeName": "x", "Enabled": True},
            },
            "neither TTL nor LSIs",
        ),
        ({"Replicas": [{"Region": "us-west-2"}]}, "the stack's own region"),
    ],
)
def test_what_aws_refuses_is_refused(properties: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        table(**properties)


def test_a_replica_outside_the_cloud_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no region \['eu-west-1'\]"):
        holders(TOPOLOGY, table(Replicas=[*PAIR, {"Region": "eu-west-1"}]))


def test_what_one_edge_records_another_sees(tmp_path: Path) -> None:
    writer, reader = (GlobalTableRegistry(tmp_path / "tables.json") for _ in range(2))
    assert reader.strong() == frozenset()
    writer.put(table(MultiRegionConsistency="STRONG", GlobalTableWitnesses=WITNESS))
    assert reader.strong() == {"t"}
    writer.put(table())
    assert reader.strong() == frozenset()
    found = reader.get("t")
    assert found is not None and found.consistency is Consistency.EVENTUAL
    writer.remove("t")
    assert reader.tables() == {}
    writer.remove("t")
