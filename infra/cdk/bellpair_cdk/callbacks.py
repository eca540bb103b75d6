"""Callbacks: whoever registered an address is told there when a job is over."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from bellpair_cdk.access import JOBS, PAIR
from bellpair_cdk.function import Workbench
from bellpair_cdk.jobs_api import GATEWAY_STAGE

_ATTEMPTS = 10
"""Receives of one message; between them it waits, longer each time."""
_AT_ONCE = 2
_KEPT = Duration.days(4)
"""How long a message may wait: longer than all its attempts take."""


class Callbacks(Construct):
    """The queue of jobs to tell of, the function that tells, and where it puts what nobody took.

    Parameters
    ----------
    rest_api_id
        The region's own API, to which what is told links.
    """

    def __init__(self, scope: Construct, id: str, *, bench: Workbench, rest_api_id: str) -> None:
        super().__init__(scope, id)
        names, accesses = bench.names, bench.accesses
        dead = sqs.Queue(
            self,
            "Dead",
            queue_name=f"{names.callback_queue}-dead",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        queue = sqs.Queue(
            self,
            "Queue",
            queue_name=names.callback_queue,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_KEPT,
            visibility_timeout=Duration.seconds(6 * names.stage.size("notify").timeout),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=_ATTEMPTS),
        )
        notify = bench.function(
            self,
            "Notify",
            name="notify",
            accesses=[
                *(accesses.read_ledger(PAIR, JOBS), accesses.read_callbacks()),
                accesses.know_callbacks(),
                accesses.know_api(rest_api_id, GATEWAY_STAGE),
            ],
        )
        notify.callee.add_event_source(
            sources.SqsEventSource(
                queue,
                # One address that does not answer must not keep the word for others.
                batch_size=1,
                max_concurrency=_AT_ONCE,
                report_batch_item_failures=True,
            )
        )
