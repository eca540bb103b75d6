"""Canary news: each region hears when the other's alarm on canary jobs rings.

The passive region's sentinel sends the canaries and measures them, so the alarm rings there; what
would have to be taken back is the active region's new version, and CodeDeploy looks at alarms of
its own region alone.
"""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_logs as logs
from constructs import Construct

from bellpair_cdk.alarms import Alarms
from bellpair_cdk.function import RETENTION
from bellpair_cdk.names import Names
from bellpair_core.metrics import NAMESPACE

_SOURCE, _CHANGED = "aws.cloudwatch", "CloudWatch Alarm State Change"

_HEARD_FOR_MINUTES = 15
"""The event tells of the ringing's begin, once; it counts for as long as a canary takes to pass."""


class CanaryNews(Construct):
    """Tells the peer of the own alarm, and rings for the peer's."""

    def __init__(self, scope: Construct, id: str, *, names: Names, alarms: Alarms) -> None:
        super().__init__(scope, id)
        stage, peer = names.stage, names.peer.region
        events.Rule(
            self,
            "Tell",
            description=f"Canary jobs are stuck, as seen from {names.region}: for {peer}",
            event_pattern=events.EventPattern(
                source=[_SOURCE],
                detail_type=[_CHANGED],
                detail={"alarmName": [names.alarm("CanaryStuck")]},
                region=[names.region],
            ),
            targets=[
                targets.EventBus(
                    events.EventBus.from_event_bus_arn(
                        self, "PeerBus", names.peer.arn("events", "event-bus/default")
                    )
                )
            ],
        )
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/events/{names.prefix}-canary",
            retention=logs.RetentionDays[RETENTION[stage.log_retention_days]],
            removal_policy=RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY,
        )
        rule = events.CfnRule(
            self,
            "Hear",
            description=f"Canary jobs are stuck, as seen from {peer}",
            event_pattern={
                "source": [_SOURCE],
                "detail-type": [_CHANGED],
                "detail": {"alarmName": [names.alarm("CanaryStuck")]},
                "region": [peer],
            },
            # CDK's own target would bring a function to say the policy below.
            targets=[
                events.CfnRule.TargetProperty(
                    id="Log", arn=names.arn("logs", f"log-group:{group.log_group_name}")
                )
            ],
        )
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
            "Resource": group.log_group_arn,
        }
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                # EventBridge names no rule when it makes the stream, only when it writes.
                {**allowed, "Action": "logs:CreateLogStream"},
                {
                    **allowed,
                    "Action": "logs:PutLogEvents",
                    "Condition": {"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
                },
            ],
        }
        logs.CfnResourcePolicy(
            self,
            "EventsMayWrite",
            policy_name=f"{names.prefix}-canary",
            policy_document=Stack.of(self).to_json_string(policy),
        )
        metric = f"PeersCanary-{stage.name}"
        logs.MetricFilter(
            self,
            "Rings",
            log_group=group,
            filter_pattern=logs.FilterPattern.literal('{ $.detail.state.value = "ALARM" }'),
            metric_namespace=NAMESPACE,
            metric_name=metric,
        )
        alarms.add(
            "PeersCanaryStuck",
            NAMESPACE,
            metric,
            {},
            minutes=_HEARD_FOR_MINUTES,
            description=f"Canary jobs are stuck, as seen from {peer}; no new version goes on here",
        )
