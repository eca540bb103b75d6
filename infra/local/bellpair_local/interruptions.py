"""What Ctrl-C and the other signals that end a command do while it must leave things in order."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, so that it puts things in order."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    with _handled(interrupt, _ENDING):
        yield


@contextmanager
def undisturbed(
    tell: Callable[[str], object], what: str = "still putting things in order"
) -> Iterator[None]:
    """Go on at the first interruption, which is told; give in to the second.

    Parameters
    ----------
    what
        What goes on.
    """
    interrupted = False

    def go_on(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True
        tell(f"{what}; interrupt again to leave it so")

    with _handled(go_on, _ENDING):
        yield


@contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], None], numbers: Iterable[signal.Signals]
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
