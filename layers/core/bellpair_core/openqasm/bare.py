"""Programs without measurements, which others measure in bases of their own."""

from __future__ import annotations

import re

from .inputs import uncommented
from .scanner import version_of

_QUBITS = re.compile(
    r"\bqubit\s*+(?:\[(?P<sized>[^\]]{0,64}+)\]\s*+)?(?P<name>[^\W\d]\w*+)\s*+;"
    r"|\bqreg\s++(?P<old>[^\W\d]\w*+)\s*+(?P<size>\[)?"
)


def with_a_measurement(source: str) -> str | None:
    """The program with its first qubit measured at the end, so that it can be checked.

    Returns
    -------
    str or None
        ``None`` where it declares no qubits.
    """
    found = _QUBITS.search(uncommented(source))
    if found is None:
        return None
    name = found["name"] or found["old"]
    qubit = f"{name}[0]" if found["sized"] is not None or found["size"] else name
    bit = "bellpair_bit"
    while bit in source:
        bit += "_"
    version, _ = version_of(source) or ("3.0", 0)
    if version.startswith("2"):
        return f"{source}\ncreg {bit}[1];\nmeasure {qubit} -> {bit}[0];\n"
    return f"{source}\nbit {bit};\n{bit} = measure {qubit};\n"
