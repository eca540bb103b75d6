"""LocalStack's DynamoDB provider on moto's tables instead of DynamoDB Local.

LocalStack's own provider does nearly everything: one copy of a global table with requests of the
other regions forwarded to it, streams, tags, expiry and recovery settings. Only what it forwards
to is another, and what it takes for granted of DynamoDB Local is made up for here.
"""

from __future__ import annotations

from typing import Any, cast

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse, handler
from localstack.aws.api.dynamodb import (
    BatchGetItemInput,
    BatchGetItemOutput,
    BatchWriteItemInput,
    BatchWriteItemOutput,
    DescribeTableOutput,
    TableName,
)
from localstack.aws.connect import connect_to
from localstack.constants import INTERNAL_AWS_SECRET_ACCESS_KEY
from localstack.services.dynamodb.models import dynamodb_stores
from localstack.services.dynamodb.provider import (
    DynamoDBProvider,
    EventForwarder,
    modify_context_region,
)
from localstack.services.dynamodb.utils import ItemFinder
from localstack.services.dynamodbstreams.models import dynamodbstreams_stores
from localstack.state import StateVisitor
from moto.dynamodb.models import dynamodb_backends

from localstack_host_mode.moto_tables import MotoTables


class MotoDynamoDbProvider(DynamoDBProvider):
    """DynamoDB on moto's tables."""

    server: MotoTables

    def __init__(self) -> None:
        super().__init__()
        # The provider looks up what a transaction or a batch is about to change; that goes through
        # LocalStack's own door, since there is no other server to ask.
        ItemFinder.get_ddb_local_client = staticmethod(_own_client)
        # One thread puts changes into the streams in the order that they were made in.
        self._event_forwarder = EventForwarder(num_thread=1)

    @staticmethod
    def _new_dynamodb_server() -> MotoTables:
        return MotoTables()

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """Show a visitor everything that is kept."""
        visitor.visit(dynamodb_stores)
        visitor.visit(dynamodbstreams_stores)
        visitor.visit(dynamodb_backends)

    def forward_request(
        self, context: RequestContext, service_request: ServiceRequest | None = None
    ) -> ServiceResponse:
        """Answer a request from the tables."""
        self.check_provisioned_throughput(context.operation.name)
        return self.server.proxy(context, service_request)

    @handler("BatchGetItem", expand=False)
    def batch_get_item(
        self, context: RequestContext, batch_get_item_input: BatchGetItemInput
    ) -> BatchGetItemOutput:
        """Get items from where their tables are, which LocalStack does for single ones only."""
        with modify_context_region(context, self._home(context, batch_get_item_input)):
            return cast("BatchGetItemOutput", self.forward_request(context))

    @handler("BatchWriteItem", expand=False)
    def batch_write_item(
        self, context: RequestContext, batch_write_item_input: BatchWriteItemInput
    ) -> BatchWriteItemOutput:
        """Write items to where their tables are."""
        with modify_context_region(context, self._home(context, batch_write_item_input)):
            return super().batch_write_item(context, batch_write_item_input)

    def _home(self, context: RequestContext, batch: BatchGetItemInput | BatchWriteItemInput) -> str:
        """The region that has all tables of a batch; the caller's, if they are in several."""
        homes = {self.get_global_table_region(context, name) for name in batch["RequestItems"]}
        return str(homes.pop() if len(homes) == 1 else context.region)

    def describe_table(
        self, context: RequestContext, table_name: TableName, **kwargs: Any
    ) -> DescribeTableOutput:
        """Describe a table as the asked region's own."""
        home = self.get_global_table_region(context, table_name)
        answer = super().describe_table(context, table_name, **kwargs)
        if home != context.region:
            answer["Table"] = _moved(answer["Table"], home, context.region)
        return answer


def _moved(description: Any, home: str, region: str) -> Any:
    """A description whose ARNs are of another region."""
    if isinstance(description, dict):
        return {key: _moved(value, home, region) for key, value in description.items()}
    if isinstance(description, list):
        return [_moved(value, home, region) for value in description]
    if isinstance(description, str) and description.startswith("arn:"):
        return description.replace(f":dynamodb:{home}:", f":dynamodb:{region}:")
    return description


def _own_client(account_id: str, region_name: str, endpoint_url: str) -> Any:
    return connect_to(
        aws_access_key_id=account_id,
        aws_secret_access_key=INTERNAL_AWS_SECRET_ACCESS_KEY,
        region_name=region_name,
    ).dynamodb
