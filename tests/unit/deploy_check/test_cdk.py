"""What the command line is run with, what its output says, and how it is killed."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bellpair_deploy_check.cdk import Cdk, changes, differences
from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.gate import Gate, Moment
from tests.polling import eventually
from tests.unit.deploy_check.conftest import Cloud

pytestmark = pytest.mark.unit

DIFF = """\
Stack Bellpair-local-Data-us-east-1 (aws://424242424242/us-east-1)
There were no differences

Stack Bellpair-local-Jobs-us-east-1 (aws://424242424242/us-east-1)
Resources
[~] AWS::Lambda::Function TenantDesk/Tenants/Function TenantDeskTenantsFunction1F2A
 └─ [~] Code
     └─ [~] .S3Key:
         ├─ [-] 11.zip
         └─ [+] 22.zip
[+] AWS::SQS::Queue Dispatching/Other DispatchingOther12

✨  Number of stacks with differences: 1
"""
MOMENT = Moment(frozenset({"cloudformation:CreateStack"}), 1, carried_out=True)


ASKING = """
import os, urllib.request
signed = "Credential=424242424242/20260228/us-east-1/cloudformation/aws4_request"
urllib.request.urlopen(urllib.request.Request(
    os.environ["AWS_ENDPOINT_URL"], b"Action=CreateStack", {"Authorization": signed}
))
"""


@pytest.fixture
def cdk(tmp_path: Path, gate: Gate) -> Cdk:
    return Cdk(gate, "424242424242", "us-east-1", tmp_path, seconds=60)


def stand_in(cdk: Cdk, script: str) -> Cdk:
    """Put a script in the command line's place."""
    command = cdk.folder / "stand-in"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    return replace(cdk, command=str(command))


def test_no_setting_of_the_callers_reaches_another_cloud(cdk: Cdk) -> None:
    inherited = {
        "AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "x", "AWS_ENDPOINT_URL_S3": "https://else",
        "CDK_DEFAULT_ACCOUNT": "1", "BELLPAIR_API_KEY": "k", "HOME": "/root", "LANG": "C.UTF-8",
    }  # fmt: skip

    environment = cdk.environment(inherited)

    assert environment["LANG"] == "C.UTF-8"
    assert environment["HOME"] == str(cdk.folder / "home")
    assert (
        environment["AWS_ENDPOINT_URL_S3"] == environment["AWS_ENDPOINT_URL"] == cdk.gate.endpoint
    )
    assert environment["AWS_ACCESS_KEY_ID"] == "424242424242"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "CDK_DEFAULT_ACCOUNT"} & environment.keys()
    assert "BELLPAIR_API_KEY" not in environment


def test_a_diff_tells_how_many_stacks_differ_and_in_what() -> None:
    assert differences(DIFF) == 1
    assert changes(DIFF) == {
        "Bellpair-local-Jobs-us-east-1": [
            "~ AWS::Lambda::Function TenantDesk/Tenants/Function",
            "+ AWS::SQS::Queue Dispatching/Other",
        ]
    }


def test_a_diff_that_tells_no_number_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(ValueError, match="no number"):
        differences("There were no differences")


def test_a_command_that_fails_is_told_with_its_end_and_its_log(cdk: Cdk, tmp_path: Path) -> None:
    failing = stand_in(cdk, "echo first; echo 'no bucket named cdk-assets' >&2; exit 3")

    with pytest.raises(CheckFailed, match=r"(?s)status 3:.*no bucket named") as failure:
        failing.run("deploy", "deploy", "--all")

    assert failure.value.place == "cdk deploy --all"
    assert failure.value.log == tmp_path / "logs" / "01-deploy.log"
    assert failure.value.log.read_text() == "first\nno bucket named cdk-assets\n"


def test_a_command_that_does_not_end_is_ended(cdk: Cdk) -> None:
    hanging = replace(stand_in(cdk, "echo waiting; exec sleep 600"), seconds=0.5)

    with pytest.raises(CheckFailed, match="not done after"):
        hanging.run("deploy", "deploy")


def test_a_status_that_is_expected_is_given_back(cdk: Cdk) -> None:
    differing = stand_in(cdk, "echo different; exit 1")

    assert differing.run("diff", "diff", expect=(0, 1)) == (1, "different\n")


def test_a_command_is_killed_at_its_moment_with_all_that_it_started(
    cdk: Cdk, cloud: Cloud, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    asking = shlex.join([sys.executable, "-c", ASKING])
    deploying = stand_in(cdk, f"sleep 600 & echo $! > {child}; {asking}; echo went on")

    deploying.killed_at("deploy", MOMENT, "deploy")

    assert [body for _, _, body in cloud.asked] == [b"Action=CreateStack"]
    assert "went on" not in (tmp_path / "logs" / "01-deploy.log").read_text()
    eventually(lambda: not is_running(int(child.read_text())))


def test_a_command_that_ends_before_its_moment_fails_the_check(cdk: Cdk) -> None:
    idle = stand_in(cdk, "echo nothing to deploy")

    with pytest.raises(CheckFailed, match=r"ended before request 1 of cloudformation:CreateStack"):
        idle.killed_at("deploy", MOMENT, "deploy")


def is_running(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
