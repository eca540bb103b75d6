"""OpenQASM to Qiskit circuits, for the estimators that count gates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bellpair.estimates import NotEstimated

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

_VERSION_2 = re.compile(r"\s*(?://[^\n]*\n\s*|/\*.*?\*/\s*)*OPENQASM\s+2", re.DOTALL)
_REMEDY = 'Install what estimates need: pip install "bellpair[estimate]".'


def circuit_of(source: str) -> QuantumCircuit:
    """The program as a circuit, measurements included.

    Raises
    ------
    NotEstimated
        If Qiskit is not installed, or does not read the program.
    """
    try:
        from qiskit import qasm2, qasm3
    except ImportError:
        raise NotEstimated("Counting gates needs Qiskit.", remedy=_REMEDY) from None
    try:
        if _VERSION_2.match(source):
            return qasm2.loads(source, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
        return qasm3.loads(source)
    except ImportError:
        raise NotEstimated(
            "Reading OpenQASM 3 needs qiskit-qasm3-import.", remedy=_REMEDY
        ) from None
    except Exception as error:
        raise NotEstimated(
            f"Qiskit does not read the program: {str(error)[:300]}",
            remedy="Submit it: the service reads more, and says where something is wrong.",
        ) from error
