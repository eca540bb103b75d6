"""What was compiled before, by its content address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class CompiledForms(Protocol):
    """A cache: what it lost, or cannot reach, is only compiled again."""

    def get(self, key: str) -> Mapping[str, Any] | None:
        """What was kept under ``key``, a JSON object; ``None`` where there is nothing usable."""
        ...

    def put(self, key: str, form: Mapping[str, Any]) -> None:
        """Keep ``form``, a JSON object, for `COMPILED_FORM_TTL`; never raises."""
        ...
