"""Tells how a drill goes: lines that stay, and a passing one beside a spinner on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Progress(Protocol):
    """Whoever is told."""

    def said(self, text: str) -> None:
        """Something happened."""

    def passing(self, text: str) -> None:
        """How things stand; soon out of date."""


class ConsoleProgress:
    """Tells a console.

    Parameters
    ----------
    spinner
        Where passing words go on a terminal; elsewhere they are lines too.
    """

    def __init__(self, console: Console, spinner: Status) -> None:
        self._console = console
        self._spinner = spinner
        self._began = time.monotonic()

    def said(self, text: str) -> None:
        """Print a line."""
        passed = time.monotonic() - self._began
        self._console.print(f"[dim]{passed:6.1f} s[/]  {escape(text)}", highlight=False)

    def passing(self, text: str) -> None:
        """Update the spinner, or print a line where there is no terminal."""
        if self._console.is_terminal:
            self._spinner.update(escape(text))
        else:
            self.said(text)


@contextmanager
def progress_on(console: Console) -> Iterator[ConsoleProgress]:
    """A teller for a console, with a spinner while it is used."""
    with console.status("") as spinner:
        yield ConsoleProgress(console, spinner)
