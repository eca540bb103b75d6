"""The ledger: the strongly consistent table with the pair record, jobs and tasks."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from bellpair_cdk.names import Names
from bellpair_cdk.table import protection, string
from bellpair_core.adapters import ledger_table


class Ledger(Construct):
    """A global table with multi-Region strong consistency: two replicas and a witness."""

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        stage = names.stage
        dynamodb.TableV2(
            self,
            "Table",
            table_name=names.ledger,
            partition_key=string(ledger_table.PARTITION_KEY),
            sort_key=string(ledger_table.SORT_KEY),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=index.name,
                    partition_key=string(index.partition_key),
                    sort_key=string(index.sort_key),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=list(index.attributes),
                )
                for index in ledger_table.INDEXES
            ],
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            multi_region_consistency=dynamodb.MultiRegionConsistency.STRONG,
            witness_region=stage.witness_region,
            replicas=[dynamodb.ReplicaTableProps(region=stage.secondary_region)],
            **protection(stage),
        )
