"""Wake-ups through an SQS queue."""

from __future__ import annotations

import json
import logging

from botocore.exceptions import ClientError

from bellpair_core.model.errors import TransientFault

from .aws import client, transient_faults
from .meter import Meter

_LOG = logging.getLogger(__name__)


class SqsWakeups:
    """`Wakeups` over a region's dispatch queue.

    Parameters
    ----------
    hasty
        Whether to give up after less than 2 s.
    """

    def __init__(self, queue_url: str, region: str, meter: Meter, *, hasty: bool = False) -> None:
        self._queue_url = queue_url
        self._meter = meter
        self._sqs = client("sqs", region, hasty=hasty)

    def wake(self, queue: str) -> None:
        """See `Wakeups.wake`."""
        self._meter.queue_request()
        try:
            with transient_faults("waking the dispatcher"):
                self._sqs.send_message(
                    QueueUrl=self._queue_url, MessageBody=json.dumps({"queue": queue})
                )
        except (TransientFault, ClientError):
            # What was to be told is in the ledger already, where the next scheduled call finds it;
            # so whatever kept the word from being sent, nothing that was accepted may fail by it.
            _LOG.warning("the wake-up for queue %s was lost", queue, exc_info=True)
