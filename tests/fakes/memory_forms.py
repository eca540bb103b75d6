"""A cache of compiled forms in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bellpair_core.model.limits import COMPILED_FORM_BYTES_MAX, COMPILED_FORM_TTL
from bellpair_core.ports import Clock


class MemoryForms:
    """`CompiledForms` that forgets with its process.

    Attributes
    ----------
    kept
        What is kept, as text, and until when, by key; tests may damage it.
    """

    def __init__(self, clock: Clock) -> None:
        self.kept: dict[str, tuple[str, float]] = {}
        self._clock = clock

    def get(self, key: str) -> Mapping[str, Any] | None:
        """What was kept under the key."""
        text, until = self.kept.get(key, ("", 0.0))
        if until <= self._clock().timestamp():
            return None
        try:
            form = json.loads(text)
        except ValueError:
            return None
        return form if isinstance(form, dict) else None

    def put(self, key: str, form: Mapping[str, Any]) -> None:
        """Keep a form."""
        text = json.dumps(form)
        if len(text) <= COMPILED_FORM_BYTES_MAX:
            self.kept[key] = (text, (self._clock() + COMPILED_FORM_TTL).timestamp())
