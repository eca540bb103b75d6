"""Triggers: objects, events, the clock and queues make jobs by themselves."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bellpair_cdk.access import JOBS, PAIR
from bellpair_cdk.function import PlatformFunction, Workbench
from bellpair_cdk.names import Names
from bellpair_cdk.timetable import Timetable
from bellpair_core.model.announcement import EVENT_SOURCE
from bellpair_core.model.limits import TRIGGER_TRIES_MAX
from bellpair_core.model.trigger import INBOX_FOLDER

_BATCH = 10
_AT_ONCE = 5
_ATTEMPTS = TRIGGER_TRIES_MAX + 5
"""Receives of one message: the function itself gives up before, and says why."""

_KEPT = Duration.days(14)


class Triggers(Construct):
    """The function that fires, and what it hears by: an inbox, an event bus, queues, the clock.

    Everything but the clock comes through queues, so what cannot be taken now is taken later.
    """

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        self._names = names = bench.names
        accesses = bench.accesses
        failures = self._queue("Failures", names.dead_letter_queue)
        Validations.of(failures).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-SQS3",
                reason="It keeps what failed; what is taken from it is dropped or put back.",
            )
        )
        function = bench.function(
            self,
            "Function",
            name="triggers",
            accesses=[
                *(accesses.read_ledger(PAIR, JOBS), accesses.write_jobs()),
                *(accesses.read_triggers(), accesses.note_ticks()),
                *(accesses.read_functions(), accesses.read_callbacks()),
                *(accesses.call_back(), accesses.announce_ends()),
                *(accesses.read_devices_of_catalogue(), accesses.know_devices()),
                *(accesses.write_blobs(), accesses.wake_dispatcher()),
                *(accesses.read_inboxes(), accesses.tell_triggers(), accesses.keep_dead_letters()),
            ],
        )
        heard = self._heard(function, "Heard", names.trigger_queue)
        for name in names.stage.trigger_queues:
            self._heard(
                function, f"Queue{name.title().replace('-', '')}", names.declared_queue(name)
            )
        self._inbox(heard)
        bus = events.EventBus(self, "Bus", event_bus_name=names.event_bus)
        events.Rule(
            self,
            "Told",
            description="Every event on the bus but the platform's own, for triggers to look at",
            event_bus=bus,
            event_pattern=events.EventPattern(source=events.Match.anything_but(EVENT_SOURCE)),
            targets=[targets.SqsQueue(heard)],
        )
        Timetable(self, "Timetable", every=Duration.minutes(1), wakes=function.callee)

    def _inbox(self, heard: sqs.Queue) -> None:
        names = self._names
        name = names.inbox_bucket(names.region)
        keep = names.stage.retain_data
        bucket = s3.Bucket(
            self,
            "Inbox",
            bucket_name=name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="taken-in",
                    expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
        )
        made = bucket.node.default_child
        assert isinstance(made, s3.CfnBucket)
        # Said in the template itself: CDK would bring a function of its own to say it later.
        made.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )
        events.Rule(
            self,
            "Dropped",
            description="An object was put into a tenant's folder of the inbox",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [name]},
                    "object": {"key": [{"prefix": f"{INBOX_FOLDER}/"}]},
                },
            ),
            targets=[targets.SqsQueue(heard)],
        )

    def _heard(self, function: PlatformFunction, id: str, name: str) -> sqs.Queue:
        """Make a queue whose messages the function hears."""
        undelivered = self._queue(f"{id}Undelivered", f"{name}-undelivered")
        queue = sqs.Queue(
            self,
            id,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_KEPT,
            # Not Lambda's six times: what waits for a promotion is to be tried again soon.
            visibility_timeout=Duration.seconds(2 * self._timeout()),
            dead_letter_queue=sqs.DeadLetterQueue(queue=undelivered, max_receive_count=_ATTEMPTS),
        )
        function.callee.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=_BATCH,
                max_concurrency=_AT_ONCE,
                report_batch_item_failures=True,
            )
        )
        return queue

    def _queue(self, id: str, name: str) -> sqs.Queue:
        return sqs.Queue(
            self,
            id,
            queue_name=name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_KEPT,
        )

    def _timeout(self) -> int:
        return self._names.stage.size("triggers").timeout


def undelivered_queues(names: Names) -> list[str]:
    """Return the names of the queues of what could not even be heard, for alarms."""
    heard = [names.trigger_queue, *map(names.declared_queue, names.stage.trigger_queues)]
    return [f"{name}-undelivered" for name in heard]
