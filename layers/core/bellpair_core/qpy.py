"""Qiskit's binary format of circuits (QPY), as far as it can be looked at without Qiskit.

Which versions are read, how many circuits a file holds and how large they are stands at its
beginning. What else is in it only Qiskit reads, when the program is compiled.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Literal, NamedTuple

from bellpair_core.openqasm import ProgramLimits

MARK = b"QISKIT"
"""What a file begins with."""

OLDEST, NEWEST = 13, 18
"""Versions of the format that are read.

Older ones may hold expressions as SymPy or symengine wrote them, whose readers run or unpickle
what they are given; newer ones the compiler's Qiskit doesn't know.
"""

SIZE_MAX = 1_048_576
"""Bytes of a file that are looked into."""

_LIMITS = ProgramLimits()
# The file's head: its mark, versions, the number of circuits, how expressions are written, and
# what is in it. From version 16 on a table follows of where each circuit begins.
_HEADER = struct.Struct("!6sBBBBQcc")
_WITH_TABLE = 16
_TABLE_ENTRY = struct.Struct("!Q")
# A circuit's head: sizes of its name and phase, then qubits, bits, …, instructions, variables.
_CIRCUIT = struct.Struct("!HcHIIQIQI")


class QpyError(Exception):
    """What is wrong with a file, and what to do about it.

    Attributes
    ----------
    code
        ``program-invalid``: it is damaged, or no such file. ``program-unsupported``,
        ``program-too-wide``: it asks for what is not done here.
    """

    def __init__(
        self,
        code: Literal["program-invalid", "program-unsupported", "program-too-wide"],
        message: str,
        remedy: str,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class QpyHead(NamedTuple):
    """What the head of a file says of its one circuit."""

    version: int
    num_qubits: int
    num_bits: int
    num_operations: int


def decoded_qpy(source: str | bytes) -> bytes:
    """The file of which ``source`` is the text in base64; line breaks are allowed.

    Raises
    ------
    QpyError
    """
    # Base64 takes four characters for three bytes, and some for the ends of lines.
    if len(source) > SIZE_MAX * 3 // 2:
        raise _too_large(f"more than {SIZE_MAX:,} bytes")
    try:
        text = source.encode("ascii") if isinstance(source, str) else source
        data = base64.b64decode(b"".join(text.split()), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise QpyError(
            "program-invalid",
            "The QPY file is not in base64.",
            "Send base64.b64encode(file), as text.",
        ) from error
    if len(data) > SIZE_MAX:
        raise _too_large(f"{len(data):,} bytes; the limit is {SIZE_MAX:,}")
    return data


def qpy_head(data: bytes) -> QpyHead:
    """Look at a file's head alone.

    Raises
    ------
    QpyError
        It is no QPY file, of a version that is not read, does not hold exactly one circuit, or
        one that is larger than programs may be.
    """
    if not data.startswith(MARK):
        raise QpyError(
            "program-invalid",
            "This is no QPY file: it does not begin with 'QISKIT'.",
            "Write the circuit with qiskit.qpy.dump; a compressed file must be unpacked first.",
        )
    if len(data) < _HEADER.size:
        raise _cut_off()
    _, version, _, _, _, circuits, _, _ = _HEADER.unpack_from(data)
    if not OLDEST <= version <= NEWEST:
        raise QpyError(
            "program-unsupported",
            f"The file is QPY version {version}; versions {OLDEST} to {NEWEST} are read"
            + (", as older ones may hold what must be unpickled." if version < OLDEST else "."),
            f"Write it with qiskit.qpy.dump(circuit, file, version={OLDEST}), Qiskit 1.3 or newer.",
        )
    if circuits != 1:
        raise QpyError(
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
        raise _cut_off() from error
    require_within_limits(qubits, bits, operations)
    return QpyHead(version, qubits, bits, operations)


def _cut_off() -> QpyError:
    return QpyError(
        "program-invalid",
        "The QPY file ends before its circuit begins.",
        "Write it again with qiskit.qpy.dump, and send all of it.",
    )


def require_within_limits(qubits: int, bits: int, operations: int) -> None:
    """Let pass a circuit that is no larger than programs in OpenQASM may be.

    Raises
    ------
    QpyError
        Naming what there is too much of, and the limit.
    """
    for what, count, limit in (
        ("qubits", qubits, _LIMITS.max_qubits),
        ("classical bits", bits, _LIMITS.max_bits),
        ("operations", operations, _LIMITS.max_operations),
    ):
        if count > limit:
            raise QpyError(
                "program-too-wide" if what == "qubits" else "program-unsupported",
                f"The circuit has {count:,} {what}; the limit is {limit:,}.",
                f"Use at most {limit:,} {what}.",
            )


def _too_large(what: str) -> QpyError:
    return QpyError(
        "program-unsupported",
        f"The QPY file has {what}.",
        "Send a smaller circuit, or write it in OpenQASM with loops.",
    )
