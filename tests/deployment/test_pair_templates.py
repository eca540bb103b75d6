"""What templates promise of the pair: who may change it, who watches it, what rings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_cdk.stage import CONFIGURATION, load
from tests.deployment.assembly import Assembly, listed, text
from tests.deployment.test_templates import FUNCTIONS, functions_by_name, reached, statements_of
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

REGIONS = ("us-east-1", "us-west-2")
KEYS = "dynamodb:LeadingKeys"


def partitions(statement: dict[str, Any]) -> set[str]:
    """The partitions of a table that a statement is about."""
    return set(statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get(KEYS, ["*"]))


@pytest.mark.parametrize("region", REGIONS)
def test_failover_alone_may_write_the_pair(assembly: Assembly, region: str) -> None:
    writers = {
        name
        for name in FUNCTIONS
        for statement in statements_of(assembly, name, region)
        for action in listed(statement["Action"])
        if action in ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
        and any(resource.endswith("-ledger") for resource in listed(statement["Resource"]))
        if any(kept == "*" or "PAIR".startswith(kept.rstrip("*")) for kept in partitions(statement))
    }
    assert writers == {"failover"}


def test_every_item_is_reached_by_its_partition(assembly: Assembly) -> None:
    reaching = [
        statement
        for _, statement in assembly.statements()
        if {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
        & set(listed(statement["Action"]))
    ]
    assert reaching
    for statement in reaching:
        assert "*" not in partitions(statement)


@pytest.mark.parametrize("region", REGIONS)
def test_a_sentinel_starts_the_machine_of_its_own_region_only(
    assembly: Assembly, region: str
) -> None:
    started = reached(statements_of(assembly, "sentinel", region), "states:StartExecution")
    (machine,) = started
    assert f":{region}:" in machine
    assert machine.endswith("-failover")


@pytest.mark.parametrize("region", REGIONS)
def test_a_sentinel_wakes_the_dispatcher_that_is_to_run_its_canary(
    assembly: Assembly, region: str
) -> None:
    (queue,) = reached(statements_of(assembly, "sentinel", region), "sqs:SendMessage")
    assert f":{region}:" not in queue
    assert queue.endswith("-dispatch")


@pytest.mark.parametrize("region", REGIONS)
def test_an_operator_is_served_by_either_regions_api(assembly: Assembly, region: str) -> None:
    started = reached(statements_of(assembly, "api", region), "states:StartExecution")
    assert {machine.split(":")[3] for machine in started} == set(REGIONS)
    assert all(machine.endswith("-failover") for machine in started)


@pytest.mark.parametrize("name", ["adopt", "dispatch", "sweep"])
def test_nobody_else_starts_a_failover(assembly: Assembly, name: str) -> None:
    started = reached(statements_of(assembly, name, "us-east-1"), "states:StartExecution")
    assert {machine.rpartition("-")[2] for machine in started} == {"job", "hybrid"}


def test_the_sweeper_removes_marks_and_no_blob(assembly: Assembly) -> None:
    removed = [
        (place, resource)
        for place, statement in assembly.statements()
        if "s3:DeleteObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert len(removed) == 4
    for place, resource in removed:
        assert "Sweep" in place
        assert resource.endswith("/single-copy/*")
        assert "-blobs-" in resource


def test_events_are_sent_in_the_platforms_name_only(assembly: Assembly) -> None:
    for region in REGIONS:
        (sent,) = (
            statement
            for statement in statements_of(assembly, "failover", region)
            if "events:PutEvents" in listed(statement["Action"])
        )
        assert sent["Condition"] == {"StringEquals": {"events:source": "bellpair"}}
        assert listed(sent["Resource"]) == [
            f"arn:aws:events:{region}:123456789012:event-bus/default"
        ]


@pytest.mark.parametrize(
    ("stage", "interval", "cool_down"), [("local", 1, 10), ("dev", 5, 600), ("prod", 5, 600)]
)
def test_a_stage_watches_as_its_cloud_does(stage: str, interval: float, cool_down: int) -> None:
    sentinel = load(stage, ROOT / CONFIGURATION).sentinel
    assert (sentinel.interval_seconds, sentinel.cool_down_seconds) == (interval, cool_down)
    assert (sentinel.confirm, sentinel.of) == (3, 4)


def test_the_sentinel_is_told_its_task(assembly: Assembly) -> None:
    for region in REGIONS:
        properties = functions_by_name(assembly, region)["sentinel"]
        told = json.loads(properties["Environment"]["Variables"]["BELLPAIR_SENTINEL"])
        assert told.keys() == {
            *("interval_s", "confirm_n", "confirm_m", "cool_down_s"),
            *("canary_s", "canary_limit_s", "watch_s"),
        }
        # One watch ends when the next has been woken, and before the function is ended.
        assert 60 < told["watch_s"] < 65
        assert properties["Timeout"] >= told["watch_s"] + 15
        # A successor that comes early must not be turned away.
        assert "ReservedConcurrentExecutions" not in properties


def test_the_sentinel_is_woken_every_minute(assembly: Assembly) -> None:
    for region in REGIONS:
        rates = [
            rule.properties["ScheduleExpression"]
            for rule in assembly.resources("AWS::Events::Rule", within=f"Failover-{region}")
            if "Sentinel" in json.dumps(rule.properties["Targets"])
        ]
        assert rates == ["rate(1 minute)"]


def test_a_sentinel_knows_where_its_own_api_answers(local: Assembly, prod: Assembly) -> None:
    def variables(assembly: Assembly) -> dict[str, Any]:
        found: dict[str, Any] = functions_by_name(assembly, "us-west-2")["sentinel"]["Environment"]
        return found["Variables"]

    path = text(variables(local)["BELLPAIR_API_PATH"])
    assert path.startswith("/restapis/")
    assert path.endswith("/api/_user_request_")
    assert "BELLPAIR_API_ENDPOINT" not in variables(local)
    endpoint = text(variables(prod)["BELLPAIR_API_ENDPOINT"])
    assert endpoint.endswith(".execute-api.us-west-2.amazonaws.com/api")
    assert "BELLPAIR_API_PATH" not in variables(prod)


@pytest.fixture(scope="module")
def alarms(prod: Assembly) -> dict[str, dict[str, Any]]:
    return {
        alarm.properties["AlarmName"].removeprefix("bellpair-prod-"): alarm.properties
        for alarm in prod.resources("AWS::CloudWatch::Alarm", within="us-west-2")
    }


OWN_METRICS = {
    "SentinelSilent": "Probes",
    "PeerUnhealthy": "PeerHealthy",
    "PausedTooLong": "PausedSeconds",
    "CanaryStuck": "CanarySeconds",
    "SingleCopyBlobs": "SingleCopyBlobs",
    "BreakersOpen": "BreakersOpen",
}


def test_the_pair_is_watched_by_the_metrics_that_functions_write(alarms) -> None:
    handlers = "".join(path.read_text() for path in ROOT.glob("functions/*/handler.py"))
    for name, metric in OWN_METRICS.items():
        assert f'add_metric("{metric}"' in handlers, metric
        alarm = alarms[name]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("Bellpair", metric)
        dimensions = {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]}
        assert dimensions == {"Stage": "prod", "Region": "us-west-2"}


def test_a_silent_sentinel_rings_and_a_silent_anything_else_does_not(alarms) -> None:
    ringing = {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"}
    assert ringing == {"SentinelSilent"}
    assert alarms["SentinelSilent"]["ComparisonOperator"] == "LessThanThreshold"


def test_an_unhealthy_peer_rings_when_no_probe_of_a_whole_watch_found_it_well(
    alarms, prod: Assembly
) -> None:
    alarm = alarms["PeerUnhealthy"]
    longest_watch = functions_by_name(prod, "us-west-2")["sentinel"]["Timeout"]
    assert alarm["Statistic"] == "Maximum"
    assert longest_watch < alarm["Period"] <= 120
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)


def test_a_pause_rings_when_it_outlasts_a_switchover(alarms) -> None:
    assert alarms["PausedTooLong"]["Threshold"] == 120
    assert alarms["PausedTooLong"]["Statistic"] == "Maximum"


def test_a_canary_rings_when_it_counts_as_stuck(alarms) -> None:
    limit = load("prod", ROOT / CONFIGURATION).sentinel.canary_limit_seconds
    assert alarms["CanaryStuck"]["Threshold"] == limit


def test_the_catalogues_lag_is_measured_towards_the_peer(alarms) -> None:
    alarm = alarms["CatalogueLags"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/DynamoDB", "ReplicationLatency")
    dimensions = {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]}
    assert dimensions == {"TableName": "bellpair-prod-catalogue", "ReceivingRegion": "us-east-1"}
    assert alarm["Threshold"] == 30_000


def test_a_promotion_that_nobody_asked_for_is_told_to_people(prod: Assembly) -> None:
    for region in REGIONS:
        (rule,) = (
            rule.properties
            for rule in prod.resources("AWS::Events::Rule", within=f"Alarms-{region}")
            if rule.properties["EventPattern"]["source"] == ["bellpair"]
        )
        assert rule["EventPattern"]["detail"] == {"automatic": [True]}
        (target,) = rule["Targets"]
        (topic,) = prod.resources("AWS::SNS::Topic", within=f"Alarms-{region}")
        assert target["Arn"] == {"Ref": topic.place.split("/")[1]}
        (policy,) = prod.resources("AWS::SNS::TopicPolicy", within=f"Alarms-{region}")
        allowed = [
            statement
            for statement in policy.properties["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]
        assert {
            statement["Principal"]["Service"]: text(
                statement.get("Condition", {}).get("ArnLike", {}).get("aws:SourceArn")
            )
            for statement in allowed
        } == {
            "cloudwatch.amazonaws.com": f"arn:aws:cloudwatch:{region}:123456789012:alarm:*",
            # It delivers to no topic that has a condition for it.
            "events.amazonaws.com": None,
        }
        for statement in allowed:
            assert (statement["Action"], statement["Resource"]) == ("sns:Publish", target["Arn"])


def test_every_alarm_of_the_pair_is_in_the_runbook(alarms) -> None:
    runbook = (ROOT / "docs/operations/failover.md").read_text()
    of_the_pair = {
        *(*OWN_METRICS, "CatalogueLags", "ApiFaults"),
        *(f"FailoverExecutions{end}" for end in ("Failed", "TimedOut", "Aborted")),
    }
    assert of_the_pair <= alarms.keys()
    for name in of_the_pair:
        assert f"`{name}`" in runbook, name
