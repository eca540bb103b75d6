"""QPY files without Qiskit: what is made here is a head alone, which acceptance looks at."""

from __future__ import annotations

import base64
import struct

QUBITS, BITS, OPERATIONS = 3, 2, 7


def qpy_head_of(
    *,
    version: int = 16,
    circuits: int = 1,
    qubits: int = QUBITS,
    bits: int = BITS,
    operations: int = OPERATIONS,
) -> bytes:
    """The beginning of a QPY file of one circuit, and nothing after it."""
    table = b"" if version < 16 else struct.pack("!Q", 28)
    return (
        struct.pack("!6sBBBBQcc", b"QISKIT", version, 2, 0, 0, circuits, b"e", b"q")
        + table
        + struct.pack("!HcHIIQIQI", 1, b"f", 8, qubits, bits, 0, 0, operations, 0)
    )


def sent(data: bytes) -> str:
    """A file as it is sent."""
    return base64.b64encode(data).decode()
