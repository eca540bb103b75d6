"""Hears what happens, by queue and by the clock, and lets triggers make jobs of it."""

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.triggers.announce_end import Announced, Fate, announce_end
from bellpair_core.logic.triggers.hear_happening import Listening, NobodyListens, hear
from bellpair_core.logic.triggers.keep_schedules import keep_schedules
from bellpair_core.logic.triggers.read_happening import Ended, read_record
from bellpair_core.logic.triggers.trigger_targets import JobTargets
from bellpair_core.model.errors import TransientFault
from bellpair_core.stage import LOGGER, begin

WORLD = World.from_environment(os.environ)
TARGETS = JobTargets(
    ledger=WORLD.ledger,
    blobs=WORLD.blobs,
    functions=WORLD.functions,
    callbacks=WORLD.functions,
    wakeups=WORLD.wakeups,
    clock=WORLD.clock,
    region=WORLD.settings.region,
    pair=WORLD.pair,
    devices=WORLD.devices,
    spent=WORLD.meter.take,
)
LISTENING = Listening(
    triggers=WORLD.triggers,
    targets=TARGETS,
    inbox=WORLD.inbox,
    letters=WORLD.dead_letters,
    happenings=WORLD.happenings,
    pair=WORLD.pair,
    clock=WORLD.clock,
    region=WORLD.settings.region,
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take messages of the queues, and say which are to come again; or anything, each minute."""
    begin(WORLD, context)
    if "Records" not in event:
        outcomes = dict(keep_schedules(LISTENING))
        LOGGER.info("schedules kept", extra={"outcomes": outcomes})
        return {"outcomes": outcomes}
    again = [record["messageId"] for record in event["Records"] if not heard(record)]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in again]}


def heard(record: dict[str, Any]) -> bool:
    """Whether a message is done with."""
    try:
        told = read_record(record, WORLD.settings)
        if isinstance(told, Ended):
            end = announced(told)
            if end.fate is Fate.LATER:
                WORLD.ends.postpone(record["receiptHandle"], end.pause)
                return False
            outcomes = dict(end.outcomes)
        else:
            outcomes = dict(hear(LISTENING, *told)) if told is not None else {}
    except (TransientFault, NobodyListens) as fault:
        LOGGER.warning(
            "to be heard again", extra={"message_id": record["messageId"]}, exc_info=fault
        )
        return False
    except Exception:  # one message must not keep the others of its batch from being heard
        LOGGER.exception("not heard", extra={"message_id": record["messageId"]})
        return False
    LOGGER.info("heard", extra={"message_id": record["messageId"], "outcomes": outcomes})
    return True


def announced(end: Ended) -> Announced:
    """Announce a job's end to all who are told of it."""
    return announce_end(
        *end,
        ledger=WORLD.ledger,
        callbacks=WORLD.callbacks,
        announcements=WORLD.announcements,
        listening=LISTENING,
    )
