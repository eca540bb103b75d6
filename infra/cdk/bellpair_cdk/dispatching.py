"""Dispatching: waiting jobs are started when their device has room."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bellpair_cdk.access import BREAKERS, JOBS, PAIR, SLOTS
from bellpair_cdk.function import Workbench
from bellpair_cdk.timetable import Timetable
from bellpair_core.adapters.ledger_table import BY_QUEUE

_ATTEMPTS = 5
_BATCH = 10
_AT_ONCE = 2
"""Dispatchers that the queue wakes at once, Lambda's least: they race for the same jobs."""


class Dispatching(Construct):
    """The dispatcher, the queue that wakes it, and a schedule in case a wake-up is lost."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        given_up = sqs.Queue(
            self,
            "GivenUp",
            queue_name=f"{bench.names.queue}-given-up",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # A wake-up is worth nothing once the schedule woke it; it is here to raise the alarm,
            # which ends with it. A message's age counts from when it was first sent.
            retention_period=Duration.hours(1),
        )
        queue = sqs.Queue(
            self,
            "Queue",
            queue_name=bench.names.queue,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # Lambda's advice: six times the function's time, so that no batch is seen twice.
            visibility_timeout=Duration.seconds(6 * bench.names.stage.size("dispatch").timeout),
            dead_letter_queue=sqs.DeadLetterQueue(queue=given_up, max_receive_count=_ATTEMPTS),
        )
        dispatch = bench.function(
            self,
            "Dispatch",
            name="dispatch",
            accesses=[
                bench.accesses.read_ledger(PAIR, JOBS, SLOTS, BREAKERS),
                bench.accesses.find_jobs(BY_QUEUE),
                bench.accesses.read_journals(),
                bench.accesses.write_jobs(),
                bench.accesses.write_breakers(),
                bench.accesses.hold_slots(),
                bench.accesses.read_devices_of_catalogue(),
                bench.accesses.know_devices(),
                bench.accesses.start_jobs(),
            ],
        )
        dispatch.callee.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=_BATCH,
                max_concurrency=_AT_ONCE,
                # One pass serves the whole batch, so it is done or to be repeated as a whole.
                report_batch_item_failures=False,
            )
        )
        Timetable(self, "Timetable", every=Duration.minutes(1), wakes=dispatch.callee)
        self.given_up = given_up
