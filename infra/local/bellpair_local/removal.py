"""Takes stacks out of a cloud that goes on without them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bellpair_local.deployment import Deployer
from bellpair_local.failures import DeploymentFailed

_STACK_SECONDS = 180.0
_POLL_SECONDS = 0.2


def stack_names(deployer: Deployer, region: str) -> list[str]:
    """Names of the stacks in `region`, the latest first.

    Raises
    ------
    DeploymentFailed
        If the region cannot be asked.
    """
    return [str(stack["StackName"]) for stack in _stacks(deployer, region)]


def remove_all(deployer: Deployer, regions: Iterable[str]) -> None:
    """Delete every stack of the cloud's account in `regions`, the latest first.

    Raises
    ------
    DeploymentFailed
        If one cannot be deleted; names it and says why.
    """
    found = [(stack, region) for region in regions for stack in _stacks(deployer, region)]
    for stack, region in sorted(found, key=lambda one: one[0]["CreationTime"], reverse=True):
        _remove(deployer, str(stack["StackId"]), str(stack["StackName"]), region)


def _stacks(deployer: Deployer, region: str) -> list[dict[str, Any]]:
    client = deployer.client("cloudformation", region)
    try:
        pages = client.get_paginator("describe_stacks").paginate()
        found = [stack for page in pages for stack in page["Stacks"]]
    except (ClientError, BotoCoreError) as error:
        raise DeploymentFailed(
            f"{region} cannot be asked for its stacks: {error}", "Look whether it still runs."
        ) from error
    alive = (stack for stack in found if stack["StackStatus"] != "DELETE_COMPLETE")
    return sorted(alive, key=lambda stack: str(stack["CreationTime"]), reverse=True)


def _remove(deployer: Deployer, stack_id: str, name: str, region: str) -> None:
    client = deployer.client("cloudformation", region)
    deadline = time.monotonic() + _STACK_SECONDS
    try:
        client.delete_stack(StackName=stack_id)
        while (status := _status(client, stack_id)) not in ("gone", "DELETE_COMPLETE"):
            if status.endswith("_FAILED") or time.monotonic() > deadline:
                raise DeploymentFailed(
                    f"{name} ({region}) could not be deleted; it is {status}.",
                    "Look at its events, or restart the cloud that it is in.",
                )
            time.sleep(_POLL_SECONDS)
    except (ClientError, BotoCoreError) as error:
        raise DeploymentFailed(
            f"{name} ({region}) could not be deleted: {error}",
            "Try again, or restart the cloud that it is in.",
        ) from error


def _status(client: Any, stack_id: str) -> str:
    try:
        return str(client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return "gone"
        raise
