"""The names that a program has declared, with scopes."""

from __future__ import annotations

from bellpair_core.openqasm.formulas import Formula
from bellpair_core.openqasm.gates import Gate
from bellpair_core.openqasm.registers import Register

Value = int | float | bool | Formula | None
"""A number, or how a gate computes it, or None: a measured bit, a dead loop's index."""


class Constant:
    """A classical name and its value."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


Entity = Gate | Register | Constant


class Names:
    """One table of names; leaving a scope puts back what its declarations hid.

    So a look-up is one dictionary access however deep the scopes are, and entering a scope
    costs nothing however many names there are.
    """

    def __init__(self, builtin: dict[str, Entity]) -> None:
        self.table = dict(builtin)
        self._hidden: list[dict[str, Entity | None]] = [{}]

    @property
    def is_global(self) -> bool:
        """Whether the current scope is the outermost."""
        return len(self._hidden) == 1

    def enter(self) -> None:
        """Open a scope."""
        self._hidden.append({})

    def leave(self) -> None:
        """Close the innermost scope."""
        for name, before in self._hidden.pop().items():
            if before is None:
                del self.table[name]
            else:
                self.table[name] = before

    def declare(self, name: str, entity: Entity) -> bool:
        """Add a name to the innermost scope; False if it has that name already."""
        hidden = self._hidden[-1]
        before = self.table.get(name)
        if name in hidden or (before is not None and len(self._hidden) == 1):
            return False
        hidden[name] = before
        self.table[name] = entity
        return True
