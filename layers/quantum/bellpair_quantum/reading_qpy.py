"""Reading Qiskit's binary format of circuits, from strangers.

Qiskit's reader is held to versions of the format that it reads in Rust. Older ones may hold
expressions as SymPy or symengine wrote them, whose readers run or unpickle what they are given.
Size and number of circuits are looked at before anything is read, and what was read is held to
the same limits as OpenQASM.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter

from bellpair_core.openqasm import ProgramLimits
from bellpair_core.openqasm.late_values import INPUT, LateStep
from bellpair_quantum.errors import CompileError

OLDEST = 13
"""The first version of the format without payloads of other libraries."""

SIZE_MAX = 1_048_576
"""Bytes of a QPY file that are looked into."""

MATRIX_QUBITS_MAX = 6
"""Qubits of a gate that is given by numbers, whose synthesis grows exponentially with them."""

_LIMITS = ProgramLimits()
# The file's head: a mark, versions, the number of circuits, how expressions are written, and what
# is in it. From version 16 on a table follows of where each circuit begins.
_HEADER = struct.Struct("!6sBBBBQcc")
_WITH_TABLE = 16
_TABLE_ENTRY = struct.Struct("!Q")
# A circuit's head: sizes of its name and phase, then qubits, bits, …, instructions, variables.
_CIRCUIT = struct.Struct("!HcHIIQIQI")
_MATRIX_GATES = frozenset(
    ["unitary", "diagonal", "isometry", "multiplexer", "uc", "hamiltonian", "state_preparation"]
)


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
    data = _decoded(source)
    _require_readable(data)
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


def _decoded(source: str | bytes) -> bytes:
    # Base64 takes four characters for three bytes, and some for the ends of lines.
    if len(source) > SIZE_MAX * 3 // 2:
        raise _too_large(f"more than {SIZE_MAX:,} bytes")
    try:
        text = source.encode("ascii") if isinstance(source, str) else source
        data = base64.b64decode(b"".join(text.split()), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise CompileError(
            "program-invalid",
            "The QPY file is not in base64.",
            "Send base64.b64encode(file), as text.",
        ) from error
    if len(data) > SIZE_MAX:
        raise _too_large(f"{len(data):,} bytes; the limit is {SIZE_MAX:,}")
    return data


def _require_readable(data: bytes) -> None:
    """Look at the file's head alone."""
    if len(data) < _HEADER.size or data[:6] != b"QISKIT":
        raise CompileError(
            "program-invalid",
            "This is no QPY file: it does not begin with 'QISKIT'.",
            "Write the circuit with qiskit.qpy.dump; a compressed file must be unpacked first.",
        )
    _, version, _, _, _, circuits, _, _ = _HEADER.unpack_from(data)
    if not OLDEST <= version <= qpy.QPY_VERSION:
        raise CompileError(
            "program-unsupported",
            f"The file is QPY version {version}; versions {OLDEST} to {qpy.QPY_VERSION} are read"
            + (", as older ones may hold what must be unpickled." if version < OLDEST else "."),
            f"Write it with qiskit.qpy.dump(circuit, file, version={OLDEST}), Qiskit 1.3 or newer.",
        )
    if circuits != 1:
        raise CompileError(
            "program-unsupported",
            f"The QPY file holds {circuits} circuits.",
            "Write each circuit to a file of its own.",
        )
    try:
        place = _HEADER.size
        if version >= _WITH_TABLE:
            (place,) = _TABLE_ENTRY.unpack_from(data, place)
        _, _, _, qubits, bits, _, _, operations, _ = _CIRCUIT.unpack_from(
            data, min(place, SIZE_MAX)
        )
    except struct.error as error:
        raise CompileError(
            "program-invalid",
            "The QPY file ends before its circuit begins.",
            "Write it again with qiskit.qpy.dump, and send all of it.",
        ) from error
    _require_within_limits(qubits, bits, operations)


def _require_within_limits(qubits: int, bits: int, operations: int) -> None:
    for what, count, limit in (
        ("qubits", qubits, _LIMITS.max_qubits),
        ("classical bits", bits, _LIMITS.max_bits),
        ("operations", operations, _LIMITS.max_operations),
    ):
        if count > limit:
            raise CompileError(
                "program-too-wide" if what == "qubits" else "program-unsupported",
                f"The circuit has {count:,} {what}; the limit is {limit:,}.",
                f"Use at most {limit:,} {what}.",
            )


def _require_small(circuit: QuantumCircuit) -> None:
    if not isinstance(circuit, QuantumCircuit):
        raise CompileError(
            "program-unsupported",
            f"The QPY file holds a {type(circuit).__name__}, not a circuit.",
            "Write a circuit with qiskit.qpy.dump.",
        )
    _require_within_limits(circuit.num_qubits, circuit.num_clbits, len(circuit.data))
    for each in circuit.data:
        name, width = each.operation.name, each.operation.num_qubits
        if name in _MATRIX_GATES and width > MATRIX_QUBITS_MAX:
            raise CompileError(
                "program-unsupported",
                f"The circuit has the gate {name} on {width} qubits, given by numbers; the limit "
                f"is {MATRIX_QUBITS_MAX} qubits.",
                "Write it as smaller gates, as qiskit.transpile does.",
            )


def _too_large(what: str) -> CompileError:
    return CompileError(
        "program-unsupported",
        f"The QPY file has {what}.",
        "Send a smaller circuit, or write it in OpenQASM with loops.",
    )


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
