"""Reading a transform's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from bellpair_quantum.errors import CompileError

Word = TypeVar("Word", bound=str)


class Parameters:
    """The parameters of one transform; what cannot be is a `CompileError`."""

    def __init__(self, transform: Mapping[str, Any]) -> None:
        self.name = transform.get("name")
        self._given = transform

    def number(self, name: str, default: float, lowest: float, highest: float) -> float:
        """A number within these bounds."""
        value = self._given.get(name, default)
        if _is_number(value) and lowest <= value <= highest:
            return float(value)
        raise self._refused(name, value, f"a number from {lowest:g} to {highest:g}")

    def seed(self) -> int:
        """The whole number under ``seed``; 0 if there is none."""
        value = self._given.get("seed", 0)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self._refused("seed", value, "a whole number")

    def word(self, name: str, words: Mapping[str, Word]) -> Word:
        """What one of these words stands for; the first if there is none."""
        value = self._given.get(name, next(iter(words)))
        if isinstance(value, str) and value in words:
            return words[value]
        raise self._refused(name, value, " or ".join(words))

    def _refused(self, name: str, value: Any, allowed: str) -> CompileError:
        return CompileError(
            "program-unsupported",
            f"Parameter {name} of transform {self.name} cannot be {value!r}.",
            f"Give {allowed}.",
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
