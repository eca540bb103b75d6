"""Word that waits in an SQS queue until it can be delivered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from .aws import client, transient_faults
from .meter import Meter

_NOT_THERE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
"""What is answered for a queue that is being restored."""


class SqsWord:
    """One region's queue of word.

    Parameters
    ----------
    what
        What is queued, for errors.
    """

    def __init__(self, queue_url: str, region: str, meter: Meter, what: str) -> None:
        self._queue_url = queue_url
        self._meter = meter
        self._sqs = client("sqs", region)
        self._what = what

    def send(self, body: Mapping[str, str]) -> None:
        """Queue a message.

        Raises
        ------
        TransientFault
            When the queue did not take it.
        """
        self._meter.queue_request()
        with transient_faults(f"queueing {self._what}", _NOT_THERE):
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(body))

    def postpone(self, receipt: str, pause: timedelta) -> None:
        """Let word that was received come again after a while.

        Parameters
        ----------
        receipt
            The handle that the queue gave with it.
        """
        with transient_faults(f"postponing {self._what}"):
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=receipt,
                VisibilityTimeout=int(pause.total_seconds()),
            )
