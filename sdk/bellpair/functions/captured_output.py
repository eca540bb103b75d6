"""What a function prints, given to who runs it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def captured_output(sink: Callable[[str], None]) -> Iterator[None]:
    """Give the process's ``sys.stdout`` and ``sys.stderr`` to ``sink`` meanwhile."""
    stream = io.TextIOWrapper(_Sink(sink), encoding="utf-8", errors="replace", write_through=True)  # type: ignore[type-var]
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


class _Sink(io.RawIOBase):
    """The binary end of a text stream that is given to a callable."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._sink(content.decode(errors="replace"))
        return len(content)
