"""Word to callbacks through an SQS queue."""

from __future__ import annotations

from bellpair_core.model.job import Job

from .meter import Meter
from .sqs_word import SqsWord


class SqsCallbacks(SqsWord):
    """`Callbacks` over a region's queue."""

    def __init__(self, queue_url: str, region: str, meter: Meter) -> None:
        super().__init__(queue_url, region, meter, "word to a callback")

    def enqueue(self, job: Job) -> None:
        """See `Callbacks.enqueue`."""
        if job.function is not None and job.function.callback is not None:
            self.send({"job_id": job.id})
