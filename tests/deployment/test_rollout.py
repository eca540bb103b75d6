"""Rolling out: versions, an alias, a canary's share of the calls, and ways back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bellpair_cdk.assembly import built
from bellpair_cdk.stage import BY_CANARY, CONFIGURATION, SIZES, StageUnknown, load
from tests.deployment.assembly import Assembly, text
from tests.deployment.test_templates import FUNCTIONS, WORKERS, functions_by_name
from toolchain import node
from toolchain.build_layers import LayerBroken
from toolchain.layers import Layer
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

REGIONS = ("us-east-1", "us-west-2")
AT_ONCE = {
    *("adopt", "calibration", "failover", "observe", "registrar", "sentinel", "sweep", "tenants"),
}


def short(name: str) -> str:
    return name.split("-", 2)[2]


def groups(assembly: Assembly, region: str) -> dict[str, dict[str, Any]]:
    return {
        short(group.properties["DeploymentGroupName"]): group.properties
        for group in assembly.resources("AWS::CodeDeploy::DeploymentGroup", within=region)
    }


def alarms_of(group: dict[str, Any]) -> set[str]:
    """The stage's alarms that a roll-out waits for, and ``own`` for the function's own."""
    named = [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]]
    return {"own" if isinstance(name, dict) else short(name) for name in named}


def test_every_function_is_rolled_out_in_one_way_or_the_other() -> None:
    assert BY_CANARY | WORKERS | AT_ONCE == FUNCTIONS
    assert not BY_CANARY & AT_ONCE
    assert SIZES.keys() >= BY_CANARY


@pytest.mark.parametrize("region", REGIONS)
def test_on_aws_who_serves_traffic_is_rolled_out(prod: Assembly, region: str) -> None:
    assert groups(prod, region).keys() == BY_CANARY | WORKERS


def test_locally_there_are_no_versions(local: Assembly) -> None:
    kinds = {resource.kind for resource in local.resources()}
    assert not [kind for kind in kinds if kind.startswith("AWS::CodeDeploy::")]
    assert not kinds & {"AWS::Lambda::Version", "AWS::Lambda::Alias"}
    environments = json.dumps(
        [function.properties["Environment"] for function in local.functions()]
    )
    assert ":live" not in environments


@pytest.mark.parametrize("region", REGIONS)
def test_a_new_version_gets_the_stages_share_for_the_stages_time(
    prod: Assembly, region: str
) -> None:
    rollout = load("prod", ROOT / CONFIGURATION).rollout
    configs = list(prod.resources("AWS::CodeDeploy::DeploymentConfig", within=region))
    assert len(configs) == 2
    for config in configs:
        assert config.properties["TrafficRoutingConfig"] == {
            "Type": "TimeBasedCanary",
            "TimeBasedCanary": {
                "CanaryInterval": rollout.minutes,
                "CanaryPercentage": rollout.percent,
            },
        }


def test_each_is_taken_back_by_what_tells_of_it(prod: Assembly) -> None:
    jobs = {"CanaryStuck", "PeersCanaryStuck", "JobExecutionsFailed", "HybridExecutionsFailed"}
    for name, group in groups(prod, "us-west-2").items():
        title = "".join(part.capitalize() for part in name.split("-"))
        own = set() if name == "authorizer" else {"own"}
        rest = {"ApiFaults"} if name in ("api", "authorizer") else jobs
        assert alarms_of(group) == own | {f"{title}Throttles"} | rest, name
        # CodeDeploy takes ten.
        assert len(alarms_of(group)) <= 10


def test_only_the_new_versions_own_calls_count(prod: Assembly) -> None:
    own = [
        alarm.properties
        for alarm in prod.resources("AWS::CloudWatch::Alarm", within="us-east-1")
        if alarm.properties["AlarmName"].endswith("NewVersionFails")
    ]
    assert len(own) == len(BY_CANARY | WORKERS) - 1
    versions = {
        version.place.split("/")[1]
        for version in prod.resources("AWS::Lambda::Version", within="us-east-1")
    }
    for alarm in own:
        metrics = {metric["Id"]: metric for metric in alarm["Metrics"]}
        for counted in ("errors", "calls"):
            dimensions = {
                pair["Name"]: pair["Value"]
                for pair in metrics[counted]["MetricStat"]["Metric"]["Dimensions"]
            }
            assert dimensions["Resource"] == f"{dimensions['FunctionName']}:live"
            version, attribute = dimensions["ExecutedVersion"]["Fn::GetAtt"]
            assert (version in versions, attribute) == (True, "Version")
        (expression,) = (metric for metric in metrics.values() if "Expression" in metric)
        assert expression["Expression"] == "IF(errors >= 3 AND errors >= 0.25 * calls, errors, 0)"


def test_workers_and_the_broker_are_called_by_their_alias(prod: Assembly) -> None:
    functions = functions_by_name(prod, "us-west-2")
    for caller in ("api", "registrar", "resume"):
        told = json.loads(functions[caller]["Environment"]["Variables"]["BELLPAIR_WORKERS"])
        assert told == {
            worker.removeprefix("worker-"): f"bellpair-prod-{worker}:live" for worker in WORKERS
        }
    for worker in WORKERS:
        told = functions[worker]["Environment"]["Variables"]["BELLPAIR_BROKER"]
        assert told == "bellpair-prod-broker:live"


def test_each_region_tells_the_other_of_stuck_canaries(prod: Assembly) -> None:
    for region, peer in (REGIONS, REGIONS[::-1]):
        said, heard = sorted(
            (
                rule.properties
                for rule in prod.resources("AWS::Events::Rule", within=f"Alarms-{region}")
                if rule.properties["EventPattern"]["source"] == ["aws.cloudwatch"]
            ),
            key=lambda rule: rule["EventPattern"]["region"] != [region],
        )
        for rule in (said, heard):
            assert rule["EventPattern"]["detail"] == {"alarmName": ["bellpair-prod-CanaryStuck"]}
        assert text(said["Targets"][0]["Arn"]).split(":")[2:4] == ["events", peer]
        assert heard["EventPattern"]["region"] == [peer]
        assert text(heard["Targets"][0]["Arn"]).split(":")[2:4] == ["logs", region]
        (counted,) = prod.resources("AWS::Logs::MetricFilter", within=f"Alarms-{region}")
        (metric,) = counted.properties["MetricTransformations"]
        (alarm,) = (
            alarm.properties
            for alarm in prod.resources("AWS::CloudWatch::Alarm", within=region)
            if alarm.properties["AlarmName"] == "bellpair-prod-PeersCanaryStuck"
        )
        assert (alarm["MetricName"], alarm["Namespace"]) == (
            metric["MetricName"],
            metric["MetricNamespace"],
        )


def test_eventbridge_makes_the_stream_of_the_news_before_it_writes(prod: Assembly) -> None:
    for region in REGIONS:
        (policy,) = prod.resources("AWS::Logs::ResourcePolicy", within=f"Alarms-{region}")
        statements = {
            statement["Action"]: statement
            for statement in json.loads(text(policy.properties["PolicyDocument"]))["Statement"]
        }
        assert statements.keys() == {"logs:CreateLogStream", "logs:PutLogEvents"}
        assert "Condition" not in statements["logs:CreateLogStream"]
        (rule,) = statements["logs:PutLogEvents"]["Condition"]["ArnEquals"].values()
        assert rule.startswith("<CanaryNewsHear")
        for statement in statements.values():
            assert statement["Effect"] == "Allow"
            assert statement["Resource"].startswith("<CanaryNewsLog")
            assert set(statement["Principal"]["Service"]) == {
                "events.amazonaws.com",
                "delivery.logs.amazonaws.com",
            }


REPAIR = """
import json, sys
sys.path[:0] = ["infra", "infra/cdk"]
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_lambda as lambda_
from bellpair_cdk.names import Names
from bellpair_cdk.rollout import alias_of
from bellpair_cdk.stage import CONFIGURATION, load
from toolchain.stamp import ROOT
stage = load("prod", ROOT / CONFIGURATION)
rollout = stage.rollout.model_copy(update={"heed_alarms": False})
names = Names(stage.model_copy(update={"rollout": rollout}), "us-east-1")
stack = Stack(App(), "Repair")
for name in ("api", "authorizer", "transpile"):
    function = lambda_.Function(
        stack,
        name,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("handler = None"),
    )
    alias_of(function, name=name, names=names)
kind = "AWS::CodeDeploy::DeploymentGroup"
groups = assertions.Template.from_stack(stack).find_resources(kind).values()
print(json.dumps([group["Properties"] for group in groups]))
"""


def test_a_repair_waits_for_its_own_alarms_alone() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", REPAIR],
        cwd=ROOT,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    heeded = {
        short(group["DeploymentGroupName"]): alarms_of(group) for group in json.loads(answer.stdout)
    }
    assert heeded == {
        "api": {"own", "ApiThrottles"},
        "authorizer": {"AuthorizerThrottles"},
        "transpile": {"own", "TranspileThrottles"},
    }


def before(assembly: Path, stack: str) -> set[str]:
    """The stacks that are deployed before this one."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    found: set[str] = set()
    left = [stack]
    while left:
        named = artifacts[left.pop()].get("dependencies", [])
        fresh = {name for name in named if not name.endswith(".assets")} - found
        found |= fresh
        left += fresh
    return found


def test_the_passive_region_is_deployed_before_the_active_one(prod: Assembly) -> None:
    first = before(prod.folder, "Bellpair-prod-Jobs-us-east-1")
    assert {"Bellpair-prod-Operations-us-west-2", "Bellpair-prod-Alarms-us-east-1"} <= first
    assert not [stack for stack in before(prod.folder, "Bellpair-prod-Jobs-us-west-2")
                if stack.endswith("us-east-1") and "Data" not in stack]  # fmt: skip


def test_locally_the_regions_wait_for_each_others_data_alone(local: Assembly) -> None:
    for region, peer in (REGIONS, REGIONS[::-1]):
        waited_for = before(local.folder, f"Bellpair-local-Failover-{region}")
        assert not [stack for stack in waited_for if stack.endswith(peer) and "-Data-" not in stack]


ORDER = """
import sys
sys.path[:0] = ["infra", "infra/cdk"]
from aws_cdk import App, Stack
from bellpair_cdk import stacks
from bellpair_cdk.stage import CONFIGURATION, load
from toolchain.stamp import ROOT
app, made = App(), {}
stacks.DataStack = lambda app, *, names: Stack(app, f"Data-{names.region}")
def region(app, names, data, workshop, machines):
    stack = made[names.region] = Stack(app, f"Jobs-{names.region}")
    return stack, stack
stacks._region = region
stage = load("prod", ROOT / CONFIGURATION)
stacks.compose(app, stage, None, None, active=sys.argv[1])
print(" ".join(found.node.id for found in made[sys.argv[1]].dependencies))
"""


def test_after_a_failover_the_other_region_is_first() -> None:
    for active, passive in (REGIONS, REGIONS[::-1]):
        answer = subprocess.run(
            [sys.executable, "-c", ORDER, active],
            cwd=ROOT,
            env=node.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout.split() == [f"Jobs-{passive}"]


def test_a_region_outside_the_pair_cannot_be_the_active_one() -> None:
    stage = load("prod", ROOT / CONFIGURATION)
    assert stage.active(None) == "us-east-1"
    assert stage.active("us-west-2") == "us-west-2"
    with pytest.raises(StageUnknown, match=r"'us-east-2' is not of the pair .* us-west-2"):
        stage.active("us-east-2")


def test_a_layer_that_was_not_built_is_told_with_what_to_do(layer: Layer) -> None:
    with pytest.raises(LayerBroken, match=r"layer core .*core\.zip is missing; run `make layers`"):
        built(layer)
    layer.archive.touch()
    with pytest.raises(LayerBroken, match="is not what its sources give; run `make layers`"):
        built(layer)
