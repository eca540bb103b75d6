"""A line that tells how a job is getting on, for as long as somebody watches."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bellpair.cli import terminal
from bellpair.cli.wording import duration, printable

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

    from bellpair.errors import BellpairError
    from bellpair.job import Job


class LiveStatus:
    """A spinner on standard error; nothing at all where that is no terminal.

    Parameters
    ----------
    quiet
        Whether to show nothing even on a terminal.
    """

    def __init__(self, quiet: bool) -> None:
        self._started = time.monotonic()
        self._status: Status | None = None
        if sys.stderr.isatty() and not quiet:
            from rich.status import Status

            console = terminal.stderr()
            spinner = "dots" if terminal.speaks_unicode(console) else "line"
            line = _Ticking("submitting", self._started)
            self._status = Status(line, console=console, spinner=spinner)

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def on_poll(self, job: Job) -> None:
        """Show where the job is."""
        record = job.record
        place = record.device_used or record.device
        said = f"{job.id}  {job.status}"
        if place and place not in ("any", "any-qpu"):
            said += f" on {place}"
        if record.queue is not None and record.queue.place is not None:
            said += f", position {record.queue.place}"
        if record.waiting_for:
            said += f"; waits: {printable(record.waiting_for)}"
        self._say(said)

    def on_retry(self, error: BellpairError, pause: float) -> None:
        """Show why nothing happens."""
        when = f"trying again in {duration(pause)}" if pause else "trying the other endpoint"
        self._say(f"{printable(error.detail.rstrip('.'))}; {when}")

    def _say(self, text: str) -> None:
        if self._status is not None:
            self._status.update(_Ticking(text, self._started))


@dataclass(frozen=True)
class _Ticking:
    """Text that is followed by the time gone by, at each moment it is drawn."""

    text: str
    started: float

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text(f"{self.text}  {time.monotonic() - self.started:.1f} s", overflow="ellipsis")
