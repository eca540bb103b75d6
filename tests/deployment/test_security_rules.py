"""The security rules: they look at everything, and each exception is explained."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.deployment.assembly import Assembly
from toolchain import node
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

QUEUE_WITHOUT_TLS = 'sqs.Queue(stack, "WithoutTls")'
ROLE_FOR_EVERYTHING = """
role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))
"""
APP_WITH_A_FAULT = """
import sys
sys.path[:0] = ["infra", "infra/cdk"]
from aws_cdk import App, Environment, Stack, aws_iam as iam, aws_sqs as sqs
from bellpair_cdk.rules import hold_to_rules
from bellpair_cdk.stage import CONFIGURATION, load
from toolchain.stamp import ROOT
app = App(outdir=sys.argv[1])
stack = Stack(app, "Faulty", env=Environment(region="us-east-1"))
exec(sys.argv[2])
hold_to_rules(app, load("local", ROOT / CONFIGURATION))
app.synth()
"""


def test_every_stage_is_held_to_the_rules(assembly: Assembly) -> None:
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    plugins = {plugin["pluginName"]: plugin for plugin in report["pluginReports"]}
    assert plugins["AwsSolutions"]["conclusion"] == "success"
    assert plugins["AwsSolutions"]["violations"] == []


def test_every_exception_says_why(assembly: Assembly) -> None:
    report = json.loads((assembly.folder / "validation-report.json").read_text())
    excepted = [
        finding
        for plugin in report["pluginReports"]
        for finding in plugin.get("suppressedViolations", [])
    ]
    assert excepted
    for finding in excepted:
        assert len(finding["reason"].split()) >= 3, finding["ruleName"]


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (QUEUE_WITHOUT_TLS, "AwsSolutions-SQS4"),
        (ROLE_FOR_EVERYTHING, "AwsSolutions-IAM5[Resource::*]"),
    ],
)
def test_a_fault_stops_the_synthesis(tmp_path, fault: str, rule: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", APP_WITH_A_FAULT, str(tmp_path / "out"), fault],
        cwd=ROOT,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert rule in answer.stdout + answer.stderr
