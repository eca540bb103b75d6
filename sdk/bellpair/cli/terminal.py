"""Where output goes: people's to tables and colours, programs' to one JSON object."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPED_WIDTH = 100
"""Columns where there is no terminal to tell."""


def stdout() -> Console:
    """The console for results."""
    return _console(sys.stdout)


def stderr() -> Console:
    """The console for progress and errors."""
    return _console(sys.stderr)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object: on one line, or laid out when a person is watching."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False))


def plain_table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """A table without lines; its columns named in ``numbers`` are aligned to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        right = column in numbers
        table.add_column(column, justify="right" if right else "left", no_wrap=right)
    return table


def speaks_unicode(console: Console) -> bool:
    """Whether blocks and marks beyond ASCII can be shown."""
    return console.encoding.lower().startswith("utf")


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
