"""What a stage's templates promise."""

from __future__ import annotations

import json
import re

import pytest

from bellpair_core.adapters import ledger_table
from bellpair_core.http.problem import gateway_problems
from bellpair_core.settings import Settings
from tests.deployment.assembly import Assembly, listed, text
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

WORKERS = {"worker-python", "worker-qiskit"}
FUNCTIONS = {
    *("adopt", "api", "authorizer", "broker", "calibration", "complete", "dispatch", "execute"),
    *(
        "failover",
        "finish",
        "notify",
        "observe",
        "park",
        "postprocess",
        "registrar",
        "resume",
        "sentinel",
    ),
    *("sweep", "tenants", "transpile", "triggers"),
    *WORKERS,
}
NO_RESOURCE_TO_NAME = {"logs:", "xray:"}
"""Services of which some actions take no resource but "*"."""
SQS_QUEUE = "AWS::SQS::Queue"

EVERY_FUNCTION = {
    *("logs:CreateLogStream", "logs:PutLogEvents"),
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
}
READ_PAIR, READ_BEATS = {"dynamodb:GetItem PAIR"}, {"dynamodb:GetItem BEAT#*"}
READ_JOBS, READ_BREAKERS = {"dynamodb:GetItem JOB#*"}, {"dynamodb:GetItem BREAKER#*"}
AMEND_JOBS = {*READ_JOBS, "dynamodb:PutItem JOB#*"}
FIND_OPEN, FIND_QUEUED = {"dynamodb:Query open"}, {"dynamodb:Query by-queue"}
HOLD_SLOTS = {"dynamodb:UpdateItem SLOTS#*"}
READ_QUALITIES = {"dynamodb:GetItem QUALITY#*"}
READ_JOURNALS = {"dynamodb:GetItem JOURNAL#*", "dynamodb:Query JOURNAL#*"}
WRITE_JOURNALS = {*READ_JOURNALS, "dynamodb:PutItem JOURNAL#*"}
NOTE_TASKS = {"dynamodb:UpdateItem JOURNAL#*"}
SPEND = {"dynamodb:GetItem SPEND#*", "dynamodb:UpdateItem SPEND#*"}
READ_DEVICES = {"dynamodb:BatchGetItem DEVICE#*"}
READ_CALIBRATIONS = {"dynamodb:GetItem CALIBRATIONS#*", "dynamodb:Query CALIBRATIONS#*"}
KEEP_CALIBRATIONS = {"dynamodb:PutItem CALIBRATIONS#*", "dynamodb:DeleteItem CALIBRATIONS#*"}
BREAK = {*READ_BREAKERS, "dynamodb:PutItem BREAKER#*"}
MAKE_TENANTS = {"dynamodb:PutItem TENANT#*", "dynamodb:PutItem KEY#*"}
READ_BLOBS = {"s3:GetObject", "s3:ListBucket"}
WRITE_BLOBS = {"s3:PutObject"}
LAUNCH = {
    *("braket:CreateQuantumTask", "braket:TagResource"),
    *("s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"),
}
FOLLOW, CANCEL = {"braket:GetQuantumTask"}, {"braket:CancelQuantumTask"}
START, ANSWER = {"states:StartExecution"}, {"states:SendTaskSuccess"}
WAKE, CALL_BACK = {"sqs:SendMessage dispatch"}, {"sqs:SendMessage callbacks"}
TELL_TRIGGERS = {"sqs:SendMessage triggers"}
ASK_WORKERS = {f"lambda:InvokeFunction {worker}" for worker in WORKERS}
BE_WOKEN = {
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
    *("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
}
READ_TRIGGERS = {
    f"dynamodb:{action} {place}"
    for action in ("GetItem", "Query")
    for place in ("TRIGGERS#*", "TRIGGERS-OF#*")
}
CHANGE_TRIGGERS = {
    f"dynamodb:{action} {place}"
    for action in ("PutItem", "DeleteItem")
    for place in ("TRIGGERS#*", "TRIGGERS-OF#*")
}
NOTE_TICKS = {"dynamodb:GetItem TRIGGER-TICK#*", "dynamodb:PutItem TRIGGER-TICK#*"}
REDRIVE = {
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
    "sqs:GetQueueAttributes",
}
READ_FUNCTIONS = {
    f"dynamodb:{action} {place}"
    for action in ("GetItem", "Query")
    for place in ("FUNCTIONS#*", "FUNCTION#*")
}
WRITE_FUNCTIONS = {"dynamodb:PutItem FUNCTIONS#*", "dynamodb:PutItem FUNCTION#*"}
READ_CALLBACKS = {"dynamodb:GetItem CALLBACKS#*", "dynamodb:Query CALLBACKS#*"}
CHANGE_CALLBACKS = {"dynamodb:PutItem CALLBACKS#*", "dynamodb:DeleteItem CALLBACKS#*"}
REUSE_FORMS = {"dynamodb:GetItem FORM#*", "dynamodb:PutItem FORM#*"}
READ_WORKERS = {"dynamodb:GetItem WORKERS", "dynamodb:Query WORKERS"}
WRITE_WORKERS = {"dynamodb:GetItem WORKERS", "dynamodb:PutItem WORKERS"}
OBSERVE = {*READ_QUALITIES, "dynamodb:PutItem QUALITY#*", "events:PutEvents"}
MAY: dict[str, set[str]] = {
    "adopt": {*READ_PAIR, *AMEND_JOBS, *FIND_OPEN, *START, *WAKE},
    "api": {
        *(*READ_PAIR, *READ_BEATS, *READ_BREAKERS, "dynamodb:GetItem SLOTS#*"),
        *(*AMEND_JOBS, *FIND_QUEUED, "dynamodb:Query by-tenant"),
        *(*READ_DEVICES, *READ_CALIBRATIONS, "lambda:InvokeFunction calibration"),
        "dynamodb:GetItem TENANT#*",
        "dynamodb:GetItem KEY#*",
        *MAKE_TENANTS,
        *READ_BLOBS,
        *WRITE_BLOBS,
        *(*WAKE, *CANCEL, *START),
        *(*READ_FUNCTIONS, *WRITE_FUNCTIONS, *READ_CALLBACKS, *CHANGE_CALLBACKS),
        *(*READ_WORKERS, *WRITE_WORKERS, *ASK_WORKERS, *READ_JOURNALS, "dynamodb:GetItem SPEND#*"),
        *(*READ_TRIGGERS, *CHANGE_TRIGGERS, *TELL_TRIGGERS, *REDRIVE),
    },
    "authorizer": {"dynamodb:GetItem KEY#*"},
    "broker": {
        *(*AMEND_JOBS, *WRITE_JOURNALS, *SPEND, "dynamodb:GetItem TENANT#*"),
        *(*HOLD_SLOTS, "dynamodb:GetItem SLOTS#*", *BREAK, *READ_DEVICES, *WAKE),
        *(*READ_BLOBS, *WRITE_BLOBS, *LAUNCH, *FOLLOW, *CANCEL, "braket:GetDevice"),
        *(*REUSE_FORMS, *OBSERVE),
    },
    "calibration": {
        *("braket:GetDevice", *READ_DEVICES, "dynamodb:PutItem DEVICE#*", *READ_QUALITIES),
        *(*READ_CALIBRATIONS, *KEEP_CALIBRATIONS, *READ_BLOBS, *WRITE_BLOBS),
    },
    "complete": {*READ_JOBS, *NOTE_TASKS, *ANSWER},
    "dispatch": {
        *(*READ_PAIR, *AMEND_JOBS, *FIND_QUEUED, *READ_JOURNALS),
        *(*HOLD_SLOTS, "dynamodb:GetItem SLOTS#*"),
        *(*READ_DEVICES, *BREAK, *START, *BE_WOKEN),
    },
    "execute": {
        *(*AMEND_JOBS, *READ_DEVICES, *BREAK, *READ_BLOBS),
        *(*LAUNCH, *FOLLOW, *CANCEL, *ANSWER, "braket:GetDevice"),
        "lambda:InvokeFunction calibration",
    },
    "failover": {
        *(*READ_PAIR, *READ_BEATS, *FIND_OPEN, *BREAK, *WAKE),
        *("dynamodb:PutItem PAIR", "braket:GetDevice", "events:PutEvents"),
    },
    "finish": {
        *(*AMEND_JOBS, *WRITE_JOURNALS, *HOLD_SLOTS, *CANCEL),
        *(*WAKE, *TELL_TRIGGERS),
    },
    "notify": {*READ_PAIR, *READ_JOBS, *READ_CALLBACKS, *BE_WOKEN},
    "observe": {
        *(*READ_PAIR, *READ_BREAKERS, *READ_DEVICES, *WAKE),
        *("dynamodb:GetItem JOB#job-mirror-*", "dynamodb:PutItem JOB#job-mirror-*"),
    },
    "park": {*AMEND_JOBS, *READ_JOURNALS, *NOTE_TASKS, *FOLLOW, *ANSWER, *HOLD_SLOTS, *WAKE},
    "postprocess": {
        *(*AMEND_JOBS, *READ_DEVICES, *BREAK, *READ_BLOBS, *WRITE_BLOBS, *FOLLOW),
        *OBSERVE,
        "lambda:InvokeFunction calibration",
    },
    "registrar": {*READ_PAIR, *ASK_WORKERS, *WRITE_WORKERS},
    "resume": {
        *(*AMEND_JOBS, *WRITE_JOURNALS, *SPEND, "dynamodb:GetItem TENANT#*"),
        *(*HOLD_SLOTS, "dynamodb:GetItem SLOTS#*", *BREAK, *READ_DEVICES, *WAKE, *START),
        *(*READ_BLOBS, *WRITE_BLOBS, *LAUNCH, *FOLLOW, *CANCEL, "braket:GetDevice"),
        *OBSERVE,
    },
    "sentinel": {
        *(*READ_PAIR, *READ_BEATS, *READ_BREAKERS, *FIND_OPEN, *START, *WAKE),
        "dynamodb:PutItem BEAT#*",
        *("dynamodb:GetItem JOB#job-canary-*", "dynamodb:PutItem JOB#job-canary-*"),
    },
    "sweep": {
        *(*READ_PAIR, *READ_BREAKERS, *AMEND_JOBS, *FIND_OPEN, *HOLD_SLOTS),
        *(*FOLLOW, *CANCEL, *READ_JOURNALS, "braket:GetDevice"),
        *(*READ_BLOBS, *WRITE_BLOBS, "s3:DeleteObject"),
        *(*START, "states:DescribeExecution", *WAKE, *TELL_TRIGGERS),
    },
    "tenants": MAKE_TENANTS,
    "transpile": {
        *(*AMEND_JOBS, *READ_BREAKERS, *READ_DEVICES, *READ_BLOBS, *WRITE_BLOBS, *REUSE_FORMS),
    },
    "triggers": {
        *(*READ_PAIR, *AMEND_JOBS, *READ_DEVICES, *READ_FUNCTIONS, *READ_CALLBACKS),
        *(*READ_TRIGGERS, *NOTE_TICKS, *READ_BLOBS, *WRITE_BLOBS, *WAKE, *BE_WOKEN),
        *(*TELL_TRIGGERS, "sqs:SendMessage trigger-failures"),
        *(*CALL_BACK, "events:PutEvents"),
    },
    **{worker: {"lambda:InvokeFunction broker"} for worker in WORKERS},
}
"""What each function may do: of tables, with the partitions or indexes that it may reach; of
functions and queues, with their names."""

BY_NAME = {"lambda:InvokeFunction", "sqs:SendMessage"}


def statements_of(assembly: Assembly, name: str, region: str) -> list[dict]:
    """Return what the role of one function allows."""
    (function,) = (
        function
        for function in assembly.functions()
        if function.properties["FunctionName"].endswith(f"-{name}") and region in function.place
    )
    stack = function.place.split("/")[0]
    role = function.properties["Role"]["Fn::GetAtt"][0].removesuffix("Role").split("Role")[0]
    return [
        statement
        for place, statement in assembly.statements()
        if place.startswith(f"{stack}/{role}Role")
    ]


def reached(statements: list[dict], action: str) -> set[str]:
    """Return the resources on which an action is allowed."""
    return {
        resource
        for statement in statements
        if action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def granted_to(assembly: Assembly, name: str, region: str) -> set[str]:
    """Return what a function may do, as `MAY` has it."""
    granted = set()
    for statement in statements_of(assembly, name, region):
        keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
        resources = [str(resource) for resource in listed(statement["Resource"])]
        indexes = [resource.split("/index/")[1] for resource in resources if "/index/" in resource]
        partitions = keys.get("dynamodb:LeadingKeys", [])
        # What is rolled out is called by its alias.
        names = [
            resource.removesuffix(":live").rpartition(":")[2].split("-", 2)[-1]
            for resource in resources
        ]
        for action in listed(statement["Action"]):
            places = names if action in BY_NAME else (*partitions, *indexes) or ("",)
            granted |= {f"{action} {place}".strip() for place in places}
    return granted - EVERY_FUNCTION


def functions_by_name(assembly: Assembly, region: str) -> dict[str, dict]:
    return {
        function.properties["FunctionName"].split("-", 2)[2]: function.properties
        for function in assembly.functions()
        if region in function.place
    }


def test_the_command_line_and_the_app_alone_make_the_same_templates(assembly: Assembly) -> None:
    """Else `cdk diff` would find all that the one wrote changed by the other."""
    told = json.loads((ROOT / "infra" / "cdk" / "cdk.json").read_text())
    assert not told["pathMetadata"] and not told["assetMetadata"]
    for made in assembly.templates:
        for resource in made.resources():
            names = resource.body.get("Metadata", {}).keys()
            assert not [name for name in names if name.endswith(":path")], resource.logical_id


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
    assert catalogue["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


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


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_may_do_what_it_does_and_no_more(
    assembly: Assembly, name: str, region: str
) -> None:
    assert granted_to(assembly, name, region) == MAY[name]


def test_of_the_ledger_the_indexes_are_searched_and_single_journals(assembly: Assembly) -> None:
    searched = set()
    for _, statement in assembly.statements():
        for resource in map(str, listed(statement["Resource"])):
            if "dynamodb:Query" in listed(statement["Action"]) and "-ledger" in resource:
                keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
                index = resource.partition("/index/")[2]
                searched.add((index, *keys.get("dynamodb:LeadingKeys", ())))
    assert searched == {
        *((index.name,) for index in ledger_table.INDEXES),
        ("", "JOURNAL#*"),
    }


def test_the_catalogue_is_reached_by_partition_alone(assembly: Assembly) -> None:
    reached = [
        statement
        for _, statement in assembly.statements()
        if any(resource.endswith("-catalogue") for resource in listed(statement["Resource"]))
    ]
    assert reached
    for statement in reached:
        assert statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]


def test_other_workloads_tasks_are_out_of_reach(assembly: Assembly) -> None:
    asked_of = {
        "braket:CreateQuantumTask": "aws:RequestTag/bellpair-job",
        "braket:TagResource": "aws:RequestTag/bellpair-job",
        "braket:GetQuantumTask": "aws:ResourceTag/bellpair-job",
        "braket:CancelQuantumTask": "aws:ResourceTag/bellpair-job",
    }
    seen = set()
    for _, statement in assembly.statements():
        for action in asked_of.keys() & set(listed(statement["Action"])):
            assert statement["Condition"] == {"StringLike": {asked_of[action]: "job-*"}}
            seen.add(action)
    assert seen == asked_of.keys()


def test_the_tag_that_rights_depend_on_is_the_one_that_tasks_are_made_with() -> None:
    adapter = (ROOT / "layers/core/bellpair_core/adapters/braket_device.py").read_text()
    assert 'tags={"bellpair-job": job_id}' in adapter


def test_few_dispatchers_are_woken_at_once(assembly: Assembly) -> None:
    (mapping,) = (
        mapping
        for mapping in assembly.resources("AWS::Lambda::EventSourceMapping", within="us-east-1")
        if "Dispatch" in text(mapping.properties["FunctionName"])
    )
    assert mapping.properties["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert "FunctionResponseTypes" not in mapping.properties


def test_a_wake_up_that_was_given_up_is_soon_forgotten(assembly: Assembly) -> None:
    queues = {queue.properties["QueueName"]: queue for queue in assembly.resources(SQS_QUEUE)}
    for name, queue in queues.items():
        if name.endswith("-given-up"):
            source = queues[name.removesuffix("-given-up")].properties
            tried = source["VisibilityTimeout"] * source["RedrivePolicy"]["maxReceiveCount"]
            # A message keeps its age when it is given up, and must be seen by the alarm then.
            assert tried + 600 < queue.properties["MessageRetentionPeriod"] <= 3600


def test_api_gateway_refuses_in_the_words_of_the_api(assembly: Assembly) -> None:
    for region in ("us-east-1", "us-west-2"):
        refusals = {
            refusal.properties["ResponseType"]: refusal.properties
            for refusal in assembly.resources("AWS::ApiGateway::GatewayResponse", within=region)
        }
        assert refusals.keys() == gateway_problems().keys()
        for kind, problem in gateway_problems().items():
            assert refusals[kind].get("StatusCode") == problem.get("status_code")
            assert refusals[kind]["ResponseTemplates"] == problem["response_templates"]
            assert refusals[kind]["ResponseParameters"] == problem["response_parameters"]


def test_every_function_has_its_own_role_and_kept_logs(assembly: Assembly) -> None:
    roles = [f"{f.place.split('/')[0]} {text(f.properties['Role'])}" for f in assembly.functions()]
    assert len(roles) == len(set(roles))
    for function in assembly.functions():
        assert "LogGroup" in function.properties["LoggingConfig"], function.place
    for group in assembly.resources("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] > 0, group.place


def test_only_who_compiles_carries_the_quantum_layer(assembly: Assembly) -> None:
    heavy = {
        name
        for name, properties in functions_by_name(assembly, "us-east-1").items()
        if len(properties["Layers"]) > 1
    }
    assert heavy - WORKERS == {"broker", "transpile"}


def test_a_worker_serves_one_tenant_with_each_of_its_processes(assembly: Assembly) -> None:
    for name, properties in functions_by_name(assembly, "us-west-2").items():
        isolated = properties.get("TenancyConfig") == {"TenantIsolationMode": "PER_TENANT"}
        assert isolated == (name in WORKERS), name


@pytest.mark.parametrize("worker", sorted(WORKERS))
def test_a_worker_is_told_of_its_broker_and_of_nothing_that_is_stored(
    assembly: Assembly, worker: str
) -> None:
    told = functions_by_name(assembly, "us-east-1")[worker]["Environment"]["Variables"]
    assert told["BELLPAIR_BROKER"].removesuffix(":live").endswith("-broker")
    assert told["BELLPAIR_WORKER_PRELOAD"].startswith("bellpair.functions.engine")
    stored = ("TABLE", "BUCKET", "QUEUE", "MACHINE", "DEVICES")
    assert not [key for key in told if any(word in key for word in stored)]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_functions_environment_is_valid_settings(local: Assembly, name: str) -> None:
    properties = functions_by_name(local, "us-west-2")[name]
    variables = {key: text(value) for key, value in properties["Environment"]["Variables"].items()}
    given = {"AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "http://edge"}
    settings = Settings.from_environment({**variables, **given})
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
    assert len(buckets) == 6
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
        "AWS::Logs::MetricFilter",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SNS::Subscription",
        "AWS::Lambda::Version",
        "AWS::Lambda::Alias",
        "AWS::CodeDeploy::DeploymentGroup",
    }
    assert not local_kinds & only_aws
    assert "AWS::CloudWatch::Alarm" in prod_kinds
    assert local_kinds <= prod_kinds


def test_every_function_and_the_workflow_are_watched_in_production(prod: Assembly) -> None:
    watched = {
        str(text(dimension["Value"]))
        for alarm in prod.resources("AWS::CloudWatch::Alarm", within="us-west-2")
        for dimension in alarm.properties.get("Dimensions", ())
    }
    assert {f"bellpair-prod-{name}" for name in FUNCTIONS} <= watched
    for machine in ("job", "hybrid", "failover"):
        assert any(name.endswith(f":stateMachine:bellpair-prod-{machine}") for name in watched)
    assert {"bellpair-prod-dispatch-given-up", "bellpair-prod-callbacks-dead"} <= watched


def test_an_alarm_can_ring(prod: Assembly) -> None:
    alarms = {
        alarm.properties["AlarmName"].split("-", 2)[2]: alarm.properties
        for alarm in prod.resources("AWS::CloudWatch::Alarm", within="us-east-1")
    }
    for name in ("Calibration", "Dispatch", "Sentinel", "Sweep"):
        # One call may be all that comes in the five minutes that are looked at.
        assert alarms[f"{name}Errors"]["Threshold"] == 1
        assert alarms[f"{name}Throttles"]["Threshold"] == 1
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
        for machine in ("Job", "Hybrid", "Failover"):
            assert alarms[f"{machine}{metric}"]["Threshold"] == 1
    for alarm in alarms.values():
        assert "Metrics" in alarm or alarm["Period"] in (120, 300, 900)
        assert alarm["EvaluationPeriods"] == 1
        # What a new version is taken back by rings for CodeDeploy alone.
        assert "Metrics" in alarm or alarm["AlarmActions"]


def test_an_unknown_key_wakes_nobody(prod: Assembly) -> None:
    names = {alarm.properties["AlarmName"] for alarm in prod.resources("AWS::CloudWatch::Alarm")}
    assert "bellpair-prod-AuthorizerErrors" not in names
    assert "bellpair-prod-ApiFaults" in names


def test_what_counts_as_a_fault_is_what_the_api_calls_one(prod: Assembly) -> None:
    patterns = {
        str(text(found.properties["LogGroupName"])): found.properties
        for found in prod.resources("AWS::Logs::MetricFilter", within="Operations-us-west-2")
    }
    (alarm,) = (
        alarm.properties
        for alarm in prod.resources("AWS::CloudWatch::Alarm", within="us-west-2")
        if alarm.properties["AlarmName"] == "bellpair-prod-ApiFaults"
    )
    assert patterns.keys() == {"/aws/lambda/bellpair-prod-api", "/aws/apigateway/bellpair-prod"}
    for found in patterns.values():
        (counted,) = found["MetricTransformations"]
        assert counted["MetricValue"] == "1"
        for key in ("MetricNamespace", "MetricName"):
            assert counted[key] == alarm[key.replace("MetricNamespace", "Namespace")]
    assert "Dimensions" not in alarm
    told = patterns["/aws/lambda/bellpair-prod-api"]["FilterPattern"]
    assert set(re.findall(r'code = "([a-z-]+)"', told)) == {"internal", "unavailable"}
    kept = {
        group.properties["LogGroupName"]
        for group in prod.resources("AWS::Logs::LogGroup", within="us-west-2")
    }
    assert patterns.keys() <= kept


def test_api_gateways_log_tells_its_own_refusals_from_what_it_passes_on(prod: Assembly) -> None:
    (stage,) = prod.resources("AWS::ApiGateway::Stage", within="us-west-2")
    line = json.loads(stage.properties["AccessLogSetting"]["Format"])
    # The filter of faults reads these two.
    assert (line["status"], line["error"]) == ("$context.status", "$context.error.responseType")


def test_events_cross_regions_and_do_not_travel_in_a_circle(prod: Assembly) -> None:
    for region, peer in (("us-east-1", "us-west-2"), ("us-west-2", "us-east-1")):
        (rule,) = (
            rule
            for rule in prod.resources("AWS::Events::Rule", within=f"Operations-{region}")
            if rule.properties["EventPattern"]["source"] == ["aws.braket"]
        )
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
    assert open_routes == {"/v1/health", "/v1/health/active", "/v1/openapi.json"}
