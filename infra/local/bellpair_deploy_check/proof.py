"""Does what was deployed work? A tenant is made, and a Bell pair measured through the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bellpair import Client
from bellpair.errors import BellpairError
from bellpair_deploy_check.change import FUNCTION, MARK, STAGE
from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.place import Place
from bellpair_local.application import API_OUTPUT
from toolchain.stamp import ROOT

SHOTS = 200
DEVICE = "sv1"
TENANT = "deploy-check"
_JOB_SECONDS = 180.0


@dataclass(frozen=True)
class Deployed:
    """The application as its callers see it.

    Attributes
    ----------
    endpoints
        Base URLs of the API, the primary region's first.
    api_key
        Of a user of the tenant.
    """

    endpoints: tuple[str, ...]
    api_key: str


def endpoints(place: Place, stack_name: str) -> tuple[str, ...]:
    """Return where the API answers in each region, as the stacks' outputs tell it."""
    found = []
    for region in place.regions:
        (stack,) = place.client("cloudformation", region).describe_stacks(
            StackName=f"{stack_name}-Api-{region}"
        )["Stacks"]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs") or []}
        found.append(place.target.api(region, outputs[API_OUTPUT]))
    return tuple(found)


def admitted(place: Place, addresses: tuple[str, ...]) -> Deployed:
    """Load the devices and make a tenant's first key, as a person does after a deployment.

    Raises
    ------
    CheckFailed
        A function fails.
    """
    for region in place.regions:
        _invoke(place, region, "calibration", {})
    made = _tenant_made(place, place.regions[0], TENANT)
    return Deployed(addresses, made["api_key"])


def measure_bell(deployed: Deployed) -> tuple[str, dict[str, int | float]]:
    """Run a Bell job; return its id and its counts.

    Raises
    ------
    CheckFailed
        It is refused or fails, or what comes out is no Bell pair.
    """
    try:
        with Client(list(deployed.endpoints), deployed.api_key) as client:
            program = (ROOT / "examples" / "bell.qasm").read_text()
            job = client.submit(program, shots=SHOTS, device=DEVICE)
            counts = dict(job.result(timeout=_JOB_SECONDS).counts)
    except BellpairError as error:
        raise CheckFailed(
            f"the Bell job did not succeed: {error}",
            place=deployed.endpoints[0],
            remedy="Look into the functions' logs for the stage that the job stopped at.",
        ) from error
    if set(counts) != {"00", "11"} or sum(counts.values()) != SHOTS:
        raise CheckFailed(
            f"{counts} are no counts of {SHOTS} shots of a Bell pair",
            place=f"job {job.id}",
            remedy="Run examples/bell.qasm by `bellpair run` and compare the compiled program.",
        )
    return job.id, counts


def still_there(deployed: Deployed, job_id: str) -> bool:
    """Whether a job that succeeded before can still be read, with its result."""
    with Client(list(deployed.endpoints), deployed.api_key) as client:
        return sum(client.job(job_id).result(timeout=_JOB_SECONDS).counts.values()) == SHOTS


def revisions(place: Place) -> list[str | None]:
    """Return the revision that the function which makes tenants tells in each region."""
    return [_tenant_made(place, region, f"{TENANT}-{region}").get(MARK) for region in place.regions]


def _tenant_made(place: Place, region: str, tenant: str) -> dict[str, Any]:
    request = {"action": "create-tenant", "tenant": tenant, "role": "user"}
    return _invoke(place, region, FUNCTION, request)


def _invoke(place: Place, region: str, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    name = f"bellpair-{STAGE}-{function}"
    answer = place.client("lambda", region).invoke(FunctionName=name, Payload=json.dumps(event))
    told = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise CheckFailed(
            f"{name} failed with {told.get('errorType')}: {told.get('errorMessage')}",
            place=region,
            remedy="Correct the function; its log says where it failed.",
        )
    return told if isinstance(told, dict) else {}
