"""What a child prints: read from its pipe, bounded, handed on piece by piece."""

from __future__ import annotations

import codecs
import os

from .limits import OUTPUT_CHARACTERS_MAX

_CHUNK_BYTES = 64 * 1024


class Printed:
    """Collects text up to a limit and counts the rest.

    Parameters
    ----------
    characters_max
        So many are handed on in all.
    """

    def __init__(self, characters_max: int = OUTPUT_CHARACTERS_MAX) -> None:
        self._left = characters_max
        self._text: list[str] = []
        self._dropped = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def __bool__(self) -> bool:
        """Whether there is something to take."""
        return bool(self._text)

    def drain(self, pipe: int) -> bool:
        """Read what is in the pipe, without waiting; False when nobody can print any more."""
        for _ in range(64):
            try:
                data = os.read(pipe, _CHUNK_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._add(self._decoder.decode(data))
        return True

    def take(self) -> str:
        """What was printed since the last time."""
        text, self._text = "".join(self._text), []
        return text

    def close(self) -> None:
        """Say how much was left out, if anything was."""
        self._add(self._decoder.decode(b"", final=True))
        if self._dropped:
            self._text.append(f"\n[{self._dropped:,} more characters were printed and not kept]\n")
            self._dropped = 0

    def _add(self, text: str) -> None:
        kept = text[: self._left]
        self._left -= len(kept)
        self._dropped += len(text) - len(kept)
        if kept:
            self._text.append(kept)
