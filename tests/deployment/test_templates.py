"""What a stage's templates promise."""

from __future__ import annotations

import pytest

from bellpair_cdk.checks import CFN_LINT, lint, templates
from bellpair_core.adapters import ledger_table
from bellpair_core.settings import Settings
from tests.deployment.assembly import Assembly, listed, text

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

FUNCTIONS = {
    *("api", "authorizer", "calibration", "complete", "dispatch", "execute"),
    *("finish", "postprocess", "sweep", "tenants", "transpile"),
}
NO_RESOURCE_TO_NAME = {"logs:", "xray:"}
"""Services of which some actions take no resource but "*"."""


def functions_by_name(assembly: Assembly, region: str) -> dict[str, dict]:
    return {
        function.properties["FunctionName"].split("-", 2)[2]: function.properties
        for function in assembly.functions()
        if region in function.place
    }


def test_both_regions_have_every_function(assembly: Assembly) -> None:
    assert functions_by_name(assembly, "us-east-1").keys() == FUNCTIONS
    assert functions_by_name(assembly, "us-west-2").keys() == FUNCTIONS


def test_the_two_regions_differ_in_the_tables_alone(assembly: Assembly) -> None:
    def kinds(region: str) -> list[str]:
        return sorted(resource.kind for resource in assembly.resources(within=region))

    first, second = kinds("us-east-1"), kinds("us-west-2")
    assert [kind for kind in first if kind != "AWS::DynamoDB::GlobalTable"] == second


def test_the_ledger_is_strongly_consistent_with_a_witness(assembly: Assembly) -> None:
    (ledger,) = (
        table.properties
        for table in assembly.resources("AWS::DynamoDB::GlobalTable")
        if table.properties["TableName"].endswith("-ledger")
    )
    assert ledger["MultiRegionConsistency"] == "STRONG"
    assert ledger["GlobalTableWitnesses"] == [{"Region": "us-east-2"}]
    assert {replica["Region"] for replica in ledger["Replicas"]} == {"us-east-1", "us-west-2"}
    assert ledger["BillingMode"] == "PAY_PER_REQUEST"


def test_the_ledger_has_the_indexes_that_its_adapter_reads(assembly: Assembly) -> None:
    (ledger,) = (
        table.properties
        for table in assembly.resources("AWS::DynamoDB::GlobalTable")
        if table.properties["TableName"].endswith("-ledger")
    )
    made = {
        index["IndexName"]: (
            [key["AttributeName"] for key in index["KeySchema"]],
            tuple(index["Projection"]["NonKeyAttributes"]),
        )
        for index in ledger["GlobalSecondaryIndexes"]
    }
    assert made == {
        index.name: ([index.partition_key, index.sort_key], index.attributes)
        for index in ledger_table.INDEXES
    }


def test_the_catalogue_is_eventually_consistent_and_has_a_stream(assembly: Assembly) -> None:
    (catalogue,) = (
        table.properties
        for table in assembly.resources("AWS::DynamoDB::GlobalTable")
        if table.properties["TableName"].endswith("-catalogue")
    )
    assert catalogue.get("MultiRegionConsistency", "EVENTUAL") == "EVENTUAL"
    assert catalogue["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_production_guards_its_tables_and_local_does_not(prod: Assembly, local: Assembly) -> None:
    def guards(assembly: Assembly) -> set[bool]:
        return {
            replica["DeletionProtectionEnabled"]
            for table in assembly.resources("AWS::DynamoDB::GlobalTable")
            for replica in table.properties["Replicas"]
        }

    assert guards(prod) == {True}
    assert guards(local) == {False}


def test_no_role_may_do_everything_anywhere(assembly: Assembly) -> None:
    for place, statement in assembly.statements():
        if statement["Effect"] != "Allow":
            continue
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        assert not any(action == "*" or action.endswith(":*") for action in actions), place
        if "*" in resources:
            services = {action.split(":")[0] + ":" for action in actions}
            assert services <= NO_RESOURCE_TO_NAME, (place, actions)


def test_only_those_who_make_tenants_may_write_keys(assembly: Assembly) -> None:
    writers = {}
    for place, statement in assembly.statements():
        if "dynamodb:PutItem" in listed(statement["Action"]) and any(
            resource.endswith("-catalogue") for resource in listed(statement["Resource"])
        ):
            patterns = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            writers[place.split("/")[1]] = set(patterns)
    may_write_keys = {role for role, patterns in writers.items() if "KEY#*" in patterns}
    assert len(writers) == 3
    assert {role.split("Role")[0] for role in may_write_keys} == {"JobsApi", "TenantDeskTenants"}


def test_the_authorizer_reads_keys_and_nothing_else(assembly: Assembly) -> None:
    own = [
        statement
        for place, statement in assembly.statements()
        if "/JobsApiAuthorizerRole" in place and "us-east-1" in place
    ]
    actions = {action for statement in own for action in listed(statement["Action"])}
    assert actions - {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} == {
        "dynamodb:GetItem",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_only_execute_may_spend_qpu_time(assembly: Assembly) -> None:
    spenders = {
        place.split("/")[1].split("Role")[0]
        for place, statement in assembly.statements()
        if "braket:CreateQuantumTask" in listed(statement["Action"])
    }
    assert spenders == {"JobWorkflowExecute"}


def test_every_function_has_its_own_role_and_kept_logs(assembly: Assembly) -> None:
    roles = [f"{f.place.split('/')[0]} {text(f.properties['Role'])}" for f in assembly.functions()]
    assert len(roles) == len(set(roles))
    for function in assembly.functions():
        assert "LogGroup" in function.properties["LoggingConfig"], function.place
    for group in assembly.resources("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] > 0, group.place


def test_only_transpile_carries_the_quantum_layer(assembly: Assembly) -> None:
    heavy = {
        name
        for name, properties in functions_by_name(assembly, "us-east-1").items()
        if len(properties["Layers"]) > 1
    }
    assert heavy == {"transpile"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_functions_environment_is_valid_settings(local: Assembly, name: str) -> None:
    properties = functions_by_name(local, "us-west-2")[name]
    variables = {key: text(value) for key, value in properties["Environment"]["Variables"].items()}
    settings = Settings.from_environment({**variables, "AWS_REGION": "us-west-2"})
    assert settings.stage == "local"
    assert settings.peer_region == "us-east-1"
    for buckets in (settings.blob_buckets, settings.result_buckets):
        assert set(buckets) <= {"us-east-1", "us-west-2"}
    assert all(bucket.startswith("amazon-braket-") for bucket in settings.result_buckets.values())


def test_a_function_is_told_of_the_devices_that_the_stage_offers(local: Assembly) -> None:
    variables = functions_by_name(local, "us-east-1")["execute"]["Environment"]["Variables"]
    settings = Settings.from_environment(
        {**{key: text(value) for key, value in variables.items()}, "AWS_REGION": "us-east-1"}
    )
    assert {device.name for device in settings.devices} == {"sv1", "ion-11", "square-20"}


def test_buckets_are_private_and_refuse_plain_http(assembly: Assembly) -> None:
    buckets = list(assembly.resources("AWS::S3::Bucket"))
    assert len(buckets) == 4
    for bucket in buckets:
        assert all(bucket.properties["PublicAccessBlockConfiguration"].values()), bucket.place
    denials = [
        statement
        for policy in assembly.resources("AWS::S3::BucketPolicy")
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert len(denials) == len(buckets)


def test_what_only_aws_has_is_not_in_the_local_stacks(local: Assembly, prod: Assembly) -> None:
    local_kinds = {resource.kind for resource in local.resources()}
    prod_kinds = {resource.kind for resource in prod.resources()}
    only_aws = {
        "AWS::CloudWatch::Alarm",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SNS::Subscription",
    }
    assert not local_kinds & only_aws
    assert "AWS::CloudWatch::Alarm" in prod_kinds
    assert local_kinds <= prod_kinds


def test_every_function_and_the_workflow_are_watched_in_production(prod: Assembly) -> None:
    watched = {
        str(text(dimension["Value"]))
        for alarm in prod.resources("AWS::CloudWatch::Alarm", within="us-west-2")
        for dimension in alarm.properties["Dimensions"]
    }
    assert {f"bellpair-prod-{name}" for name in FUNCTIONS} <= watched
    assert any(name.endswith(":stateMachine:bellpair-prod-job") for name in watched)
    assert "bellpair-prod-dispatch-given-up" in watched


def test_events_cross_regions_and_do_not_travel_in_a_circle(prod: Assembly) -> None:
    for region, peer in (("us-east-1", "us-west-2"), ("us-west-2", "us-east-1")):
        (rule,) = prod.resources("AWS::Events::Rule", within=f"Operations-{region}")
        (target,) = rule.properties["Targets"]
        assert f":events:{peer}:" in text(target["Arn"])
        assert rule.properties["EventPattern"]["region"] == [region]


def test_the_routes_need_a_key_except_those_that_say_who_we_are(local: Assembly) -> None:
    (api,) = local.resources("AWS::ApiGateway::RestApi", within="us-east-1")
    open_routes = {
        path
        for path, methods in api.properties["Body"]["paths"].items()
        for method in methods.values()
        if not method.get("security")
    }
    assert open_routes == {"/v1/health", "/v1/openapi.json"}


def test_cfn_lint_has_nothing_to_say(assembly: Assembly) -> None:
    for region in ("us-east-1", "us-west-2"):
        paths = [path for path in templates(assembly.folder) if region in path.name]
        assert lint(paths, region) == []


def test_cfn_lint_would_find_a_fault(tmp_path) -> None:
    broken = tmp_path / "broken-us-east-1.template.json"
    broken.write_text('{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Nme": 1}}}}')
    assert CFN_LINT.exists()
    assert any("Nme" in line for line in lint([broken], "us-east-1"))
