"""EventBridge: scheduled rules fire promptly, and the Braket emulator speaks for Braket."""

from __future__ import annotations

from typing import Any

_OURS = "aws.braket"


def install() -> None:
    """Correct MiniStack's EventBridge in this process."""
    from ministack.services import eventbridge

    # It looks for due rules each tenth second, so a beat of a minute would waver by as much.
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    _accept_events_of_braket(eventbridge)


def _accept_events_of_braket(eventbridge: Any) -> None:
    """Events from the source ``aws.braket`` are accepted.

    Sources that begin with ``aws.`` are kept for AWS's own services; one of them, in the local
    cloud, is the Braket emulator.
    """
    put = eventbridge._put_events

    def put_events(request: dict[str, Any], allow_aws_source: bool = False) -> Any:
        sources = {str(entry.get("Source", "")) for entry in request.get("Entries") or []}
        of_aws = {source for source in sources if source.startswith("aws.")}
        return put(request, allow_aws_source=allow_aws_source or of_aws == {_OURS})

    eventbridge._put_events = put_events
