"""What OpenQASM 3 has and Bellpair does not run, and what to write in its place."""

from __future__ import annotations

from bellpair_core.openqasm.errors import ProblemKind

_GATE = "Write the operations where they are used, or define a gate with 'gate'."
_PULSE = "Remove it: programs are made of gates, not of pulses."
_TIMING = "Remove it: devices choose their own timing."
_STATIC = "Write the value where it is used, or declare it with 'const'."
_LOOP = "Choose the loop's range so that every turn runs to its end."


def _unsupported(what: str, remedy: str) -> tuple[ProblemKind, str, str]:
    return ProblemKind.UNSUPPORTED, f"{what} not supported", remedy


UNSUPPORTED = {
    "while": (
        ProblemKind.UNBOUNDED_LOOP,
        "a 'while' loop may never end",
        "Use a 'for' loop over a fixed range, such as 'for int i in [0:9]'.",
    ),
    "array": _unsupported("arrays are", _STATIC),
    "break": _unsupported("'break' is", _LOOP),
    "cal": _unsupported("calibration blocks are", _PULSE),
    "complex": _unsupported("complex numbers are", "Write angles as real numbers."),
    "continue": _unsupported("'continue' is", _LOOP),
    "def": _unsupported("subroutines are", _GATE),
    "defcal": _unsupported("calibration definitions are", _PULSE),
    "defcalgrammar": _unsupported("calibration grammars are", _PULSE),
    "delay": _unsupported("delays are", _TIMING),
    "duration": _unsupported("durations are", _TIMING),
    "end": _unsupported("'end' is", "Remove what would not be run."),
    "extern": _unsupported("external functions are", _GATE),
    "opaque": _unsupported("opaque gates are", "Define the gate with 'gate'."),
    "output": _unsupported("choosing outputs is", "Remove it: all bits are returned."),
    "readonly": _unsupported("array references are", _STATIC),
    "mutable": _unsupported("array references are", _STATIC),
    "return": _unsupported("subroutines are", _GATE),
    "stretch": _unsupported("stretches are", _TIMING),
    "switch": _unsupported("'switch' is", "Use 'if' and 'else'."),
}
