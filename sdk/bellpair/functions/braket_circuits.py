"""Templates of Amazon Braket's circuits."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from bellpair.braket_export import braket_body, preamble
from bellpair.functions.errors import InvalidCall
from bellpair.functions.template import LateForm, Template, joined, written
from bellpair.functions.text_circuits import declared_qubits

_INPUT = re.compile(r"input float (\w+);\n?")
_FIRST_STATEMENT = re.compile(r"\s*(?:OPENQASM[^;]*;\s*)?")
_MEASURE = re.compile(r"(?:bit\[\d+\] b;|b\[\d+\] = measure [^;]*;)\n?")


def is_braket(circuit: Any) -> bool:
    """Whether it is an Amazon Braket ``Circuit``."""
    braket = sys.modules.get("braket.circuits")
    return braket is not None and isinstance(circuit, braket.Circuit)


def braket_template(circuit: Any, *, bare: bool) -> Template:
    """The template of a circuit, with its parameters in the order of their names.

    Parameters
    ----------
    bare
        Whether to leave out the measurement of all qubits that a circuit without any is given.

    Raises
    ------
    InvalidCall
        If it has result types.
    """
    if circuit.result_types:
        raise InvalidCall(
            "The Braket circuit has result types, which the runtime has calls for.",
            remedy="Remove them, and use runtime.estimator for expectation values.",
        )
    names = tuple(sorted(parameter.name for parameter in circuit.parameters))
    body = _INPUT.sub("", braket_body(circuit))
    if bare:
        body = _MEASURE.sub("", body)
    pieces, order = _split_at(names, body)
    # Gates are defined only now: their own parameters may have the same names.
    pieces[0] = preamble(body) + pieces[0]

    def write(values: Sequence[float]) -> str:
        return joined(pieces, [f"({written(values[index])})" for index in order])

    late = LateForm(_with_inputs(names, pieces, order), list) if names else None
    return Template(names, write, declared_qubits(body), late=late)


def _with_inputs(names: Sequence[str], pieces: Sequence[str], order: Sequence[int]) -> str:
    """The text with an input for each parameter, under a name that nothing else has."""
    text = joined(pieces, [f"bellpair_{index}_" for index in order])
    inputs = "".join(f"input float bellpair_{index}_;\n" for index in range(len(names)))
    return _FIRST_STATEMENT.sub(lambda match: match.group() + inputs, text, count=1)


def _split_at(names: Sequence[str], body: str) -> tuple[list[str], list[int]]:
    """The text between the parameters, and which one is in each gap.

    Only what is in parentheses can be a parameter; outside, the name may be a gate's.
    """
    pieces, order, start, depth = [], [], 0, 0
    for match in re.finditer(r"[()]|[^\W\d]\w*", body):
        word = match.group()
        depth += (word == "(") - (word == ")")
        if depth and word in names:
            pieces.append(body[start : match.start()])
            order.append(names.index(word))
            start = match.end()
    return [*pieces, body[start:]], order
