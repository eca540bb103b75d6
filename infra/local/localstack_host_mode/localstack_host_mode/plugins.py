"""The entry points by which LocalStack finds the plug-ins; each imports what it needs when used."""

from __future__ import annotations

from importlib.util import find_spec

from localstack.runtime import hooks
from localstack.services.plugins import Service, aws_provider


@aws_provider(api="dynamodb", name="moto")
def dynamodb_on_moto() -> Service:
    """DynamoDB on moto's tables, chosen by ``PROVIDER_OVERRIDE_DYNAMODB=moto``."""
    from localstack.aws.forwarder import ForwardingFallbackDispatcher

    from localstack_host_mode.dynamodb import MotoDynamoDbProvider

    provider = MotoDynamoDbProvider()
    return Service.for_provider(
        provider,
        dispatch_table_factory=lambda given: ForwardingFallbackDispatcher(
            given, provider.forward_request
        ),
    )


@hooks.on_runtime_create(name="host_mode_listening")
def listen_where_told() -> None:
    """Bind the gateway to the address that it is given; before it is made."""
    from localstack_host_mode import listening

    listening.install()


@hooks.on_infra_start(name="host_mode")
def host_mode() -> None:
    """Put what host mode needs in the place of what needs Java, or falls short."""
    from localstack.services.dynamodb.resource_providers import aws_dynamodb_globaltable_plugin

    from localstack_host_mode import json_paths

    def load(plugin: aws_dynamodb_globaltable_plugin.DynamoDBGlobalTableProviderPlugin) -> None:
        from localstack_host_mode.global_table import GlobalTableProvider

        plugin.factory = GlobalTableProvider

    aws_dynamodb_globaltable_plugin.DynamoDBGlobalTableProviderPlugin.load = load
    json_paths.install()
    if find_spec("jsonata"):
        from localstack_host_mode import jsonata

        jsonata.install()
