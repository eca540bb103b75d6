"""Writing OpenQASM 3 in the form that Amazon Braket accepts.

Braket takes no includes and knows its gates by its own names. A verbatim box must name
physical qubits (``$3``) and is run gate by gate as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bellpair_quantum.program import Operation


def virtual_program(operations: Iterable[Operation], width: int, measured: Sequence[int]) -> str:
    """Write gates on a register ``q`` of ``width`` qubits, then measure some of them."""
    return _program(
        [f"qubit[{width}] q;", *(_call(operation, "q[%d]") for operation in operations)],
        [f"q[{qubit}]" for qubit in measured],
    )


def verbatim_program(operations: Iterable[Operation], measured: Sequence[int]) -> str:
    """Write native gates on physical qubits in a verbatim box, then measure some of them."""
    return _program(
        [
            "#pragma braket verbatim",
            "box {",
            *(f"  {_call(operation, '$%d')}" for operation in operations),
            "}",
        ],
        [f"${qubit}" for qubit in measured],
    )


def _program(body: Iterable[str], measured: Sequence[str]) -> str:
    reads = (f"b[{index}] = measure {qubit};" for index, qubit in enumerate(measured))
    return "\n".join(("OPENQASM 3.0;", f"bit[{len(measured)}] b;", *body, *reads, ""))


def _call(operation: Operation, qubit: str) -> str:
    name, params, qubits = operation
    angles = f"({', '.join(map(repr, params))})" if params else ""
    return f"{name}{angles} {', '.join([qubit % each for each in qubits])};"
