"""Word to callbacks through an SQS queue."""

from __future__ import annotations

import json
from datetime import timedelta

from bellpair_core.model.job import Job

from .aws import client, transient_faults
from .meter import Meter

_NOT_THERE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
"""What is answered for a queue that is being restored."""


class SqsCallbacks:
    """`Callbacks` over a region's queue."""

    def __init__(self, queue_url: str, region: str, meter: Meter) -> None:
        self._queue_url = queue_url
        self._meter = meter
        self._sqs = client("sqs", region)

    def enqueue(self, job: Job) -> None:
        """See `Callbacks.enqueue`."""
        if job.function is None or job.function.callback is None:
            return
        self._meter.queue_request()
        with transient_faults("queueing word to a callback", _NOT_THERE):
            self._sqs.send_message(
                QueueUrl=self._queue_url, MessageBody=json.dumps({"job_id": job.id})
            )

    def postpone(self, receipt: str, pause: timedelta) -> None:
        """Let word that was received come again after a while.

        Parameters
        ----------
        receipt
            The handle that the queue gave with it.
        """
        with transient_faults("postponing word to a callback"):
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=receipt,
                VisibilityTimeout=int(pause.total_seconds()),
            )
