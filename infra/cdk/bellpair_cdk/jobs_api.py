"""The jobs API: the Chalice app behind API Gateway, with its authorizer and its refusals."""

from __future__ import annotations

import json

from aws_cdk import Aws, CfnOutput, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from bellpair_cdk.access import BEATS, BREAKERS, JOBS, PAIR, SLOTS, SPENDING, Access
from bellpair_cdk.api_routes import MAIN, routes
from bellpair_cdk.function import RETENTION, PlatformFunction, Workbench
from bellpair_core.adapters.ledger_table import BY_QUEUE, BY_TENANT
from bellpair_core.http.problem import gateway_problems

GATEWAY_STAGE = "api"


class JobsApi(Construct):
    """A REST API whose routes are the Chalice app's.

    Chalice is asked for its Swagger document, and CDK makes everything else, so
    that the app's functions get their roles, logs and layers as all others do
    and the template needs no transform.
    """

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        names, accesses = bench.names, bench.accesses
        stage = names.stage
        app = routes(bench.workshop.functions / "api")

        def function(id: str, name: str, handler: str, granted: list[Access]) -> PlatformFunction:
            return bench.function(
                self, id, name=name, accesses=granted, handler=handler, folder="api"
            )

        # One module serves both, so both are told of everything; only one may touch it.
        api = [
            *(
                accesses.read_ledger(PAIR, BEATS, BREAKERS, JOBS, SLOTS, SPENDING),
                accesses.write_jobs(),
            ),
            accesses.find_jobs(BY_TENANT, BY_QUEUE),
            *(accesses.read_devices_of_catalogue(), accesses.know_devices()),
            *(accesses.read_calibrations(), accesses.ask_for_ingestion()),
            *(accesses.read_tenants(), accesses.read_keys(), accesses.write_tenants()),
            *(accesses.read_blobs(), accesses.write_blobs()),
            *(accesses.wake_dispatcher(), accesses.cancel_tasks(), accesses.know_results()),
            accesses.operate_pair(),
            *(accesses.read_functions(), accesses.write_functions()),
            *(accesses.read_workers(), accesses.write_workers(), accesses.ask_workers()),
            accesses.read_journals(),
            *(accesses.read_callbacks(), accesses.write_callbacks()),
            *(accesses.read_triggers(), accesses.write_triggers(), accesses.tell_triggers()),
            *(accesses.take_dead_letters(), accesses.know_inboxes()),
        ]
        told = [Access(environment=access.environment) for access in api]
        functions = {MAIN: function("Api", "api", app.handlers[MAIN], api)}
        for logical, handler in app.authorizers.items():
            functions[logical] = function(
                "Authorizer", "authorizer", handler, [accesses.read_keys(), *told]
            )
        swagger = app.addressed(
            {
                logical: f"arn:{Aws.PARTITION}:apigateway:{names.region}:lambda:path/2015-03-31"
                f"/functions/{made.callee.function_arn}/invocations"
                for logical, made in functions.items()
            }
        )
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=names.access_log,
            retention=logs.RetentionDays[RETENTION[stage.log_retention_days]],
            removal_policy=RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY,
        )
        self.rest_api = apigateway.SpecRestApi(
            self,
            "RestApi",
            rest_api_name=names.prefix,
            api_definition=apigateway.ApiDefinition.from_inline(swagger),
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.DESTROY,
            deploy_options=apigateway.StageOptions(
                stage_name=GATEWAY_STAGE,
                throttling_rate_limit=stage.requests_per_second,
                throttling_burst_limit=stage.burst,
                metrics_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                tracing_enabled=stage.tracing,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(_ACCESS),
            ),
        )
        for made in functions.values():
            made.callee.add_permission(
                "CalledByTheApi",
                principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
                source_arn=self.rest_api.arn_for_execute_api(),
            )
        for kind, problem in gateway_problems().items():
            refusal = apigateway.CfnGatewayResponse(
                self,
                f"On{kind.title().replace('_', '')}",
                rest_api_id=self.rest_api.rest_api_id,
                response_type=kind,
                **problem,
            )
            deployment = self.rest_api.latest_deployment
            if deployment:
                # A deployment is a snapshot: it comes after the refusals, and anew with them.
                deployment.node.add_dependency(refusal)
                deployment.add_to_logical_id({kind: problem})
        CfnOutput(self, "ApiEndpointId", value=self.rest_api.rest_api_id).override_logical_id(
            "ApiEndpointId"
        )
        address = (
            f"https://{self.rest_api.rest_api_id}.execute-api.{names.region}."
            f"{Aws.URL_SUFFIX}/{GATEWAY_STAGE}"
        )
        CfnOutput(self, "ApiUrl", value=address).override_logical_id("ApiUrl")


_ACCESS = json.dumps(
    {
        "request_id": "$context.requestId",
        "trace_id": "$context.xrayTraceId",
        "source_ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "latency_ms": "$context.responseLatency",
        "function_ms": "$context.integrationLatency",
        "tenant": "$context.authorizer.tenant",
        "error": "$context.error.responseType",
    }
)
