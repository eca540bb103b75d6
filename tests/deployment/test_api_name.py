"""The API's own name: there when a stage has a domain, and led by which region is active."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bellpair_cdk.review.linting import lint
from bellpair_cdk.review.template import paths
from tests.deployment.assembly import Assembly, text
from toolchain import node
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

REGIONS = ("us-east-1", "us-west-2")
NAME = "api.quantum.example.org"
WITH_A_DOMAIN = f"""
import sys
sys.path[:0] = ["infra", "infra/cdk"]
from aws_cdk import App
from bellpair_cdk.names import Names
from bellpair_cdk.rules import hold_to_rules
from bellpair_cdk.stacks import OperationsStack
from bellpair_cdk.stage import CONFIGURATION, Domain, load
from toolchain.stamp import ROOT
domain = Domain(
    name="{NAME}", zone_id="Z123", zone_name="quantum.example.org",
    certificates={{
        region: f"arn:aws:acm:{{region}}:123456789012:certificate/{{region}}"
        for region in {REGIONS}
    }},
)
stage = load("prod", ROOT / CONFIGURATION).model_copy(update={{"domain": domain}})
app = App(outdir=sys.argv[1])
for region in stage.pair:
    OperationsStack(app, names=Names(stage, region), rest_api_id=f"api-{{region}}")
hold_to_rules(app, stage)
app.synth()
"""
KINDS = {
    *("AWS::Route53::HealthCheck", "AWS::Route53::RecordSet"),
    *("AWS::ApiGateway::DomainName", "AWS::ApiGateway::BasePathMapping"),
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    out: Path = tmp_path_factory.mktemp("named") / "out"
    answer = subprocess.run(
        [sys.executable, "-c", WITH_A_DOMAIN, str(out)],
        cwd=ROOT,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return Assembly(out)


def test_without_a_domain_there_is_nothing_of_it(assembly: Assembly) -> None:
    assert not KINDS & {resource.kind for resource in assembly.resources()}


def test_with_a_domain_each_region_has_its_part(named: Assembly) -> None:
    for region in REGIONS:
        kinds = [resource.kind for resource in named.resources(within=region)]
        assert all(kinds.count(kind) == 1 for kind in KINDS)


def test_the_name_leads_to_the_first_region_that_says_that_it_is_active(named: Assembly) -> None:
    roles = {}
    for region in REGIONS:
        (record,) = named.resources("AWS::Route53::RecordSet", within=region)
        (check,) = named.resources("AWS::Route53::HealthCheck", within=region)
        (domain,) = named.resources("AWS::ApiGateway::DomainName", within=region)
        assert record.properties["Name"] == f"{NAME}."
        assert record.properties["SetIdentifier"] == region
        assert record.properties["HealthCheckId"] == {
            "Fn::GetAtt": [check.place.split("/")[1], "HealthCheckId"]
        }
        logical = domain.place.split("/")[1]
        assert record.properties["AliasTarget"]["DNSName"] == {
            "Fn::GetAtt": [logical, "RegionalDomainName"]
        }
        roles[region] = record.properties["Failover"]
    assert roles == {"us-east-1": "PRIMARY", "us-west-2": "SECONDARY"}


def test_a_region_is_asked_itself_whether_it_is_active(named: Assembly) -> None:
    for region in REGIONS:
        (check,) = named.resources("AWS::Route53::HealthCheck", within=region)
        asked = check.properties["HealthCheckConfig"]
        host = text(asked["FullyQualifiedDomainName"])
        assert host.startswith(f"api-{region}.execute-api.{region}.")
        assert asked["ResourcePath"] == "/api/v1/health/active"
        assert asked["Type"] == "HTTPS"
        assert len(asked["Regions"]) == 3


def test_each_region_brings_its_own_certificate(named: Assembly) -> None:
    for region in REGIONS:
        (domain,) = named.resources("AWS::ApiGateway::DomainName", within=region)
        assert f":acm:{region}:" in domain.properties["RegionalCertificateArn"]
        assert domain.properties["SecurityPolicy"] == "TLS_1_2"


def test_cfn_lint_has_nothing_to_say_of_it(named: Assembly) -> None:
    for region in REGIONS:
        files = [file for file in paths(named.folder) if region in file.name]
        assert list(lint(files, region)) == []
