"""Word of jobs' ends through the SQS queue of what triggers hear."""

from __future__ import annotations

from .meter import Meter
from .sqs_word import SqsWord


class SqsEnds(SqsWord):
    """`Ends` over a region's queue; `read_happening.read_record` reads what it sends."""

    def __init__(self, queue_url: str, region: str, meter: Meter) -> None:
        super().__init__(queue_url, region, meter, "word of a job's end")

    def tell(self, job_id: str) -> None:
        """See `Ends.tell`."""
        self.send({"ended": job_id})
