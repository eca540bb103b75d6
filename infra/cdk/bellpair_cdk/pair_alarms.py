"""Alarms on the pair: that it is watched, that it is whole, and that it changed by itself."""

from __future__ import annotations

from datetime import timedelta

from aws_cdk import aws_events as events
from constructs import Construct

from bellpair_cdk.alarms import Alarms, Rings
from bellpair_cdk.names import Names
from bellpair_core.metrics import NAMESPACE
from bellpair_core.model.announcement import EVENT_SOURCE

PAUSED_TOO_LONG = timedelta(minutes=2)
"""Far more than a planned switchover's usual drain; who asks for a longer one will hear of it."""

LAG_TOO_LONG = timedelta(seconds=30)
"""The catalogue usually lags by about a second."""


class PairAlarms(Construct):
    """What an operator must hear of the pair; docs/operations/failover.md says what to do.

    Each region watches itself and its peer, since a lost region raises no alarm.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names, alarms: Alarms) -> None:
        super().__init__(scope, id)
        here = {"Stage": names.stage.name, "Region": names.region}
        peer = names.stage.peer(names.region)
        alarms.add(
            "SentinelSilent",
            NAMESPACE,
            "Probes",
            here,
            rings=Rings.BELOW_OR_SILENT,
            description=f"No sentinel in {names.region}: nobody would notice the loss of {peer}",
        )
        alarms.add(
            "PeerUnhealthy",
            NAMESPACE,
            "PeerHealthy",
            here,
            statistic="Maximum",
            # The sentinel hands in what it found when a watch ends, after 90 s at most.
            minutes=2,
            rings=Rings.BELOW,
            description=f"For two minutes {names.region} has not found {peer} healthy",
        )
        alarms.add(
            "PausedTooLong",
            NAMESPACE,
            "PausedSeconds",
            here,
            PAUSED_TOO_LONG.total_seconds(),
            statistic="Maximum",
            description="The pair takes no new jobs, for longer than a switchover needs",
        )
        alarms.add(
            "CanaryStuck",
            NAMESPACE,
            "CanarySeconds",
            here,
            names.stage.sentinel.canary_limit_seconds,
            statistic="Maximum",
            description="A canary job does not come to its end in time",
        )
        alarms.add(
            "SingleCopyBlobs",
            NAMESPACE,
            "SingleCopyBlobs",
            here,
            # Each of its sweeps in a quarter of an hour found some: they are not being repaired.
            statistic="Minimum",
            minutes=15,
            description="Blobs stay in one region only; its loss would lose them",
        )
        alarms.add(
            "BreakersOpen",
            NAMESPACE,
            "BreakersOpen",
            here,
            statistic="Maximum",
            description="A device is taken out of use because it fails",
        )
        alarms.add(
            "FidelityRegression",
            NAMESPACE,
            "FidelityRegressions",
            here,
            statistic="Maximum",
            description="A QPU's results are worse than they used to be",
        )
        alarms.add(
            "CatalogueLags",
            "AWS/DynamoDB",
            "ReplicationLatency",
            {"TableName": names.catalogue, "ReceivingRegion": peer},
            LAG_TOO_LONG.total_seconds() * 1000,
            statistic="Average",
            description=f"What the catalogue is told in {names.region} is late in {peer}",
        )
        events.CfnRule(
            self,
            "PromotedBySentinel",
            description="A sentinel promoted this region",
            event_pattern={
                "source": [EVENT_SOURCE],
                "detail": {"automatic": [True]},
                "region": [names.region],
            },
            # CDK's own target would let in every account's rules, see `Alarms`.
            targets=[events.CfnRule.TargetProperty(id="Topic", arn=alarms.topic.topic_arn)],
        )
