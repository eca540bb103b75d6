"""Prepares the deployed application for its first caller: keys, a tenant, the devices' state."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bellpair_local.deployment import Deployer
from bellpair_local.failures import BootstrapFailed
from bellpair_local.target import Target

CLIENT_FILE = "client.json"
TENANT = "local"
ROLE = "tenant-admin"
"""Who has a cloud of their own owns the tenant on it, and may delete what they deployed."""

API_OUTPUT = "ApiEndpointId"


def prepare(
    target: Target,
    deployer: Deployer,
    stage: str,
    outputs: Mapping[str, Mapping[str, str]],
    api_regions: Mapping[str, str],
) -> Path:
    """Make the operator's and a tenant's key, load the devices, and write the client file.

    Parameters
    ----------
    outputs
        The stacks' outputs by stack id.
    api_regions
        Region of each stack by stack id.

    Returns
    -------
    Path
        The client file, readable by its owner alone, with the keys ``endpoints`` (active region
        first), ``api_key`` (of the tenant's admin), ``operator_key`` and ``tenant``.

    Raises
    ------
    BootstrapFailed
        If a function of the application fails.
    """
    primary = target.pair[0]
    apis = {
        api_regions[stack]: values[API_OUTPUT]
        for stack, values in outputs.items()
        if API_OUTPUT in values
    }
    endpoints = [target.api(region, apis[region]) for region in target.pair if region in apis]

    def tenants(request: dict[str, str]) -> dict[str, Any]:
        return invoke(deployer, f"bellpair-{stage}-tenants", primary, request)

    with ThreadPoolExecutor() as pool:
        calibrations = [
            pool.submit(invoke, deployer, f"bellpair-{stage}-calibration", region, {})
            for region in target.pair
        ]
        operator = tenants({"action": "bootstrap-operator"})
        tenant = tenants({"action": "create-tenant", "tenant": TENANT, "role": ROLE})
        for calibration in calibrations:
            calibration.result()
    file = target.state_dir / CLIENT_FILE
    write_secret(
        file,
        {
            "endpoints": endpoints,
            "api_key": tenant["api_key"],
            "operator_key": operator["api_key"],
            "tenant": tenant["tenant"],
        },
    )
    return file


def invoke(
    deployer: Deployer, function: str, region: str, event: Mapping[str, Any]
) -> dict[str, Any]:
    """Invoke a deployed function and return its result.

    Raises
    ------
    BootstrapFailed
        If the function cannot be invoked or raises.
    """
    try:
        answer = deployer.client("lambda", region).invoke(
            FunctionName=function, Payload=json.dumps(event)
        )
    except (ClientError, BotoCoreError) as error:
        raise _not_invoked(function, region, error) from error
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        kind, text = payload.get("errorType"), payload.get("errorMessage")
        trace = "".join(payload.get("stackTrace") or [])
        raise BootstrapFailed(
            f"{function} ({region}) failed with {kind}: {text}\n{trace}",
            "Correct the function; `bellpair local logs` shows what it wrote.",
        )
    return payload if isinstance(payload, dict) else {}


def is_deployed(deployer: Deployer, function: str, region: str) -> bool:
    """Whether `region` has the function.

    Raises
    ------
    BootstrapFailed
        If the region cannot be asked.
    """
    try:
        deployer.client("lambda", region).get_function_configuration(FunctionName=function)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise _not_invoked(function, region, error) from error
    except BotoCoreError as error:
        raise _not_invoked(function, region, error) from error
    return True


def start_sentinel(deployer: Deployer, stage: str, region: str) -> bool:
    """Have the region's sentinel begin its watch, without waiting for it.

    Returns
    -------
    bool
        False if the application has none.

    Raises
    ------
    BootstrapFailed
        If it cannot be started.
    """
    return _start(deployer, f"bellpair-{stage}-sentinel", region)


def register_workers(deployer: Deployer, stage: str, region: str) -> bool:
    """Have the workers asked what they can do, without waiting for them; they load libraries.

    Returns
    -------
    bool
        False if the application has none.

    Raises
    ------
    BootstrapFailed
        If nobody can be told to ask them.
    """
    return _start(deployer, f"bellpair-{stage}-registrar", region)


def _start(deployer: Deployer, function: str, region: str) -> bool:
    if not is_deployed(deployer, function, region):
        return False
    try:
        deployer.client("lambda", region).invoke(
            FunctionName=function, InvocationType="Event", Payload=b"{}"
        )
    except (ClientError, BotoCoreError) as error:
        raise _not_invoked(function, region, error) from error
    return True


def _not_invoked(function: str, region: str, error: Exception) -> BootstrapFailed:
    return BootstrapFailed(
        f"{function} ({region}) cannot be invoked: {error}", "Look into the cloud's logs."
    )


def write_secret(file: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON into `file`, which nobody but its owner can read at any time."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as target:
        json.dump(content, target, indent=2)
    draft.replace(file)
