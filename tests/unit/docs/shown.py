"""The commands that the pages show, as lists of words."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"^([ ]*)```sh\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_SETTING = re.compile(r"[A-Z_]+=.*")
_ENDS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "2>", "<"})


class Shown(NamedTuple):
    """A command as a page shows it."""

    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def commands(program: str, *pages: Path) -> list[Shown]:
    """Return each command of a program in the pages' shell examples (default: in all pages)."""
    found = {
        Shown(page.relative_to(ROOT).as_posix(), words[1:])
        for page in pages or PAGES
        for words in _lines(page.read_text())
        if words and words[0] == program
    }
    return sorted(found)


def options(words: Sequence[str]) -> dict[str, list[str]]:
    """Return the options among words, each with the words up to the next one."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            found[name] = [value] if value else []
        elif found:
            found[list(found)[-1]].append(word)
    return found


def _lines(text: str) -> Iterator[tuple[str, ...]]:
    for _, block in _BLOCK.findall(text):
        for line in textwrap.dedent(block).replace("\\\n", " ").splitlines():
            if words := _words(line.removeprefix("$ ")):
                yield words


def _words(line: str) -> tuple[str, ...]:
    """Return a line's first command, without settings before it and what it is joined to."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # the middle of something that goes over several lines
        return ()
    while words and _SETTING.fullmatch(words[0]):
        del words[0]
    end = next((i for i, word in enumerate(words) if word in _ENDS), len(words))
    return tuple(words[:end])
