"""Rolling out: a function's new version takes over bit by bit, or not at all.

Callers know a function by an alias. When its version changes, CodeDeploy gives the new one a part
of the calls, and the rest after a while; an alarm in between gives every call back to the version
before, and CloudFormation takes the whole stack back to what it was
(docs/decisions/0018-versions-side-by-side.md).
"""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from bellpair_cdk.names import Names, titled
from bellpair_cdk.stage import ALIAS, REFUSES_BY_FAILING

ERRORS_ENOUGH = 3
"""So many failed calls of a new version tell something."""

PART_ENOUGH = 0.25
"""And so large a part of its calls. Jobs that are wrong fail calls too, in any version."""

_ON_HTTP = frozenset({"api", "authorizer"})
_ON_REQUESTS = ("ApiFaults",)
_ON_JOBS = ("CanaryStuck", "PeersCanaryStuck", "JobExecutionsFailed", "HybridExecutionsFailed")


def alias_of(function: lambda_.Function, *, name: str, names: Names) -> lambda_.Alias:
    """Return the alias by which a function is called, rolled out as its stage says.

    Parameters
    ----------
    name
        The function's name without the stage's prefix.
    """
    version = function.current_version
    alias = lambda_.Alias(function, "Alias", alias_name=ALIAS, version=version)
    _Rollout.of(Stack.of(function), names).add(alias, version, name)
    return alias


class _Rollout(Construct):
    """What the roll-outs of a stack have in common."""

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        self._names = names
        self._application = codedeploy.LambdaApplication(self, "Application")
        self._how = codedeploy.LambdaDeploymentConfig(
            self,
            "How",
            traffic_routing=codedeploy.TrafficRouting.time_based_canary(
                percentage=names.stage.rollout.percent,
                interval=Duration.minutes(names.stage.rollout.minutes),
            ),
        )
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
            description=f"What rolls out {names.prefix}'s functions in {names.region}",
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AWSCodeDeployRoleForLambdaLimited"
                )
            ],
        )
        Validations.of(self._role).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
                "service-role/AWSCodeDeployRoleForLambdaLimited]",
                reason="AWS keeps this policy in step with what CodeDeploy does to an alias.",
            )
        )

    @classmethod
    def of(cls, stack: Stack, names: Names) -> _Rollout:
        """Return the stack's own; make it where there is none yet."""
        found = stack.node.try_find_child("Rollout")
        return found if isinstance(found, cls) else cls(stack, "Rollout", names=names)

    def add(self, alias: lambda_.Alias, version: lambda_.Version, name: str) -> None:
        """Roll an alias out."""
        names = self._names
        codedeploy.LambdaDeploymentGroup(
            alias,
            "Group",
            deployment_group_name=names.function(name),
            application=self._application,
            alias=alias,
            deployment_config=self._how,
            role=self._role,
            alarms=[
                *([] if name in REFUSES_BY_FAILING else [self._fails(alias, version, name)]),
                self._known(alias, f"{titled(name)}Throttles"),
                *(self._known(alias, alarm) for alarm in self._shared(name)),
            ],
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )

    def _fails(
        self, alias: lambda_.Alias, version: lambda_.Version, name: str
    ) -> cloudwatch.IAlarm:
        """Make the alarm that rings when the new version fails, whatever the others do."""
        names = self._names
        dimensions = {
            "FunctionName": names.function(name),
            "Resource": f"{names.function(name)}:{ALIAS}",
            "ExecutedVersion": version.version,
        }
        errors, calls = (
            cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name=metric,
                dimensions_map=dimensions,
                statistic="Sum",
                period=Duration.minutes(5),
            )
            for metric in ("Errors", "Invocations")
        )
        return cloudwatch.Alarm(
            alias,
            "Fails",
            alarm_name=names.alarm(f"{titled(name)}NewVersionFails"),
            alarm_description=(
                f"The newest version of {names.function(name)} failed {ERRORS_ENOUGH} or more of "
                f"its calls in five minutes, and {PART_ENOUGH:.0%} or more of them; where it is "
                "being rolled out, it is taken back"
            ),
            metric=cloudwatch.MathExpression(
                expression=(
                    f"IF(errors >= {ERRORS_ENOUGH} AND errors >= {PART_ENOUGH} * calls, errors, 0)"
                ),
                using_metrics={"errors": errors, "calls": calls},
                period=Duration.minutes(5),
                label="failed calls, where they are many",
            ),
            threshold=ERRORS_ENOUGH,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _shared(self, name: str) -> tuple[str, ...]:
        """Return which alarms on the whole stage take a function's new version back."""
        if not self._names.stage.rollout.heed_alarms:
            return ()
        return _ON_REQUESTS if name in _ON_HTTP else _ON_JOBS

    def _known(self, alias: lambda_.Alias, alarm: str) -> cloudwatch.IAlarm:
        names = self._names
        arn = names.arn("cloudwatch", f"alarm:{names.alarm(alarm)}")
        return cloudwatch.Alarm.from_alarm_arn(alias, alarm, arn)
