"""Stacks are taken out the latest first, in all regions, and what stays is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from bellpair_local.deployment import Deployer
from bellpair_local.failures import DeploymentFailed
from bellpair_local.removal import remove_all, stack_names

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOME, PEER = "us-east-1", "us-west-2"


class CloudFormation:
    """One region's stacks, made one minute after the other."""

    def __init__(self, region: str, made: list[str], deleted: list[str]) -> None:
        self.region = region
        self.statuses = dict.fromkeys(made, "CREATE_COMPLETE")
        self.made = {name: BEGIN + timedelta(minutes=int(name[-1])) for name in made}
        self.stuck: set[str] = set()
        self.forgets = False
        self._deleted = deleted

    def get_paginator(self, operation: str) -> CloudFormation:
        assert operation == "describe_stacks"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"Stacks": [self._described(name)]} for name in self.statuses]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        name = StackName.removeprefix("arn:")
        if name not in self.statuses:
            said = {"Code": "ValidationError", "Message": "does not exist"}
            raise ClientError({"Error": said}, "DescribeStacks")
        return {"Stacks": [self._described(name)]}

    def delete_stack(self, StackName: str) -> None:
        name = StackName.removeprefix("arn:")
        self._deleted.append(f"{self.region} {name}")
        if self.forgets:
            del self.statuses[name]
        else:
            self.statuses[name] = "DELETE_FAILED" if name in self.stuck else "DELETE_COMPLETE"

    def _described(self, name: str) -> dict[str, Any]:
        return {
            "StackId": f"arn:{name}",
            "StackName": name,
            "StackStatus": self.statuses[name],
            "CreationTime": self.made[name],
        }


class Cloud:
    """Two regions, as a deployer reaches them."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.regions = {
            HOME: CloudFormation(HOME, ["data-1", "jobs-3"], self.deleted),
            PEER: CloudFormation(PEER, ["data-2", "jobs-4"], self.deleted),
        }

    def client(self, service: str, region: str) -> CloudFormation:
        assert service == "cloudformation"
        return self.regions[region]

    @property
    def deployer(self) -> Deployer:
        return cast("Deployer", self)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.mark.parametrize("forgets", [False, True], ids=["kept as deleted", "forgotten"])
def test_what_was_made_last_goes_first_in_whichever_region(cloud: Cloud, forgets: bool) -> None:
    for region in cloud.regions.values():
        region.forgets = forgets
    remove_all(cloud.deployer, (HOME, PEER))
    assert cloud.deleted == [
        "us-west-2 jobs-4",
        "us-east-1 jobs-3",
        "us-west-2 data-2",
        "us-east-1 data-1",
    ]
    assert stack_names(cloud.deployer, HOME) == stack_names(cloud.deployer, PEER) == []


def test_a_stack_that_stays_is_named_and_those_it_needs_stay_too(cloud: Cloud) -> None:
    cloud.regions[HOME].stuck.add("jobs-3")
    with pytest.raises(DeploymentFailed, match=r"jobs-3 \(us-east-1\) .* DELETE_FAILED"):
        remove_all(cloud.deployer, (HOME, PEER))
    assert cloud.deleted == ["us-west-2 jobs-4", "us-east-1 jobs-3"]
    assert stack_names(cloud.deployer, HOME) == ["jobs-3", "data-1"]


def test_another_cloud_s_region_is_not_touched(cloud: Cloud) -> None:
    remove_all(cloud.deployer, (HOME,))
    assert stack_names(cloud.deployer, PEER) == ["jobs-4", "data-2"]
