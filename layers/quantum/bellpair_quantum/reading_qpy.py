"""Reading Qiskit's binary format of circuits, from strangers.

Qiskit's reader is held to versions of the format that it reads in Rust. Older ones may hold
expressions as SymPy or symengine wrote them, whose readers run or unpickle what they are given.
Size and number of circuits are looked at before anything is read, and what was read is held to
the same limits as OpenQASM.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter

from bellpair_core.openqasm.late_values import INPUT, LateStep
from bellpair_core.qpy import QpyError, decoded_qpy, qpy_head, require_within_limits
from bellpair_quantum.errors import CompileError
from bellpair_quantum.qpy_gates import require_bounded


@dataclass(frozen=True)
class QpyProgram:
    """A circuit out of a QPY file; attributes as of `bellpair_quantum.reading.ReadProgram`."""

    circuit: QuantumCircuit
    digest: str
    inputs: tuple[str, ...]
    steps: tuple[LateStep, ...]
    places: Mapping[Parameter, int]


def read_qpy(source: str | bytes, *, inputs: bool = False) -> QpyProgram:
    """Load the one circuit of a QPY file, of which nothing is trusted.

    Parameters
    ----------
    source
        The file in base64.
    inputs
        Whether values for its parameters will be given; else it may have none.

    Raises
    ------
    CompileError
        The file is none, too large, of a version that is not read, holds more than one circuit,
        or a circuit that asks for too much.
    """
    with _refusing():
        data = decoded_qpy(source)
        head = qpy_head(data)
    try:
        (circuit,) = qpy.load(io.BytesIO(data))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # Whatever a damaged file makes Qiskit's reader raise, it is the file's fault: a panic of
        # its Rust part too, which is no Exception.
        raise CompileError(
            "program-invalid",
            f"The QPY file cannot be read: {_short(error)}.",
            "Write it again with qiskit.qpy.dump, and send it unchanged, in base64.",
        ) from error
    _require_small(circuit)
    if (circuit.num_qubits, circuit.num_clbits) != (head.num_qubits, head.num_bits):
        raise CompileError(
            "program-invalid",
            f"The QPY file's head tells of {head.num_qubits} qubits and {head.num_bits} bits, but "
            f"its circuit has {circuit.num_qubits} and {circuit.num_clbits}.",
            "Write it again with qiskit.qpy.dump, and send it unchanged, in base64.",
        )
    parameters = list(circuit.parameters)
    if parameters and not inputs:
        raise CompileError(
            "program-unsupported",
            f"The parameter {parameters[0].name!r} has no value.",
            "Give values for the circuit's parameters, or assign them before writing it.",
        )
    return QpyProgram(
        circuit,
        sha256(data).hexdigest(),
        tuple(parameter.name for parameter in parameters),
        tuple(LateStep(INPUT) for _ in parameters),
        {parameter: number for number, parameter in enumerate(parameters)},
    )


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except QpyError as error:
        raise CompileError(error.code, error.message, error.remedy) from error


def _require_small(circuit: QuantumCircuit) -> None:
    if not isinstance(circuit, QuantumCircuit):
        raise CompileError(
            "program-unsupported",
            f"The QPY file holds a {type(circuit).__name__}, not a circuit.",
            "Write a circuit with qiskit.qpy.dump.",
        )
    with _refusing():
        require_within_limits(circuit.num_qubits, circuit.num_clbits, len(circuit.data))
    require_bounded(circuit)


def _short(error: BaseException) -> str:
    # An error of its Rust part is written as a literal, with a backtrace in colours behind it.
    first, _, _ = str(error).partition("\\n")
    text = " ".join(word for word in first.split() if word.isprintable()).strip("\"'.: ")
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
