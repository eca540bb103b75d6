"""The catalogue: the eventually consistent table with tenants, keys, devices, calibrations."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from bellpair_cdk.names import Names
from bellpair_cdk.table import protection, string
from bellpair_core.adapters.dynamodb_forms import EXPIRES_AT


class Catalogue(Construct):
    """A global table with about a second of lag between regions; the last writer wins."""

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        dynamodb.TableV2(
            self,
            "Table",
            table_name=names.catalogue,
            partition_key=string("pk"),
            sort_key=string("sk"),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            # Of compiled forms; nothing else has the attribute.
            time_to_live_attribute=EXPIRES_AT,
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            replicas=[dynamodb.ReplicaTableProps(region=names.stage.secondary_region)],
            **protection(names.stage),
        )
