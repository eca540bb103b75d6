"""Tells callbacks of jobs' ends, from a queue in which the word waits until it is delivered."""

import json
import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.callbacks.send_callback import Fate, send_callback
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
LEDGER, BOOK, CALLER, QUEUE = WORLD.ledger, WORLD.functions, WORLD.caller, WORLD.callbacks


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take messages of the queue; give those that are to come again."""
    begin(WORLD, context)
    again = [record["messageId"] for record in event["Records"] if not delivered(record)]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in again]}


def delivered(record: dict[str, Any]) -> bool:
    """Whether the message has done its work, or has none."""
    job_id = json.loads(record["body"])["job_id"]
    try:
        sent = send_callback(
            job_id,
            int(record["attributes"]["ApproximateReceiveCount"]),
            ledger=LEDGER,
            book=BOOK,
            caller=CALLER,
            clock=WORLD.clock,
            api_endpoint=WORLD.settings.api_endpoint,
        )
        LOGGER.info(
            "callback", extra={"job_id": job_id, "fate": sent.fate.value, "detail": sent.detail}
        )
        if sent.fate is Fate.LATER:
            QUEUE.postpone(record["receiptHandle"], sent.pause)
    except TransientFault:
        LOGGER.warning("callback postponed", exc_info=True, extra={"job_id": job_id})
        return False
    return sent.fate is not Fate.LATER
