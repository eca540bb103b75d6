"""Alarms: what an operator must hear of, and where it is heard."""

from __future__ import annotations

from enum import Enum

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from bellpair_cdk.fault_counts import fault_metric
from bellpair_cdk.names import Names, titled
from bellpair_cdk.stage import REFUSES_BY_FAILING, SIZES
from bellpair_cdk.triggers import undelivered_queues
from bellpair_core.metrics import NAMESPACE


class Rings(Enum):
    """When an alarm rings."""

    AT_LEAST = "the threshold is reached"
    BELOW = "the threshold is not reached, by what was measured"
    BELOW_OR_SILENT = "the threshold is not reached, or nothing was measured"


ON_A_SCHEDULE = frozenset(
    {"calibration", "dispatch", "observe", "registrar", "sentinel", "sweep", "triggers"}
)
"""Functions that a schedule wakes: one may run once in five minutes, so each failure counts."""


def _undelivered(queue: str) -> tuple[str, str]:
    """Return the title of the alarm of a queue of what triggers could not hear, and the queue."""
    return titled(queue.split("-", 2)[2]), queue


class Alarms(Construct):
    """A topic, and one alarm for each way in which the platform itself can fail.

    A job that fails is no alarm: its tenant hears of it. These are for jobs that
    could not be ended, requests that got no answer and wake-ups that were lost.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        self.topic = topic = sns.Topic(
            self, "Topic", topic_name=f"{names.prefix}-alarms", enforce_ssl=True
        )
        # A topic's own policy takes the place of the one that lets the account's services in.
        own_alarms = {"ArnLike": {"aws:SourceArn": names.arn("cloudwatch", "alarm:*")}}
        # EventBridge delivers to no topic whose policy has a condition for it.
        for service, conditions in (("cloudwatch", own_alarms), ("events", None)):
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    conditions=conditions,
                )
            )
        if names.stage.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(names.stage.alarm_email))
        self._notify = actions.SnsAction(topic)
        self._names = names
        workers = [names.worker(name) for name in names.stage.workers]
        for function in (*SIZES, *workers):
            dimensions = {"FunctionName": names.function(function)}
            title = titled(function)
            enough = 1 if function in ON_A_SCHEDULE else 5
            if function not in REFUSES_BY_FAILING:
                self.add(f"{title}Errors", "AWS/Lambda", "Errors", dimensions, enough)
            self.add(f"{title}Throttles", "AWS/Lambda", "Throttles", dimensions, enough)
        for title, arn in (
            ("Job", names.state_machine_arn),
            ("Hybrid", names.hybrid_machine_arn),
            ("Failover", names.failover_machine_arn),
        ):
            for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
                self.add(f"{title}{metric}", "AWS/States", metric, {"StateMachineArn": arn})
        for title, queue in (
            ("WakeUpsGivenUp", f"{names.queue}-given-up"),
            ("CallbacksUndelivered", f"{names.callback_queue}-dead"),
            *(_undelivered(queue) for queue in undelivered_queues(names)),
        ):
            depth = "ApproximateNumberOfMessagesVisible"
            self.add(title, "AWS/SQS", depth, {"QueueName": queue}, statistic="Maximum")
        self.add(
            "ApiFaults",
            NAMESPACE,
            fault_metric(names),
            {},
            5,
            description="Requests that the API or its gateway failed to answer, 5 or more "
            "in five minutes; refusals of a passive or paused region are not among them",
        )

    def add(
        self,
        id: str,
        namespace: str,
        metric: str,
        dimensions: dict[str, str],
        at_least: float = 1,
        *,
        statistic: str = "Sum",
        minutes: int = 5,
        rings: Rings = Rings.AT_LEAST,
        description: str = "",
    ) -> None:
        """Make an alarm that notifies the topic.

        Parameters
        ----------
        id
            Its name, after the stage's prefix.
        at_least
            The threshold, in the metric's unit.
        minutes
            The time over which the statistic is taken.
        rings
            On which side of the threshold, and whether silence rings too.
        description
            For whoever is woken; left out, what is measured and when it rings.
        """
        few = "or more" if rings is Rings.AT_LEAST else "not reached"
        comparison, missing = _RINGS[rings]
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_name=self._names.alarm(id),
            alarm_description=description
            or f"{metric} of {namespace}, {at_least} {few} in {_IN_WORDS[minutes]}",
            metric=cloudwatch.Metric(
                namespace=namespace,
                metric_name=metric,
                dimensions_map=dimensions,
                statistic=statistic,
                period=Duration.minutes(minutes),
            ),
            threshold=at_least,
            evaluation_periods=1,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._notify)


_RINGS = {
    Rings.AT_LEAST: (
        cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        cloudwatch.TreatMissingData.NOT_BREACHING,
    ),
    Rings.BELOW: (
        cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        cloudwatch.TreatMissingData.NOT_BREACHING,
    ),
    Rings.BELOW_OR_SILENT: (
        cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        cloudwatch.TreatMissingData.BREACHING,
    ),
}
_IN_WORDS = {2: "two minutes", 5: "five minutes", 15: "a quarter of an hour"}
