"""One Lambda function, as every one of Bellpair's is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from bellpair_cdk.access import Access, Accesses, environment
from bellpair_cdk.names import Names
from bellpair_cdk.rollout import alias_of
from bellpair_cdk.rules import accept_no_resource
from bellpair_cdk.sources import staged
from bellpair_cdk.stage import Size, Stage


def runtime(stage: Stage) -> lambda_.Runtime:
    """Return the runtime of a stage's functions, which is that of its layers too."""
    found: lambda_.Runtime = getattr(lambda_.Runtime, f"PYTHON_{stage.python.replace('.', '_')}")
    return found


@dataclass(frozen=True)
class Workshop:
    """Where functions' code and layers come from.

    Parameters
    ----------
    functions
        The folder with one folder per function.
    staging
        A folder for prepared copies of them.
    layers
        Layer -> its archive.
    """

    functions: Path
    staging: Path
    layers: Mapping[str, Path]

    def code(self, folder: str) -> lambda_.Code:
        """Return the deployable code of a function."""
        return lambda_.Code.from_asset(str(staged(self.functions / folder, self.staging / folder)))


class SharedLayers(Construct):
    """The layers that a stack's functions share."""

    def __init__(
        self, scope: Construct, id: str, *, names: Names, workshop: Workshop, only: Iterable[str]
    ) -> None:
        super().__init__(scope, id)
        self._layers = {
            name: lambda_.LayerVersion(
                self,
                name.capitalize(),
                code=lambda_.Code.from_asset(str(workshop.layers[name])),
                compatible_runtimes=[runtime(names.stage)],
                compatible_architectures=[lambda_.Architecture.X86_64],
                description=f"Bellpair {names.stage.name}: {name}",
            )
            for name in only
        }

    def __getitem__(self, name: str) -> lambda_.LayerVersion:
        return self._layers[name]


@dataclass(frozen=True)
class Build:
    """What a function is made of.

    Parameters
    ----------
    code, runtime, handler, layers
        As Lambda has them.
    """

    code: lambda_.Code
    runtime: lambda_.Runtime
    handler: str = "handler.handler"
    layers: tuple[lambda_.LayerVersion, ...] = ()


class PlatformFunction(Construct):
    """A function with its own role, log group and just the accesses it was given.

    Parameters
    ----------
    name
        The function; its size is the stage's for this name.
    accesses
        What it may reach.
    made_of
        Its runtime, handler, code and layers.
    size
        Its size, if that is not the stage's for its name.
    variables
        Environment variables that come with no access.
    tenancy
        Whether its processes serve one tenant each.

    Attributes
    ----------
    callee
        The function as it is to be called: its alias, where it is rolled out.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        names: Names,
        made_of: Build,
        accesses: Iterable[Access],
        size: Size | None = None,
        variables: Mapping[str, str] | None = None,
        tenancy: lambda_.TenancyConfig | None = None,
    ) -> None:
        super().__init__(scope, id)
        stage = names.stage
        size = size or stage.size(name)
        granted = tuple(accesses)
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=names.log(name),
            retention=logs.RetentionDays[RETENTION[stage.log_retention_days]],
            removal_policy=RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {names.function(name)} may do",
            inline_policies={"access": _policy(log_group, granted)},
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=names.function(name),
            runtime=made_of.runtime,
            architecture=lambda_.Architecture.X86_64,
            handler=made_of.handler,
            code=made_of.code,
            layers=list(made_of.layers) or None,
            role=role,
            memory_size=size.memory,
            timeout=Duration.seconds(size.timeout),
            reserved_concurrent_executions=size.concurrency,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE if stage.tracing else lambda_.Tracing.DISABLED,
            environment={**_base(stage, name), **(variables or {}), **environment(granted)},
            tenancy_config=tenancy,
        )
        self.callee: lambda_.IFunction = (
            alias_of(self.function, name=name, names=names)
            if stage.rolls_out(name)
            else self.function
        )
        accept_no_resource(role)


@dataclass(frozen=True)
class Workbench:
    """What every capability with functions works with.

    Parameters
    ----------
    names
        Names of the stage's resources in this region.
    workshop
        Where code comes from.
    layers
        The stack's layers.
    accesses
        What its functions may be given.
    """

    names: Names
    workshop: Workshop
    layers: SharedLayers
    accesses: Accesses

    def function(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        accesses: Iterable[Access],
        layers: Iterable[str] = ("core",),
        handler: str = "handler.handler",
        folder: str | None = None,
    ) -> PlatformFunction:
        """Make a function with these layers and accesses.

        Parameters
        ----------
        folder
            Its folder, if that is not called like it.
        """
        return PlatformFunction(
            scope,
            id,
            name=name,
            names=self.names,
            made_of=self.build(folder or name, *layers, handler=handler),
            accesses=accesses,
        )

    def build(self, folder: str, *layers: str, handler: str = "handler.handler") -> Build:
        """Return what a function of this folder is made of, with these layers."""
        return Build(
            code=self.workshop.code(folder),
            runtime=runtime(self.names.stage),
            handler=handler,
            layers=tuple(self.layers[layer] for layer in layers),
        )


def _policy(log_group: logs.LogGroup, accesses: tuple[Access, ...]) -> iam.PolicyDocument:
    write_logs = iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[log_group.log_group_arn],
    )
    granted = [statement for access in accesses for statement in access.statements()]
    return iam.PolicyDocument(statements=[write_logs, *granted])


def _base(stage: Stage, name: str) -> dict[str, str]:
    return {
        "BELLPAIR_STAGE": stage.name,
        "BELLPAIR_PRIMARY_REGION": stage.region,
        "BELLPAIR_SECONDARY_REGION": stage.secondary_region,
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_LOG_LEVEL": stage.log_level,
    }


RETENTION = {
    1: "ONE_DAY",
    3: "THREE_DAYS",
    5: "FIVE_DAYS",
    7: "ONE_WEEK",
    14: "TWO_WEEKS",
    30: "ONE_MONTH",
    60: "TWO_MONTHS",
    90: "THREE_MONTHS",
    120: "FOUR_MONTHS",
    150: "FIVE_MONTHS",
    180: "SIX_MONTHS",
    365: "ONE_YEAR",
}
"""Days -> CDK's word for them."""
