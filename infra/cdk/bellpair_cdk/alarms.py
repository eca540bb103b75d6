"""Alarms: what an operator must hear of, and where it is heard."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from bellpair_cdk.jobs_api import GATEWAY_STAGE
from bellpair_cdk.names import Names
from bellpair_cdk.stage import SIZES

_FIVE_MINUTES = Duration.minutes(5)

ON_A_BEAT = frozenset({"calibration", "dispatch", "sweep"})
"""Functions that a beat wakes: one may run but once in five minutes, so each failure counts."""

REFUSES_BY_FAILING = frozenset({"authorizer"})
"""Functions whose errors anybody can cause, with an unknown key; a true fault is an `ApiFaults`."""


class Alarms(Construct):
    """A topic, and one alarm for each way in which the platform itself can fail.

    A job that fails is no alarm: its tenant hears of it. These are for jobs that
    could not be ended, requests that got no answer and wake-ups that were lost.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        topic = sns.Topic(self, "Topic", topic_name=f"{names.prefix}-alarms", enforce_ssl=True)
        if names.stage.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(names.stage.alarm_email))
        self._notify = actions.SnsAction(topic)
        self._names = names
        for function in SIZES:
            dimensions = {"FunctionName": names.function(function)}
            title = function.capitalize()
            enough = 1 if function in ON_A_BEAT else 5
            if function not in REFUSES_BY_FAILING:
                self._alarm(f"{title}Errors", "AWS/Lambda", "Errors", dimensions, enough)
            self._alarm(f"{title}Throttles", "AWS/Lambda", "Throttles", dimensions, enough)
        machine = {"StateMachineArn": names.state_machine_arn}
        for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
            self._alarm(f"Job{metric}", "AWS/States", metric, machine)
        given_up = {"QueueName": f"{names.queue}-given-up"}
        depth = "ApproximateNumberOfMessagesVisible"
        self._alarm("WakeUpsGivenUp", "AWS/SQS", depth, given_up, statistic="Maximum")
        api = {"ApiName": names.prefix, "Stage": GATEWAY_STAGE}
        self._alarm("ApiFaults", "AWS/ApiGateway", "5XXError", api, 5)

    def _alarm(
        self,
        id: str,
        namespace: str,
        metric: str,
        dimensions: dict[str, str],
        at_least: int = 1,
        *,
        statistic: str = "Sum",
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_name=f"{self._names.prefix}-{id}",
            alarm_description=f"{metric} of {namespace}, {at_least} or more in five minutes",
            metric=cloudwatch.Metric(
                namespace=namespace,
                metric_name=metric,
                dimensions_map=dimensions,
                statistic=statistic,
                period=_FIVE_MINUTES,
            ),
            threshold=at_least,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._notify)
