"""Callbacks: whoever registered an address is told there when a job is over."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bellpair_cdk.access import JOBS
from bellpair_cdk.function import Workbench

_ATTEMPTS = 8
"""Receives of one message; between them it waits, longer each time."""
_BATCH = 5
_AT_ONCE = 2


class Callbacks(Construct):
    """The queue of jobs to tell of, the function that tells, and where it puts what nobody took."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        undelivered = sqs.Queue(
            self,
            "Undelivered",
            queue_name=f"{bench.names.callback_queue}-undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        queue = sqs.Queue(
            self,
            "Queue",
            queue_name=bench.names.callback_queue,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(6 * bench.names.stage.size("notify").timeout),
            dead_letter_queue=sqs.DeadLetterQueue(queue=undelivered, max_receive_count=_ATTEMPTS),
        )
        notify = bench.function(
            self,
            "Notify",
            name="notify",
            accesses=[
                bench.accesses.read_ledger(JOBS),
                bench.accesses.read_callbacks(),
                bench.accesses.call_back(),
            ],
        )
        notify.function.add_event_source(
            sources.SqsEventSource(
                queue,
                batch_size=_BATCH,
                max_concurrency=_AT_ONCE,
                report_batch_item_failures=True,
            )
        )
