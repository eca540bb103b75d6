"""What happened in one schedule, in words."""

from __future__ import annotations

from typing import Any

from bellpair_core.model.job import Job
from bellpair_core.model.journal import Line
from bellpair_core.model.pair import PairRecord

from .scheduler import Scheduler

_WIDE = 110
_TELLING = ("ticket", "call", "launched", "result", "updates", "checkpoint", "ended")


class History:
    """Keeps a line for each thing that happened, where lines are wanted.

    Attributes
    ----------
    lines
        Empty unless ``kept``: most schedules are never read, and words are slow.
    """

    def __init__(self, scheduler: Scheduler, kept: bool) -> None:
        self.kept = kept
        self.lines: list[str] = []
        self._scheduler = scheduler

    def call(self, what: str, arguments: tuple[Any, ...], answer: Any) -> None:
        """A call took effect."""
        if self.kept:
            given = ", ".join(_short(argument) for argument in arguments)
            self._add("call", f"{what}({given}) -> {_short(answer)}")

    def note(self, kind: str, text: str) -> None:
        """Something else happened."""
        if self.kept:
            self._add(kind, text)

    def _add(self, kind: str, text: str) -> None:
        activity = self._scheduler.current
        who = f"{activity.host.name}/{activity.name}" if activity else "world"
        self.lines.append(f"{self._scheduler.now:10.3f}  {who:<44} {kind:<8} {text}")


def _short(value: Any) -> str:
    if isinstance(value, Job):
        task = value.task
        return (
            f"<{value.id[-6:]} e{value.epoch}v{value.version} {value.status} of {value.region}"
            + (f" task {task.generation}{'' if task.arn else '?'}" if task else "")
            + ">"
        )
    if isinstance(value, Line):
        # Not its nonce, which is another one each time that the schedule is played.
        told = [name for name in _TELLING if getattr(value, name)]
        return f"<line {value.number} of run {value.run}, e{value.epoch}: {', '.join(told)}>"
    if isinstance(value, tuple) and value and isinstance(value[0], Line):
        return f"<{len(value)} lines to {_short(value[-1])}>"
    if isinstance(value, PairRecord):
        return f"<pair e{value.epoch}v{value.version} {value.active} {value.mode}>"
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}"[:_WIDE]
    text = repr(value)
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"
