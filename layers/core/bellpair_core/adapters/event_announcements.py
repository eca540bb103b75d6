"""Announcements through Amazon EventBridge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bellpair_core.model.announcement import (
    EVENT_SOURCE,
    FIDELITY_REGRESSED,
    JOB_ENDED,
    PAIR_CHANGED,
)
from bellpair_core.model.errors import TransientFault

from .aws import client, transient_faults


class EventAnnouncements:
    """`Announcements` over a region's default event bus and that of its triggers.

    Parameters
    ----------
    triggers_bus
        The event bus that triggers listen to.
    """

    def __init__(self, region: str, triggers_bus: str = "") -> None:
        self._events = client("events", region)
        self._triggers_bus = triggers_bus

    def pair_changed(self, detail: Mapping[str, Any]) -> None:
        """See `Announcements.pair_changed`."""
        self._put({"DetailType": PAIR_CHANGED, "Detail": json.dumps(detail)})

    def job_ended(self, detail: Mapping[str, Any]) -> None:
        """See `Announcements.job_ended`."""
        told = {"DetailType": JOB_ENDED, "Detail": json.dumps(detail)}
        self._put({**told, "EventBusName": self._triggers_bus})

    def fidelity_regressed(self, detail: Mapping[str, Any]) -> None:
        """See `Announcements.fidelity_regressed`."""
        self._put({"DetailType": FIDELITY_REGRESSED, "Detail": json.dumps(detail)})

    def _put(self, entry: Mapping[str, str]) -> None:
        with transient_faults("telling the event bus"):
            answer = self._events.put_events(Entries=[{"Source": EVENT_SOURCE, **entry}])
        if answer.get("FailedEntryCount"):
            raise TransientFault(f"the event bus refused: {answer['Entries'][0].get('ErrorCode')}")
