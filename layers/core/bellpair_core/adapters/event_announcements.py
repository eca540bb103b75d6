"""Announcements through Amazon EventBridge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bellpair_core.model.errors import TransientFault

from .aws import client, transient_faults

EVENT_SOURCE = "bellpair"
"""What the platform's own events name as their source; roles may send no others."""

PAIR_CHANGED = "Bellpair Pair Changed"


class EventAnnouncements:
    """`Announcements` over a region's default event bus."""

    def __init__(self, region: str) -> None:
        self._events = client("events", region)

    def pair_changed(self, detail: Mapping[str, Any]) -> None:
        """See `Announcements.pair_changed`."""
        entry = {"Source": EVENT_SOURCE, "DetailType": PAIR_CHANGED, "Detail": json.dumps(detail)}
        with transient_faults("announcing the pair's change"):
            answer = self._events.put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            raise TransientFault(f"the event bus refused: {answer['Entries'][0].get('ErrorCode')}")
