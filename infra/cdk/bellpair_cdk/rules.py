"""The security rules that every template is held to, and the exceptions with their reasons."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Acknowledgment, App, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks

from bellpair_cdk.access import SINGLE_COPY
from bellpair_cdk.names import Names
from bellpair_cdk.stage import Stage

ACCOUNT = "<AWS::AccountId>"
PARTITION = "<AWS::Partition>"


def hold_to_rules(app: App, stage: Stage) -> None:
    """Check the app's stacks against AWS Solutions' rules when it is synthesized."""
    checks = Validations.of(app)
    checks.add_plugins(AwsSolutionsChecks(app))
    checks.acknowledge(
        *(Acknowledgment(id=rule, reason=reason) for rule, reason in exceptions(stage).items())
    )


def accept_no_resource(role: iam.Role) -> None:
    """Except the policy that CDK itself adds to a role, and nothing else of the role.

    It holds what sending traces and setting up log delivery need, which take no resource
    but ``*``. A role without such a policy needs no exception.
    """
    policy = role.node.try_find_child("DefaultPolicy")
    if policy:
        Validations.of(policy).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-IAM5[Resource::*]",
                reason="Traces and a state machine's log delivery have no resource to be named.",
            )
        )


def exceptions(stage: Stage) -> dict[str, str]:
    """Return rule -> why findings of it stand in this stage."""
    found = {
        "AwsSolutions::AwsSolutions-S1": (
            "Objects are reached by the platform's own roles alone, and each job's event log "
            "tells who wrote what; access logs would double the writes."
        ),
        "AwsSolutions::AwsSolutions-L1": (
            "The runtime is the newest Python for which the locked environment is built and "
            "tried; locally it is the one that runs the local cloud."
        ),
        "AwsSolutions::AwsSolutions-APIG2": (
            "The app validates requests itself: it names the field, the line and the remedy, "
            "which the gateway's validator cannot."
        ),
        "AwsSolutions::AwsSolutions-APIG3": (
            "There is no browser client; the gateway throttles, and every request needs a key."
        ),
        "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
        "service-role/AmazonAPIGatewayPushToCloudWatchLogs]": (
            "API Gateway's account-wide logging role has only this policy, which AWS asks for."
        ),
        "CloudFormation-Validate::W3660": (
            "The gateway's own refusals stand beside the API's body: in the body they are an "
            "extension that not every CloudFormation-compatible cloud reads."
        ),
    }
    for resource, reason in _open_ended(stage):
        found[f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]"] = reason
    if not stage.tracing:
        found["AwsSolutions::AwsSolutions-SF2"] = "This stage records no traces."
    return found


def _open_ended(stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield the resources that can only be named by a pattern, each with the reason."""
    tasks = f"arn:{PARTITION}:braket:*:{ACCOUNT}:quantum-task/*"
    yield tasks, "Braket names a task when it is made, in its device's region."
    for region in stage.pair:
        names = Names(stage, region, account=ACCOUNT, partition=PARTITION)
        blobs = names.bucket_arn(names.blob_bucket(region))
        yield f"{blobs}/*", "A blob is named by its content."
        yield f"{blobs}/{SINGLE_COPY}*", "The mark of a blob is named after the blob."
        inbox = names.bucket_arn(names.inbox_bucket(region))
        yield f"{inbox}/inbox/*", "An object of the inbox is named by who drops it."
        results = names.bucket_arn(names.result_bucket(region))
        yield f"{results}/jobs/*", "A task's results are under its job's name."
        for machine in (names.state_machine, names.hybrid_machine):
            executions = names.arn("states", f"execution:{machine}:*")
            yield executions, "An execution is named after its job."
