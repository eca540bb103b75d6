"""A place in a program's tokens, and how to complain about it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import ClassVar, NoReturn

from bellpair_core.openqasm.errors import ProblemKind, ProgramError
from bellpair_core.openqasm.facts import ProgramLimits
from bellpair_core.openqasm.gates import Gate
from bellpair_core.openqasm.names import Entity, Names
from bellpair_core.openqasm.registers import Register
from bellpair_core.openqasm.scanner import line_and_column, offset_of_token, tokens_of
from bellpair_core.openqasm.standard_gates import OTHER_NAMES

# Comparing names is quadratic in their length, and a suggestion need not be complete.
_SUGGESTION_POOL = 500
_SUGGESTION_LENGTH = 40


class Cursor:
    """The tokens of a program and the next one to read; each dialect's reader builds on it.

    Parameters
    ----------
    source
        The program's text.
    limits
        What it may ask for.
    """

    openqasm2: ClassVar[bool]
    keywords: ClassVar[frozenset[str]]
    builtin: ClassVar[dict[str, Entity]]

    def __init__(self, source: str, limits: ProgramLimits) -> None:
        self.source = source
        self.limits = limits
        self.tokens = tokens_of(source, openqasm2=self.openqasm2)
        self.pos = 0
        self.depth = 0
        self.names = Names(self.builtin)
        self.table = self.names.table

    def fail(self, kind: ProblemKind, message: str, remedy: str, at: int | None = None) -> NoReturn:
        """Raise the error for a token, by default the next one."""
        index = self.pos if at is None else at
        offset = offset_of_token(self.source, index, openqasm2=self.openqasm2)
        raise ProgramError(kind, message, *line_and_column(self.source, offset), remedy)

    def fail_syntax(self, expected: str, at: int | None = None) -> NoReturn:
        """Raise the error for a token that can't stand where it does."""
        index = self.pos if at is None else at
        token = self.tokens[index]
        remedy = f"Write {expected} here."
        if not token:
            found = "the program ends"
            remedy = f"Complete the last statement: {expected} is missing."
        elif token.startswith("/*"):
            found = "a comment has no end"
            remedy = "Close the comment with */."
            if self.openqasm2:
                found, remedy = (
                    "there is a block comment",
                    "Use // comments in OpenQASM 2.",
                )
        elif token[0] in "\"'" and (len(token) == 1 or token[-1] != token[0]):
            found, remedy = "a string has no end", f"Close the string with {token[0]}."
        elif len(token) == 1 and not token.isascii():
            found = f"there is the character U+{ord(token):04X}"
        else:
            found = f"there is {quoted(token)}"
        self.fail(ProblemKind.SYNTAX, f"{found} where {expected} is expected", remedy, index)

    def line_of(self, index: int) -> int:
        """Return the line of a token."""
        offset = offset_of_token(self.source, index, openqasm2=self.openqasm2)
        return line_and_column(self.source, offset)[0]

    def accept(self, token: str) -> bool:
        """Step over the next token if it is this one."""
        if self.tokens[self.pos] == token:
            self.pos += 1
            return True
        return False

    def expect(self, token: str) -> None:
        """Step over the next token, which must be this one."""
        if self.tokens[self.pos] != token:
            self.fail_syntax(f"'{token}'")
        self.pos += 1

    def deeper(self, at: int | None = None) -> None:
        """Enter one more level of nesting; the caller leaves it with ``depth -= 1``."""
        self.depth += 1
        self.check_depth(self.depth, at)

    def check_depth(self, depth: int, at: int | None = None) -> None:
        """Refuse more levels of nesting than the limit."""
        if depth > self.limits.max_depth:
            self.fail(
                ProblemKind.TOO_DEEP,
                f"this is nested more than {self.limits.max_depth} levels deep",
                "Write it with fewer levels, for example by naming a part of it.",
                at,
            )

    def read_name(self, what: str) -> str:
        """Step over a new name, said in words for the error."""
        name = self.tokens[self.pos]
        if not name.isidentifier():
            self.fail_syntax(f"the name of {what}")
        if name in self.keywords:
            self.fail(
                ProblemKind.SYNTAX,
                f"'{name}' is a word of the language and can't name {what}",
                "Choose another name.",
            )
        if self.openqasm2 and not (name.isascii() and name[0].islower()):
            self.fail(
                ProblemKind.SYNTAX,
                f"the name {quoted(name)} doesn't start with a small letter",
                "Start names with a to z in OpenQASM 2.",
            )
        self.pos += 1
        return name

    def declare(self, name: str, entity: Entity, at: int) -> None:
        """Add a name to the innermost scope."""
        if not self.names.declare(name, entity):
            self.fail(
                ProblemKind.REDEFINED_NAME,
                f"the name {quoted(name)} is already that of {description(self.table[name])}",
                "Choose another name, or remove one of the two definitions.",
                at,
            )

    def fail_undefined(self, kind: ProblemKind, what: str, at: int, remedy: str = "") -> NoReturn:
        """Raise the error for a name that nothing declared, with names close to it."""
        name = self.tokens[at]
        wants_gate = kind is ProblemKind.UNDEFINED_GATE
        near = close_names(
            name,
            (n for n, entity in self.table.items() if isinstance(entity, Gate) == wants_gate),
        )
        if near:
            remedy = remedy or f"If so, write {near[0]!r} here."
            remedy = f"Did you mean {' or '.join(map(repr, near))}? {remedy}"
        self.fail(
            kind,
            f"{what} {quoted(name)} is not defined",
            remedy or f"Declare {quoted(name)} before this line.",
            at,
        )


def quoted(token: str) -> str:
    """Return a token for a message: between quotes and not too long."""
    return repr(token if len(token) <= 40 else token[:39] + "…")


def description(entity: Entity) -> str:
    """Say what a name stands for."""
    if isinstance(entity, Gate):
        return "a gate"
    if isinstance(entity, Register):
        return f"a {entity.kind}" if entity.scalar else f"a {entity.kind} register"
    return "a constant"


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that a person may have meant."""
    # Only a program with an error pays for this import.
    from difflib import get_close_matches

    if len(name) > _SUGGESTION_LENGTH:
        return []
    pool = list(islice((n for n in known if len(n) <= _SUGGESTION_LENGTH), _SUGGESTION_POOL))
    same = [n for n in pool if n.lower() == name.lower() or n == OTHER_NAMES.get(name.lower())]
    return same[:3] or get_close_matches(name, pool, 3)
