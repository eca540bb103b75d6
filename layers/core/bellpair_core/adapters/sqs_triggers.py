"""What triggers hear, and what came to nothing, through SQS queues."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from bellpair_core.model.limits import DEAD_LETTER_BYTES_MAX
from bellpair_core.model.trigger import DeadLetter, Happening
from bellpair_core.ports.triggers import TakenLetter, TriggerRef

from .aws import client, transient_faults

_HIDDEN_S = 60
"""How long nobody else sees a letter that was taken; longer than a request may last."""
_BATCH = 10
"""Messages that SQS takes or gives in one request."""


class SqsHappenings:
    """`Happenings` over one queue in each region.

    Parameters
    ----------
    urls
        Address by region.
    """

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = dict(urls)

    def tell(self, happening: Happening, region: str, only: TriggerRef | None = None) -> None:
        """See `Happenings.tell`."""
        body = {
            "happening": happening.model_dump(mode="json"),
            "only": list(only) if only is not None else None,
        }
        with transient_faults("telling triggers"):
            client("sqs", region, patient=False).send_message(
                QueueUrl=self._urls[region], MessageBody=json.dumps(body)
            )


class SqsDeadLetters:
    """`DeadLetters` over one queue in each region.

    Parameters
    ----------
    urls
        Address by region.
    region
        This region.
    """

    def __init__(self, urls: Mapping[str, str], region: str) -> None:
        self._urls = dict(urls)
        self._region = region

    def keep(self, letter: DeadLetter) -> None:
        """See `DeadLetters.keep`."""
        body = letter.model_dump_json()
        if len(body.encode()) > DEAD_LETTER_BYTES_MAX:
            # Without what happened it cannot be redriven, but it still tells what was lost.
            bare = letter.happening.model_copy(update={"document": {}})
            body = letter.model_copy(update={"happening": bare}).model_dump_json()
        with transient_faults("keeping a dead letter"):
            client("sqs", self._region).send_message(
                QueueUrl=self._urls[self._region], MessageBody=body
            )

    def take(self, region: str, limit: int) -> Sequence[TakenLetter]:
        """See `DeadLetters.take`."""
        with transient_faults("reading dead letters"):
            answer = self._sqs(region).receive_message(
                QueueUrl=self._urls[region],
                MaxNumberOfMessages=min(limit, _BATCH),
                VisibilityTimeout=_HIDDEN_S,
                WaitTimeSeconds=1,
            )
        return [_taken(message) for message in answer.get("Messages", ())]

    def held(self, region: str) -> int:
        """See `DeadLetters.held`."""
        wanted = "ApproximateNumberOfMessagesNotVisible"
        with transient_faults("counting dead letters"):
            answer = self._sqs(region).get_queue_attributes(
                QueueUrl=self._urls[region], AttributeNames=[wanted]
            )
        return int(answer["Attributes"][wanted])

    def drop(self, region: str, receipts: Sequence[str]) -> None:
        """See `DeadLetters.drop`."""
        with transient_faults("dropping dead letters"):
            for some in _batches(receipts):
                self._sqs(region).delete_message_batch(QueueUrl=self._urls[region], Entries=some)

    def put_back(self, region: str, receipts: Sequence[str]) -> None:
        """See `DeadLetters.put_back`."""
        with transient_faults("putting dead letters back"):
            for some in _batches(receipts, VisibilityTimeout=0):
                self._sqs(region).change_message_visibility_batch(
                    QueueUrl=self._urls[region], Entries=some
                )

    @staticmethod
    def _sqs(region: str) -> Any:
        return client("sqs", region, patient=False)


def _taken(message: Mapping[str, Any]) -> TakenLetter:
    """The letter of a message; what is none is left for an operator to look at."""
    letter: DeadLetter | None = None
    with suppress(ValidationError):
        letter = DeadLetter.model_validate_json(message["Body"])
    return TakenLetter(letter, message["ReceiptHandle"])


def _batches(receipts: Sequence[str], **more: int) -> Iterator[list[dict[str, Any]]]:
    """The receipts as the entries of requests, as many in each as SQS takes."""
    for begin in range(0, len(receipts), _BATCH):
        yield [
            {"Id": str(number), "ReceiptHandle": receipt, **more}
            for number, receipt in enumerate(receipts[begin : begin + _BATCH])
        ]
