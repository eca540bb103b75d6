"""What triggers hear, and what came to nothing, through SQS queues."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from bellpair_core.model.limits import DEAD_LETTER_BYTES_MAX
from bellpair_core.model.trigger import DeadLetter, Happening
from bellpair_core.ports.triggers import TakenLetter, TriggerRef

from .aws import client, transient_faults

_HIDDEN_S = 60
"""How long nobody else sees a letter that was taken; longer than a request may last."""
_BATCH = 10


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
        taken: list[TakenLetter] = []
        while len(taken) < limit:
            with transient_faults("reading dead letters"):
                answer = self._sqs(region).receive_message(
                    QueueUrl=self._urls[region],
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=_HIDDEN_S,
                    WaitTimeSeconds=1,
                )
            messages = answer.get("Messages", ())
            if not messages:
                break
            taken.extend(found for message in messages if (found := _letter(message)))
        return taken

    def drop(self, region: str, taken: TakenLetter) -> None:
        """See `DeadLetters.drop`."""
        with transient_faults("dropping a dead letter"):
            self._sqs(region).delete_message(
                QueueUrl=self._urls[region], ReceiptHandle=taken.receipt
            )

    def put_back(self, region: str, taken: TakenLetter) -> None:
        """See `DeadLetters.put_back`."""
        with transient_faults("putting a dead letter back"):
            self._sqs(region).change_message_visibility(
                QueueUrl=self._urls[region], ReceiptHandle=taken.receipt, VisibilityTimeout=0
            )

    @staticmethod
    def _sqs(region: str) -> Any:
        return client("sqs", region, patient=False)


def _letter(message: Mapping[str, Any]) -> TakenLetter | None:
    """The letter of a message; what is none is left for an operator to look at."""
    try:
        letter = DeadLetter.model_validate_json(message["Body"])
    except ValidationError:
        return None
    return TakenLetter(letter, message["ReceiptHandle"])
