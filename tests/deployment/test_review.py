"""The review finds nothing in what we deploy, and everything that is broken on purpose."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bellpair_cdk.review import linting, machines, nag, rights
from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Template
from bellpair_cdk.review.whole import by_ourselves
from bellpair_cdk.stage import CONFIGURATION, Stage, load
from tests.deployment.assembly import Assembly
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

Body = dict[str, Any]
Change = Callable[[Body], None]
"""Breaks the resource that it is given."""


def stage_of(assembly: Assembly) -> Stage:
    return load(assembly.folder.name, ROOT / CONFIGURATION)


def broken(
    assembly: Assembly, kind: str, change: Change, *, like: str = ""
) -> tuple[list[Template], str, str]:
    """Return the templates with one resource changed, and where that is.

    Parameters
    ----------
    kind, like
        The resource's type, and a part of its logical id.
    """
    templates = list(assembly.templates)
    for position, template in enumerate(templates):
        for resource in template.resources(kind):
            if like in resource.logical_id:
                body = copy.deepcopy(dict(template.body))
                change(body["Resources"][resource.logical_id])
                templates[position] = Template(template.name, body, template.guarded)
                return templates, template.name, resource.logical_id
    raise AssertionError(f"no {kind} like {like!r}")


def set_property(*path: str, to: object) -> Change:
    def change(resource: Body) -> None:
        place = resource["Properties"]
        for key in path[:-1]:
            place = place[int(key) if isinstance(place, list) else key]
        key = path[-1]
        place[int(key) if isinstance(place, list) else key] = to

    return change


def drop(*path: str) -> Change:
    def change(resource: Body) -> None:
        place: Any = resource
        for key in path[:-1]:
            place = place[int(key) if isinstance(place, list) else key]
        del place[path[-1]]

    return change


def grant(**statement: object) -> Change:
    """Give a role one more statement."""

    def change(role: Body) -> None:
        document = role["Properties"]["Policies"][0]["PolicyDocument"]
        document["Statement"].append({"Effect": "Allow", **statement})

    return change


def table(name: str) -> str:
    return f"arn:aws:dynamodb:us-east-1:123456789012:table/bellpair-prod-{name}"


def keys(*partitions: str, operator: str = "ForAllValues:StringLike") -> Mapping[str, object]:
    return {operator: {"dynamodb:LeadingKeys": list(partitions)}}


def statement_of(policy: Body, service: str) -> Body:
    """The statement of a policy that lets a service in."""
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    found: Body = next(one for one in statements if f"'{service}.amazon" in str(one["Principal"]))
    return found


def shut_out(service: str) -> Change:
    def change(policy: Body) -> None:
        policy["Properties"]["PolicyDocument"]["Statement"].remove(statement_of(policy, service))

    return change


def let_in(service: str, **otherwise: object) -> Change:
    return lambda policy: statement_of(policy, service).update(otherwise)


ROLE, FUNCTION = "AWS::IAM::Role", "AWS::Lambda::Function"
ALIAS, GROUP = "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup"
TABLE, BUCKET, QUEUE = "AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::SQS::Queue"
TOPIC_POLICY = "AWS::SNS::TopicPolicy"
SWEEPER, API = "SweepRole", "JobsApi"

RIGHTS = {
    "everything on everything": (
        *("rights/everything-everywhere", ROLE, SWEEPER),
        grant(Action="*", Resource="*"),
    ),
    "everything on everything, spelt out": (
        *("rights/everything-everywhere", ROLE, SWEEPER),
        grant(Action=["sqs:SendMessage", "*:*"], Resource=["*"]),
    ),
    "all of a service": (
        *("rights/wildcard-action", ROLE, SWEEPER),
        grant(Action="s3:*", Resource="arn:aws:s3:::bellpair-prod-blobs/*"),
    ),
    "many of a service": (
        *("rights/wildcard-action", ROLE, SWEEPER),
        grant(Action="sqs:Receive*", Resource="arn:aws:sqs:us-east-1:123456789012:q"),
    ),
    "one action on everything": (
        *("rights/any-resource", ROLE, SWEEPER),
        grant(Action="s3:GetObject", Resource="*"),
    ),
    "all but one": (
        *("rights/all-but", ROLE, SWEEPER),
        grant(NotAction="iam:CreateUser", Resource="arn:aws:s3:::bucket"),
    ),
    "to be given more": (
        *("rights/raises-rights", ROLE, SWEEPER),
        grant(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/bellpair"),
    ),
    "another's key hashes": (
        *("rights/others-secrets", ROLE, SWEEPER),
        grant(Action="dynamodb:GetItem", Resource=table("catalogue"), Condition=keys("KEY#*")),
    ),
    "another's key hashes by a pattern": (
        *("rights/others-secrets", ROLE, SWEEPER),
        grant(Action="dynamodb:Query", Resource=table("catalogue"), Condition=keys("K*")),
    ),
    "one key hash": (
        *("rights/others-secrets", ROLE, SWEEPER),
        grant(
            Action="dynamodb:BatchGetItem",
            Resource=table("*"),
            Condition=keys("KEY#1", operator="ForAllValues:StringEquals"),
        ),
    ),
    "the callbacks' signing keys, by no condition": (
        *("rights/others-secrets", ROLE, SWEEPER),
        grant(Action="dynamodb:GetItem", Resource=table("catalogue")),
    ),
    "a secret of the account": (
        *("rights/others-secrets", ROLE, SWEEPER),
        grant(
            Action="secretsmanager:GetSecretValue",
            Resource="arn:aws:secretsmanager:us-east-1:123456789012:secret:x",
        ),
    ),
    "a parameter of the account": (
        *("rights/others-secrets", ROLE, SWEEPER),
        grant(Action="ssm:GetParameter", Resource="arn:aws:ssm:us-east-1:123456789012:parameter/x"),
    ),
    "a whole table": (
        *("rights/whole-table", ROLE, SWEEPER),
        grant(Action="dynamodb:Scan", Resource=table("catalogue"), Condition=keys("DEVICE#*")),
    ),
    "a whole table by PartiQL": (
        *("rights/whole-table", ROLE, SWEEPER),
        grant(Action="dynamodb:PartiQLUpdate", Resource=table("ledger"), Condition=keys("JOB#*")),
    ),
    "a table's stream": (
        *("rights/whole-table", ROLE, SWEEPER),
        grant(Action="dynamodb:GetRecords", Resource=table("catalogue") + "/stream/*"),
    ),
    "to write the pair record": (
        *("rights/pair-record", ROLE, SWEEPER),
        grant(Action="dynamodb:PutItem", Resource=table("ledger"), Condition=keys("PAIR")),
    ),
    "to write the pair record by a pattern": (
        *("rights/pair-record", ROLE, SWEEPER),
        grant(
            Action=["dynamodb:GetItem", "dynamodb:UpdateItem"],
            Resource=[table("other"), table("ledger")],
            Condition=keys("JOB#*", "P*"),
        ),
    ),
    "to write the ledger without a condition": (
        *("rights/pair-record", ROLE, SWEEPER),
        grant(Action="dynamodb:DeleteItem", Resource=table("ledger")),
    ),
    "a secret in the environment": (
        *("rights/plain-secret", FUNCTION, "NotifyFunction"),
        set_property("Environment", "Variables", "SIGNING_SECRET", to="s3cr3t"),
    ),
    "whoever goes through API Gateway": (
        *("rights/open-door", "AWS::Lambda::Permission", API),
        drop("Properties", "SourceArn"),
    ),
    "whoever goes through a queue's policy": (
        *("rights/open-door", "AWS::SQS::QueuePolicy", ""),
        lambda policy: policy["Properties"]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
        ),
    ),
    "another account as a role": (
        *("rights/assumed-by", ROLE, SWEEPER),
        set_property(
            "AssumeRolePolicyDocument", "Statement", "0", "Principal", to={"AWS": "210987654321"}
        ),
    ),
    "alarms that are not let in": (
        *("rights/unheard", TOPIC_POLICY, ""),
        shut_out("cloudwatch"),
    ),
    "promotions that are not let in": (
        *("rights/unheard", TOPIC_POLICY, ""),
        shut_out("events"),
    ),
    "promotions that are let in with a condition": (
        *("rights/unheard", TOPIC_POLICY, ""),
        let_in("events", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}),
    ),
    "events that may do more than publish without a condition": (
        *("rights/open-door", TOPIC_POLICY, ""),
        let_in("events", Action=["sns:Publish", "sns:Subscribe"]),
    ),
    "events that may publish anywhere without a condition": (
        *("rights/open-door", TOPIC_POLICY, ""),
        let_in("events", Resource="*"),
    ),
    "alarms of anybody": (
        *("rights/open-door", TOPIC_POLICY, ""),
        lambda policy: statement_of(policy, "cloudwatch").pop("Condition"),
    ),
}

OF_DYNAMODB = "arn:aws:dynamodb:us-east-1:123456789012:"
CATALOGUE_BY_PATTERN: dict[str, object] = {
    "all of the service": "arn:aws:dynamodb:*",
    "all of the account": f"{OF_DYNAMODB}*",
    "a name with one letter open": f"{OF_DYNAMODB}table/bellpair-prod-catalogu?",
    "a type with letters open": f"{OF_DYNAMODB}t*/bellpair-prod-catalogue",
    "a stream by a pattern": "arn:aws:dynamodb:*/stream/2026",
    "another region's": "arn:aws:dynamodb:us-west-?:*:table/bellpair-*-cat*",
    "a substitution": {"Fn::Sub": f"{OF_DYNAMODB}table/${{Catalogue}}"},
    "an import": {"Fn::ImportValue": "CatalogueArn"},
    "a name with an import in it": {
        "Fn::Join": ["", [f"{OF_DYNAMODB}table/", {"Fn::ImportValue": "CatalogueName"}]]
    },
}
KEYS_BY_PATTERN = ("*#ID#*", "??Y#ab*", "K?Y#1", "${aws:PrincipalTag/partition}")

PATTERNS = {
    **{
        f"the catalogue by {what}": (
            *("rights/others-secrets", ROLE, SWEEPER),
            grant(Action="dynamodb:GetItem", Resource=resource, Condition=keys("KEY#*")),
        )
        for what, resource in CATALOGUE_BY_PATTERN.items()
    },
    **{
        f"key hashes by {pattern}": (
            *("rights/others-secrets", ROLE, SWEEPER),
            grant(Action="dynamodb:GetItem", Resource=table("catalogue"), Condition=keys(pattern)),
        )
        for pattern in KEYS_BY_PATTERN
    },
}

HARMLESS = {
    "a partition beside the secret ones": (table("catalogue"), "KEYS#*"),
    "a partition that ends like one": (table("catalogue"), "TENANT#?KEY"),
    "a table of another name": (table("catalogues"), "KEY#*"),
    "an index": (table("catalogue") + "/index/by-tenant", "KEY#*"),
    "a queue": ("arn:aws:sqs:us-east-1:123456789012:bellpair-prod-catalogue", "KEY#*"),
}


def open_the_door(policy: Body) -> None:
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        statement["Effect"] = "Allow"


def deny_one_principal(policy: Body) -> None:
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        if statement["Effect"] == "Deny":
            statement["Principal"] = {"AWS": "123456789012"}


def deny_another_service(policy: Body) -> None:
    other = "sqs:*" if policy["Type"] == TOPIC_POLICY else "sns:Publish"
    denying(policy)["Action"] = other


def deny_elsewhere(policy: Body) -> None:
    denying(policy)["Resource"] = {"Fn::GetAtt": ["Another", "Arn"]}


def deny_sometimes(policy: Body) -> None:
    denying(policy)["Condition"]["StringEquals"] = {"aws:RequestedRegion": "us-east-1"}


def denying(policy: Body) -> Body:
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    found: Body = next(one for one in statements if one["Effect"] == "Deny")
    return found


ENCRYPTION = {
    "a table in the clear": (
        "encryption/at-rest",
        TABLE,
        "",
        drop("Properties", "SSESpecification"),
    ),
    "a bucket in the clear": (
        "encryption/at-rest",
        BUCKET,
        "",
        drop("Properties", "BucketEncryption"),
    ),
    "a queue in the clear": (
        *("encryption/at-rest", QUEUE, ""),
        set_property("SqsManagedSseEnabled", to=False),
    ),
    "an address without TLS": (
        *("encryption/tls", FUNCTION, "ApiFunction"),
        set_property("Environment", "Variables", "BELLPAIR_PEER", to="http://peer"),
    ),
}
WITHOUT_TLS = {
    BUCKET: "AWS::S3::BucketPolicy",
    QUEUE: "AWS::SQS::QueuePolicy",
    "AWS::SNS::Topic": TOPIC_POLICY,
}

KEEPING = {
    "a log for ever": (
        *("keeping/log-retention", "AWS::Logs::LogGroup", ""),
        drop("Properties", "RetentionInDays"),
    ),
    "a log for a day": (
        *("keeping/log-retention", "AWS::Logs::LogGroup", ""),
        set_property("RetentionInDays", to=1),
    ),
    "a function without a log group": (
        *("keeping/log-group", FUNCTION, "Sweep"),
        drop("Properties", "LoggingConfig"),
    ),
    "a machine without a log": (
        *("keeping/log-group", "AWS::StepFunctions::StateMachine", ""),
        drop("Properties", "LoggingConfiguration"),
    ),
    "a table that goes with its stack": ("keeping/retain", TABLE, "", drop("DeletionPolicy")),
    "a bucket that goes when it is replaced": (
        *("keeping/retain", BUCKET, ""),
        drop("UpdateReplacePolicy"),
    ),
    "logs that go with their stack": (
        *("keeping/retain", "AWS::Logs::LogGroup", ""),
        drop("DeletionPolicy"),
    ),
    "a replica that can be deleted": (
        *("keeping/deletion-protection", TABLE, ""),
        set_property("Replicas", "1", "DeletionProtectionEnabled", to=False),
    ),
    "a replica without a past": (
        *("keeping/point-in-time", TABLE, ""),
        drop("Properties", "Replicas", "0", "PointInTimeRecoverySpecification"),
    ),
}

REST_API, GATEWAY_STAGE = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage"
API_FAULTS = {
    "a route without a key": (
        *("api/open-route", REST_API, ""),
        lambda api: api["Properties"]["Body"]["paths"]["/v1/jobs"]["post"].pop("security"),
    ),
    "a function that is none": (
        *("api/functions", REST_API, ""),
        lambda api: api["Properties"]["Body"].pop("securityDefinitions"),
    ),
    "a function slower than its gateway": (
        *("api/timeout", FUNCTION, "ApiFunction"),
        set_property("Timeout", to=29),
    ),
    "a function without traces": (
        *("api/tracing", FUNCTION, "ApiFunction"),
        drop("Properties", "TracingConfig"),
    ),
    "a machine without traces": (
        *("api/tracing", "AWS::StepFunctions::StateMachine", ""),
        drop("Properties", "TracingConfiguration"),
    ),
    "a gateway without traces": (
        *("api/tracing", GATEWAY_STAGE, ""),
        set_property("TracingEnabled", to=False),
    ),
    "a gateway without limits": (
        *("api/throttling", GATEWAY_STAGE, ""),
        drop("Properties", "MethodSettings", "0", "ThrottlingRateLimit"),
    ),
    "a gateway with limits for one method": (
        *("api/throttling", GATEWAY_STAGE, ""),
        set_property("MethodSettings", "0", "HttpMethod", to="GET"),
    ),
    "a gateway without errors": (
        *("api/log", GATEWAY_STAGE, ""),
        set_property("MethodSettings", "0", "LoggingLevel", to="OFF"),
    ),
    "a gateway without an access log": (
        *("api/access-log", GATEWAY_STAGE, ""),
        drop("Properties", "AccessLogSetting"),
    ),
}

TRANSPILE = "JobWorkflowTranspileFunction"
VERSIONS = {
    "an alias of another name": (
        *("versions/no-alias", ALIAS, TRANSPILE),
        set_property("Name", to="other"),
    ),
    "an alias that is moved at once": (
        *("versions/no-group", ALIAS, TRANSPILE),
        drop("UpdatePolicy"),
    ),
    "a roll-out without alarms": (
        *("versions/no-alarm", GROUP, TRANSPILE),
        drop("Properties", "AlarmConfiguration"),
    ),
    "a roll-out that ignores its alarms": (
        *("versions/no-alarm", GROUP, TRANSPILE),
        set_property("AlarmConfiguration", "Enabled", to=False),
    ),
    "a roll-out of no return": (
        *("versions/no-way-back", GROUP, TRANSPILE),
        set_property("AutoRollbackConfiguration", "Events", to=["DEPLOYMENT_FAILURE"]),
    ),
    "an alarm that is not there": (
        *("versions/unknown-alarm", GROUP, TRANSPILE),
        set_property("AlarmConfiguration", "Alarms", "1", "Name", to="bellpair-prod-Transpiles"),
    ),
    "a role that may call a worker itself": (
        *("versions/past-the-alias", ROLE, SWEEPER),
        grant(
            Action="lambda:InvokeFunction",
            Resource="arn:aws:lambda:us-east-1:123456789012:function:bellpair-prod-worker-qiskit",
        ),
    ),
    "a function that is told to call the broker itself": (
        *("versions/past-the-alias", FUNCTION, "WorkerQiskit"),
        set_property("Environment", "Variables", "BELLPAIR_BROKER", to="bellpair-prod-broker"),
    ),
    "a function that is told to call workers themselves": (
        *("versions/past-the-alias", FUNCTION, "Registrar"),
        set_property(
            "Environment",
            "Variables",
            "BELLPAIR_WORKERS",
            to='{"qiskit":"bellpair-prod-worker-qiskit"}',
        ),
    ),
}

TAGS = {
    "a function without tags": ("tags/missing", FUNCTION, "Sweep", drop("Properties", "Tags")),
    "a replica without tags": (
        *("tags/missing", TABLE, ""),
        drop("Properties", "Replicas", "0", "Tags"),
    ),
    "a queue of no capability": (
        *("tags/missing", QUEUE, ""),
        set_property("Tags", to=[{"Key": "bellpair:stage", "Value": "prod"}]),
    ),
    "a queue of another stage": (
        *("tags/stage", QUEUE, ""),
        lambda queue: next(
            tag for tag in queue["Properties"]["Tags"] if tag["Key"] == "bellpair:stage"
        ).update(Value="dev"),
    ),
}

FAULTS = {**RIGHTS, **PATTERNS, **ENCRYPTION, **KEEPING, **API_FAULTS, **VERSIONS, **TAGS}


def test_there_is_nothing_to_find_in_what_is_deployed(assembly: Assembly) -> None:
    assert list(by_ourselves(assembly.templates, stage_of(assembly))) == []
    assert list(nag.review(assembly.folder)) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_where_it_is_with_what_to_do(prod: Assembly, fault: str) -> None:
    rule, kind, like, change = FAULTS[fault]
    templates, template, logical_id = broken(prod, kind, change, like=like)
    found = list(by_ourselves(templates, stage_of(prod)))
    told = [one for one in found if one.rule == rule]
    assert told, found
    assert {one.template for one in told} == {template}
    if rule != "versions/no-alias":
        assert {one.logical_id for one in told} == {logical_id}
    assert all(len(one.said.split()) > 4 for one in told)


@pytest.mark.parametrize("case", HARMLESS)
def test_rights_that_reach_no_secret_are_no_fault(prod: Assembly, case: str) -> None:
    resource, partition = HARMLESS[case]
    change = grant(Action="dynamodb:GetItem", Resource=resource, Condition=keys(partition))
    templates, _, _ = broken(prod, ROLE, change, like=SWEEPER)
    assert list(by_ourselves(templates, stage_of(prod))) == []


def test_events_need_not_be_let_in_where_no_rule_publishes(prod: Assembly) -> None:
    templates, template, _ = broken(prod, TOPIC_POLICY, shut_out("events"))
    without_rules = [
        Template(
            one.name,
            {
                **one.body,
                "Resources": {
                    name: body
                    for name, body in one.body["Resources"].items()
                    if body["Type"] != "AWS::Events::Rule"
                },
            },
            one.guarded,
        )
        for one in templates
        if one.name == template
    ]
    assert list(rights.review(without_rules)) == []


def test_a_machine_that_calls_a_function_past_its_alias_is_found(prod: Assembly) -> None:
    (function,) = (
        place
        for resource in prod.resources(FUNCTION, within="Jobs-us-east-1")
        if (place := resource.place.split("/")[1]).startswith(TRANSPILE)
    )
    change = set_property(
        "DefinitionSubstitutions", "TranspileArn", to={"Fn::GetAtt": [function, "Arn"]}
    )
    templates, template, logical_id = broken(
        prod, "AWS::StepFunctions::StateMachine", change, like="JobWorkflow"
    )
    (found,) = by_ourselves(templates, stage_of(prod))
    assert (found.template, found.logical_id) == (template, logical_id)
    assert found.rule == "versions/past-the-alias"


@pytest.mark.parametrize(
    "change",
    [
        *(open_the_door, deny_one_principal),
        *(deny_another_service, deny_elsewhere, deny_sometimes),
    ],
)
@pytest.mark.parametrize("kind", WITHOUT_TLS)
def test_what_answers_without_tls_is_found(prod: Assembly, kind: str, change: Change) -> None:
    templates, template, _ = broken(prod, WITHOUT_TLS[kind], change)
    found = [
        one
        for one in by_ourselves(templates, stage_of(prod))
        if one.rule == "encryption/in-transit"
    ]
    kinds = {
        resource.logical_id: resource.kind for one in templates for resource in one.resources()
    }
    assert {(one.template, kinds[one.logical_id]) for one in found} == {(template, kind)}


def test_a_bucket_that_answers_for_its_objects_without_tls_is_found(prod: Assembly) -> None:
    def spare_objects(policy: Body) -> None:
        denying(policy)["Resource"].pop()

    templates, template, _ = broken(prod, WITHOUT_TLS[BUCKET], spare_objects)
    (found,) = by_ourselves(templates, stage_of(prod))
    assert (found.template, found.rule) == (template, "encryption/in-transit")


def test_a_stack_that_anybody_can_delete_is_found(prod: Assembly) -> None:
    first, *others = prod.templates
    found = list(by_ourselves([Template(first.name, first.body), *others], stage_of(prod)))
    assert [(one.template, one.rule) for one in found] == [(first.name, "keeping/termination")]


def test_a_transform_hides_things_and_is_found(prod: Assembly) -> None:
    first, *others = prod.templates
    hidden = Template(first.name, {**first.body, "Transform": "AWS::Serverless-2016-10-31"}, True)
    found = list(by_ourselves([hidden, *others], stage_of(prod)))
    assert [(one.template, one.rule) for one in found] == [(first.name, "api/transform")]


def test_production_is_guarded_whatever_its_parameters_say(prod: Assembly) -> None:
    careless = stage_of(prod).model_copy(update={"retain_data": False})
    templates, _, _ = broken(prod, TABLE, drop("DeletionPolicy"))
    rules = {one.rule for one in by_ourselves(templates, careless)}
    assert rules == {"keeping/retain"}


@pytest.mark.parametrize(
    ("kind", "properties", "rule"),
    [
        ("AWS::ApiGateway::DomainName", {"SecurityPolicy": "TLS_1_0"}, "encryption/tls"),
        ("AWS::ApiGateway::DomainName", {}, "encryption/tls"),
        ("AWS::SNS::Subscription", {"Protocol": "http"}, "encryption/tls"),
        ("AWS::Route53::HealthCheck", {"HealthCheckConfig": {"Type": "HTTP"}}, "encryption/tls"),
        ("AWS::Kinesis::Stream", {}, "encryption/at-rest"),
    ],
)
def test_what_the_stages_do_not_have_yet_is_looked_at_too(
    prod: Assembly, kind: str, properties: Body, rule: str
) -> None:
    body = {"Resources": {"New": {"Type": kind, "Properties": properties}}}
    new = Template("Bellpair-prod-New-us-east-1", body, guarded=True)
    found = {(one.logical_id, one.rule) for one in by_ourselves([new], stage_of(prod))}
    assert ("New", rule) in found


def test_a_failure_of_nag_is_told_with_its_place(tmp_path) -> None:
    place = {
        "constructPath": "Bellpair-prod-Jobs-us-east-1/Queue/Resource",
        "cloudFormationResource": {"logicalId": "Queue123"},
    }
    violation = {"ruleName": "SQS4", "description": "no TLS", "violatingConstructs": [place]}
    careless = {"ruleName": "SQS3", "reason": "because", "violatingConstructs": [place]}
    plugin = {
        "pluginName": "AwsSolutions",
        "violations": [violation],
        "suppressedViolations": [careless],
    }
    (tmp_path / nag.REPORT).write_text(json.dumps({"pluginReports": [plugin]}))
    violated, unexplained = nag.review(tmp_path)
    stack = "Bellpair-prod-Jobs-us-east-1"
    assert violated == Finding(stack, "Queue123", "cdk-nag/SQS4", "no TLS")
    assert (unexplained.rule, unexplained.logical_id) == ("cdk-nag/SQS3", "Queue123")
    assert "without a reason" in unexplained.said


def test_an_assembly_that_nag_never_saw_is_found(tmp_path) -> None:
    (found,) = nag.review(tmp_path)
    assert found.rule == "cdk-nag/not-looked"
    assert "make synth" in found.said


def test_a_state_machine_that_is_none_is_found(prod: Assembly) -> None:
    def break_it(machine: Body) -> None:
        definition = json.loads(machine["Properties"]["DefinitionString"])
        definition["StartAt"] = "Nowhere"
        machine["Properties"]["DefinitionString"] = json.dumps(definition)

    templates, template, logical_id = broken(prod, "AWS::StepFunctions::StateMachine", break_it)
    found = list(machines.review(templates))
    assert {(one.template, one.logical_id) for one in found} == {(template, logical_id)}


def test_cfn_lint_finds_a_fault_and_tells_its_place(tmp_path) -> None:
    file = tmp_path / "Broken-a-b-us-east-1.template.json"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Nme": 1}}
    file.write_text(json.dumps({"Resources": {"Q": queue}}))
    (found,) = linting.lint([file], "us-east-1")
    assert (found.template, found.logical_id) == ("Broken-a-b-us-east-1", "Q")
    assert found.rule.startswith("cfn-lint/E")
    assert "Nme" in found.said


def review(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "infra/cdk/review.py"), *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_finds_nothing_and_says_so_as_json(prod: Assembly) -> None:
    answer = review("--json", "prod")
    assert (answer.returncode, json.loads(answer.stdout)) == (0, []), answer.stdout
    again = review("prod")
    assert (again.returncode, again.stdout) == (0, "prod: no findings\n")


def test_a_stage_that_is_none_is_refused() -> None:
    answer = review("staging")
    assert answer.returncode == 2
    assert "local, dev, prod" in answer.stderr


def test_a_finding_is_one_line_with_template_resource_rule_and_remedy() -> None:
    found = Finding("Stack", "Queue", "tags/missing", "it has no tag; add it")
    assert str(found) == "Stack Queue tags/missing: it has no tag; add it"
    assert str(Finding("Stack", "", "api/transform", "hidden")).startswith("Stack (template) ")
    assert found.as_dict() == {
        "template": "Stack",
        "logical_id": "Queue",
        "rule": "tags/missing",
        "said": "it has no tag; add it",
    }
