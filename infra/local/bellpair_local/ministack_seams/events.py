"""EventBridge: scheduled rules fire within a second of their time."""

from __future__ import annotations


def install() -> None:
    """Look for due rules each second; MiniStack looks each tenth second."""
    from ministack.services import eventbridge

    eventbridge._SCHEDULER_TICK_INTERVAL = 1
