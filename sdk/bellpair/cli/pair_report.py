"""The pair of regions and its operations, as a person reads them."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from bellpair.cli import terminal
from bellpair.cli.wording import age, duration, printable, status_style

if TYPE_CHECKING:
    from rich.console import Console

    from bellpair.errors import BellpairError
    from bellpair.models import Operation, Pair, StartedOperation

AUDIT_SHOWN = 8


class Progress:
    """A line on standard error for each step; nothing at all where that is no terminal."""

    def __init__(self, quiet: bool) -> None:
        self._started = time.monotonic()
        self._said: set[str] = set()
        self._console = terminal.stderr() if sys.stderr.isatty() and not quiet else None

    def on_look(self, pair: Pair, started: StartedOperation) -> None:
        """Show the steps that are new."""
        self._say(f"{started.kind} {started.id} started in {started.region}")
        operation = pair.operation
        if operation is None or operation.id != started.id:
            return
        for step, _ in _in_order(operation):
            self._say(f"{step}, {pair.active_region} is active at epoch {pair.epoch}", key=step)

    def on_retry(self, error: BellpairError, pause: float) -> None:
        """Show an endpoint that does not answer, once."""
        self._say(error.detail)

    def _say(self, text: str, key: str | None = None) -> None:
        if self._console is None or (key or text) in self._said:
            return
        self._said.add(key or text)
        after = duration(time.monotonic() - self._started)
        self._console.print(f"{after:>9}  {printable(text)}", soft_wrap=True)


def print_pair(console: Console, pair: Pair) -> None:
    """All that is known of the pair."""
    paused = pair.mode != "accepting"
    _fact(console, "active", Text(pair.active_region, style="bold"))
    _fact(console, "passive", pair.passive_region)
    _fact(console, "epoch", str(pair.epoch))
    _fact(console, "mode", Text(printable(pair.mode), style="yellow" if paused else "green"))
    _fact(console, "since", _moment(pair.since))
    _fact(console, "reason", pair.reason)
    if pair.hold is not None:
        said = f"by {pair.hold.by}, {_moment(pair.hold.at)}: {pair.hold.reason}"
        _fact(console, "hold", Text(printable(said), style="yellow"))
    for region, beat in sorted(pair.beats.items()):
        health = "healthy" if beat.healthy else "not healthy"
        _fact(console, "beat", f"{region} {health}, number {beat.counter}, {age(beat.at)}")
    if pair.operation is not None:
        print_operation(console, pair.operation)
    _print_breakers(console, pair)
    _print_audit(console, pair)


def print_outcome(console: Console, started: StartedOperation, pair: Pair) -> None:
    """How an operation ended."""
    unicode = "✔ " if terminal.speaks_unicode(console) else ""
    said = f"{started.kind} is done: {pair.active_region} is active at epoch {pair.epoch}"
    if pair.hold is not None:
        said += ", under a hold"
    console.print(Text.assemble((unicode, "green"), printable(said)), soft_wrap=True)
    if pair.operation is not None and pair.operation.id == started.id:
        print_operation(console, pair.operation)


def print_operation(console: Console, operation: Operation) -> None:
    """An operation with its steps, and how long each took."""
    said = f"{operation.kind} {operation.id} by {operation.by}: {operation.outcome}"
    if operation.adopted:
        said += f", {operation.adopted:,} jobs changed hands"
    _fact(console, "operation", Text(printable(said), style=status_style(operation.outcome)))
    _fact(console, "because", operation.reason)
    _fact(console, "detail", operation.detail)
    steps = _in_order(operation)
    if not steps:
        return
    start = before = operation.started_at or steps[0][1]
    table = terminal.plain_table("step", "after", "took", numbers=("after", "took"))
    for step, at in steps:
        after, took = (at - start).total_seconds(), (at - before).total_seconds()
        table.add_row(Text(printable(step)), duration(after), duration(took))
        before = at
    console.print(table)


def _print_breakers(console: Console, pair: Pair) -> None:
    if not pair.devices:
        return
    console.print()
    table = terminal.plain_table("device", "breaker", "failures", "reason", numbers=("failures",))
    for breaker in pair.devices:
        table.add_row(
            Text(printable(breaker.device)),
            Text(printable(breaker.state), style="yellow"),
            str(breaker.failures),
            Text(printable(breaker.reason or "")),
        )
    console.print(table)


def _print_audit(console: Console, pair: Pair) -> None:
    if not pair.audit:
        return
    console.print()
    table = terminal.plain_table("at", "epoch", "what", "by", "reason", numbers=("epoch",))
    for entry in pair.audit[-AUDIT_SHOWN:]:
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            "" if entry.epoch is None else str(entry.epoch),
            Text(printable(entry.action)),
            Text(printable(entry.by)),
            Text(printable(entry.reason)),
        )
    console.print(table)


def _in_order(operation: Operation) -> list[tuple[str, datetime]]:
    return sorted(operation.steps.items(), key=lambda step: step[1])


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}, {age(at)}" if at else ""


def _fact(console: Console, name: str, value: str | Text) -> None:
    if value:
        shown = printable(value) if isinstance(value, str) else value
        console.print(Text.assemble((f"{name:<10}", "dim"), shown), soft_wrap=True)
