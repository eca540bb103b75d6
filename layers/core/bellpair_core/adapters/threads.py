"""Calls made at the same time, each in a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

Value = TypeVar("Value")


def at_once(
    calls: Mapping[str, Callable[[], Value]], timeout_s: float
) -> Mapping[str, Value | Exception]:
    """See `bellpair_core.ports.peers.AtOnce`.

    Not a pool: calls that hang, as calls to a lost region do, must not keep the next ones waiting.
    Each has a timeout of its own, so that their number stays small.
    """
    done: SimpleQueue[tuple[str, Value | Exception]] = SimpleQueue()

    def make(name: str, call: Callable[[], Value]) -> None:
        try:
            done.put((name, call()))
        except Exception as error:  # handed on
            done.put((name, error))

    until = time.monotonic() + timeout_s
    for name, call in calls.items():
        Thread(target=make, args=(name, call), name=f"at-once-{name}", daemon=True).start()
    found: dict[str, Value | Exception] = {
        name: TimeoutError(f"{name}: no answer in {timeout_s} s") for name in calls
    }
    for _ in calls:
        try:
            name, value = done.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        found[name] = value
    return found
