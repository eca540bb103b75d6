"""Moto's tables in the place of the DynamoDB Local process that LocalStack's provider talks to."""

from __future__ import annotations

from threading import RLock

from botocore.serialize import create_serializer
from localstack.aws.api import (
    CommonServiceException,
    RequestContext,
    ServiceRequest,
    ServiceResponse,
)
from localstack.aws.forwarder import dispatch_to_backend
from localstack.constants import LOCALHOST
from localstack.http import Request
from localstack.services.moto import dispatch_to_moto
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from localstack_host_mode.narrow_table import narrow

_PROTOCOL = "json"

_CHANGES = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexUpdates",
        "ProvisionedThroughput",
        "StreamSpecification",
        "WarmThroughput",
    }
)
"""The parameters of UpdateTable that change something in moto's tables."""


class MotoTables:
    """What LocalStack's DynamoDB provider forwards requests to.

    It has the shape of LocalStack's ``DynamodbServer``. One request is served at a time: moto
    checks a condition and writes in two steps, which must not mix with another request's.
    """

    def __init__(self) -> None:
        self._one_at_a_time = RLock()
        self._serializer = create_serializer(_PROTOCOL, include_validation=False)

    @property
    def url(self) -> str:
        """An address that says that there is none."""
        return f"http://{LOCALHOST}:0"

    def start_dynamodb(self) -> bool:
        """Nothing is started: the tables are in this process."""
        return True

    def stop_dynamodb(self) -> None:
        """Nothing is stopped."""

    def proxy(self, context: RequestContext, request: ServiceRequest | None) -> ServiceResponse:
        """Answer a request from the tables of its account and region.

        Parameters
        ----------
        context
            The request, with the region that it is for.
        request
            Its parameters where they differ from those it came with.

        Raises
        ------
        CommonServiceException
            The table refuses the request; with the error's own fields.
        """
        parameters = context.service_request if request is None else request
        operation = context.operation.name
        if operation == "UpdateTable" and not _CHANGES & parameters.keys():
            # LocalStack then does what it does with DynamoDB Local: it applies the rest itself.
            raise CommonServiceException("ValidationException", "Nothing to update")
        inner = self._unsigned(context, parameters)
        with self._one_at_a_time:
            answer = dispatch_to_backend(inner, dispatch_to_moto)
            if operation in {"CreateTable", "UpdateTable"}:
                self._adapt(context.account_id, context.region, parameters["TableName"])
        return answer

    def _unsigned(self, context: RequestContext, parameters: ServiceRequest) -> RequestContext:
        """Word a request as moto reads it; it looks at no signature, so none is computed."""
        worded = self._serializer.serialize_to_request(parameters, context.operation)
        scope = f"{context.account_id}/20120810/{context.region}/dynamodb/aws4_request"
        headers = {
            **worded["headers"],
            "Host": f"dynamodb.{context.region}.amazonaws.com",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=, Signature=",
            "x-moto-account-id": context.account_id,
        }
        inner = RequestContext(Request("POST", "/", headers=headers, body=worded["body"]))
        inner.service, inner.operation, inner.protocol = (
            context.service,
            context.operation,
            _PROTOCOL,
        )
        inner.region, inner.service_request = context.region, parameters
        return inner

    def _adapt(self, account: str, region: str, name: str) -> None:
        """Keep moto from collecting a stream's records for ever, and from sorting all items."""
        backend: DynamoDBBackend = dynamodb_backends[account][region]
        table = backend.get_table(name)
        # LocalStack has the records elsewhere.
        table.stream_shard = None
        narrow(table)
