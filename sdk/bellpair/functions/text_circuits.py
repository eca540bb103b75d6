"""Templates of OpenQASM text, whose parameters are its inputs."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from bellpair.errors import BellpairError
from bellpair.functions.errors import InvalidCall
from bellpair.functions.template import LateForm, Template, joined, written
from bellpair.programs import openqasm_source

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INPUT = re.compile(r"\binput\s+((float|angle|u?int)\s*(?:\[[^\]]*\])?)\s+([^\W\d]\w*)\s*;")
_QUBITS = re.compile(
    r"\bqubit\s*(?:\[\s*(?P<size>[^\]]*?)\s*\])?\s*(?P<name>[^\W\d]\w*)\s*;"
    r"|\bqreg\s+(?P<name2>[^\W\d]\w*)\s*(?:\[\s*(?P<size2>[^\]]*?)\s*\])?\s*;"
)
_BITS = re.compile(
    r"\bbit\s*(?:\[\s*(?P<size>[^\]]*?)\s*\])?\s*[^\W\d]\w*\s*[;=]"
    r"|\bcreg\s+[^\W\d]\w*\s*(?:\[\s*(?P<size2>[^\]]*?)\s*\])?\s*;"
)
_VERSION_2 = re.compile(r"\s*OPENQASM\s+2")

UNKNOWN_BITS = 64


def text_template(source: str) -> Template:
    """The template of OpenQASM 2 or 3."""
    plain = uncommented(source)
    inputs = list(_INPUT.finditer(plain))
    pieces, start = [], 0
    for match in inputs:
        pieces.append(source[start : match.start()] + f"const {match[1]} {match[3]} = ")
        start = match.end() - 1
    pieces.append(source[start:])
    whole = [match[2] in ("int", "uint") for match in inputs]

    def write(values: Sequence[float]) -> str:
        numbers = [
            _whole(value) if is_whole else written(value)
            for value, is_whole in zip(values, whole, strict=True)
        ]
        return joined(pieces, numbers)

    return Template(
        parameters=tuple(match[3] for match in inputs),
        write=write,
        qubits=declared_qubits(plain),
        version2=_VERSION_2.match(plain) is not None,
        late=LateForm(source, list) if inputs and not any(whole) else None,
    )


def with_values(source: str, values: Sequence[float] | None) -> str:
    """The text with the values of its inputs written in, where there are any."""
    return source if values is None else text_template(source).write(values)


def text_of(program: Any) -> str:
    """The OpenQASM text of a program.

    Raises
    ------
    InvalidCall
        If it is no program.
    """
    try:
        return openqasm_source(program)
    except InvalidCall:
        raise
    except BellpairError as error:
        raise InvalidCall(error.detail, remedy=error.remedy) from None


def uncommented(source: str) -> str:
    """The text with blanks in place of its comments, each character where it was."""
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)


def declared_qubits(plain: str) -> tuple[str, ...]:
    """Names of the qubits in the order of their declarations; none if a size is no number."""
    qubits: list[str] = []
    for match in _QUBITS.finditer(plain):
        name, size = match["name"] or match["name2"], match["size"] or match["size2"]
        if size is None:
            qubits.append(name)
        elif size.isdigit():
            qubits += [f"{name}[{index}]" for index in range(int(size))]
        else:
            return ()
    return tuple(qubits)


@functools.lru_cache(maxsize=256)
def declared_bits(source: str) -> int:
    """How many bits the text declares; `UNKNOWN_BITS` for a register whose size is no number."""
    bits = 0
    for match in _BITS.finditer(uncommented(source)):
        size = match["size"] or match["size2"]
        bits += 1 if size is None else int(size) if size.isdigit() else UNKNOWN_BITS
    return bits


def _whole(value: float) -> str:
    if value != int(value):
        raise InvalidCall(
            f"An integer parameter has the value {value!r}.", remedy="Give a whole number."
        )
    return str(int(value))
