"""One state machine, as every one of Bellpair's is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from bellpair_cdk.definition import numbered
from bellpair_cdk.function import RETENTION, PlatformFunction
from bellpair_cdk.names import Names
from bellpair_cdk.rules import accept_no_resource


def state_machine(
    scope: Construct,
    *,
    name: str,
    names: Names,
    definition: Path,
    numbers: Mapping[str, int],
    functions: Mapping[str, PlatformFunction],
    log_data: bool,
    also_calls: Iterable[str] = (),
) -> sfn.StateMachine:
    """Make a state machine with its own role, which may call these functions, and its log.

    Parameters
    ----------
    definition
        The ``*.asl.json`` file.
    numbers
        The definition's numbers, see `numbered`.
    functions
        The functions that it calls; ``Name`` is ``${NameArn}`` in the definition.
    log_data
        Whether the log has what goes in and out, or the course alone.
    also_calls
        ARNs of functions that the machine is told of as it runs.
    """
    stage = names.stage
    removal = RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY
    log_group = logs.LogGroup(
        scope,
        "Logs",
        log_group_name=f"/aws/vendedlogs/states/{name}",
        retention=logs.RetentionDays[RETENTION[stage.log_retention_days]],
        removal_policy=removal,
    )
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
        description=f"What {name} may do",
    )
    for arn in (*(called.callee.function_arn for called in functions.values()), *also_calls):
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn]))
    made = sfn.StateMachine(
        scope,
        "StateMachine",
        state_machine_name=name,
        state_machine_type=sfn.StateMachineType.STANDARD,
        definition_body=sfn.DefinitionBody.from_string(numbered(definition, numbers)),
        definition_substitutions={
            f"{place}Arn": called.callee.function_arn for place, called in functions.items()
        },
        role=role,
        tracing_enabled=stage.tracing,
        logs=sfn.LogOptions(
            destination=log_group, include_execution_data=log_data, level=sfn.LogLevel.ALL
        ),
        removal_policy=removal,
    )
    accept_no_resource(role)
    return made
