"""Forwarding events: what Braket says in one region is heard in both."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from bellpair_cdk.names import Names
from bellpair_cdk.task_watch import DEVICE_CHANGED, SOURCE, TASK_CHANGED


class EventForwarding(Construct):
    """A rule that puts this region's Braket events on the peer's default bus.

    A task may run in one region for a job that the other owns. The rule takes
    events that began here, so nothing travels in a circle.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        peer = names.stage.peer(names.region)
        bus = events.EventBus.from_event_bus_arn(
            self,
            "PeerBus",
            f"arn:{Aws.PARTITION}:events:{peer}:{Aws.ACCOUNT_ID}:event-bus/default",
        )
        events.Rule(
            self,
            "ToPeer",
            description=f"Braket's events in {names.region}, for {peer}",
            event_pattern=events.EventPattern(
                source=[SOURCE],
                detail_type=[TASK_CHANGED, *DEVICE_CHANGED],
                region=[names.region],
            ),
            targets=[targets.EventBus(bus)],
        )
