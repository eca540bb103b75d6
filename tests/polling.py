"""Wait for what other processes do: look until it is there, up to a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_PAUSE_S = 0.1


def eventually(look: Callable[[], Any], within_s: float = 120.0) -> Any:
    """The first true value that ``look`` gives; a failure where there is none in time."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(_PAUSE_S)
    return found
