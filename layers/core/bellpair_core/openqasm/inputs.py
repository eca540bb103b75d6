"""The inputs that a program leaves open, found in its text and filled there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# Quantifiers are possessive so that no program can make the expressions backtrack.
_COMMENT = re.compile(r"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?")
_INPUT = re.compile(
    r"\binput\s++((?:float|angle|u?int)\b\s*+(?:\[[^\]]{0,32}+\]\s*+)?)([^\W\d]\w*+)\s*+;"
)


class ProgramInput(NamedTuple):
    """One ``input`` of a program.

    Attributes
    ----------
    kind
        Its type as it is written, such as ``"float[64]"``.
    start, end
        Where its declaration is in the source, the semicolon included.
    """

    name: str
    kind: str
    start: int
    end: int

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return "int" in self.kind


def declared_inputs(source: str) -> tuple[ProgramInput, ...]:
    """The inputs of an OpenQASM 3 program, in the order of their declarations.

    Those of types that hold one number: ``float``, ``angle``, ``int`` and ``uint``.
    """
    return tuple(
        ProgramInput(match[2], match[1].strip(), match.start(), match.end())
        for match in _INPUT.finditer(uncommented(source))
    )


def uncommented(source: str) -> str:
    """The program with blanks in place of its comments, each other character where it was."""
    return _COMMENT.sub(lambda match: " " * len(match.group()), source)


def bound_program(source: str, values: Sequence[float]) -> str:
    """The program with its inputs as constants.

    Parameters
    ----------
    values
        One for each of `declared_inputs`.

    Raises
    ------
    ValueError
        If there are more or fewer.
    """
    pieces: list[str] = []
    start = 0
    for declared, value in zip(declared_inputs(source), values, strict=True):
        number = str(int(value)) if declared.whole else repr(float(value))
        pieces += (source[start : declared.start], f"const {declared.kind} ", declared.name)
        pieces.append(f" = {number};")
        start = declared.end
    return "".join([*pieces, source[start:]])
