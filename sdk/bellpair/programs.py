"""Programs in the forms people have them in, as the service takes them."""

from __future__ import annotations

import base64
import importlib
import sys
from pathlib import Path
from typing import Any, NamedTuple

from bellpair.braket_export import braket_source
from bellpair.errors import InvalidProgram, TooLarge

SOURCE_BYTES_MAX = 1024 * 1024
"""UTF-8 bytes of one program, as the service allows."""

_QPY = b"QISKIT"


class Program(NamedTuple):
    """A program as it is sent: its text, and ``"openqasm"`` or ``"qpy"``."""

    source: str
    language: str


def program_of(program: Any, name: str = "The program") -> Program:
    """A program in whatever form, QPY files included.

    Parameters
    ----------
    program
        As for `openqasm_source`; or the path of a file that ``qiskit.qpy.dump`` wrote, or its
        bytes; or what this returned.
    name
        What errors call bytes.

    Raises
    ------
    InvalidProgram, TooLarge
        As `openqasm_source`.
    """
    if isinstance(program, Program):
        return program
    content = _read(program) if isinstance(program, Path) else program
    if not isinstance(content, bytes):
        return Program(openqasm_source(program), "openqasm")
    if not content.startswith(_QPY):
        text = decoded(content, str(program) if isinstance(program, Path) else name)
        return Program(openqasm_source(text), "openqasm")
    return Program(_of_allowed_size(base64.b64encode(content).decode()), "qpy")


def openqasm_source(program: Any) -> str:
    """The OpenQASM source of a program.

    Parameters
    ----------
    program
        OpenQASM text, the path of a file as `pathlib.Path`, a qiskit ``QuantumCircuit`` or an
        Amazon Braket ``Circuit``.

    Raises
    ------
    InvalidProgram
        If it is empty, not readable, or none of these.
    TooLarge
        If the source exceeds 1 MiB.
    """
    if isinstance(program, Path):
        source = decoded(_read(program), str(program))
    elif isinstance(program, str):
        source = program
    else:
        source = _exported(program)
    if not source.strip():
        raise InvalidProgram("The program is empty.", remedy="Give OpenQASM 2 or 3 source.")
    if "\n" not in source and ";" not in source and source.strip().endswith(".qasm"):
        raise InvalidProgram(
            f"{source.strip()!r} is a file's name, not a program.",
            remedy=f"Pass Path({source.strip()!r}) to submit the file.",
        )
    return _of_allowed_size(source)


def _of_allowed_size(source: str) -> str:
    size = len(source.encode(errors="replace"))
    if size > SOURCE_BYTES_MAX:
        raise TooLarge(
            f"The program has {size:,} bytes; at most {SOURCE_BYTES_MAX:,} are allowed.",
            remedy="Loops and gate definitions make programs shorter.",
            code="source-too-large",
        )
    return source


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidProgram(
            f"{path} cannot be read: {error.strerror}.", remedy="Check the file's name."
        ) from None


def decoded(content: bytes, name: str) -> str:
    """The text of a program's bytes.

    Parameters
    ----------
    name
        What the error calls them.

    Raises
    ------
    InvalidProgram
        If they are not UTF-8.
    """
    if content.startswith(_QPY):
        raise InvalidProgram(
            f"{name} is a QPY file, which can only be run as it is.",
            remedy="Write the circuit as qiskit.qasm3.dumps does.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidProgram(
            f"{name} is not text in UTF-8.", remedy="Save the program as UTF-8."
        ) from None


def _exported(program: Any) -> str:
    # Whoever holds a circuit has imported its library already, so none is imported here.
    qiskit, braket = sys.modules.get("qiskit"), sys.modules.get("braket.circuits")
    if qiskit is not None and isinstance(program, qiskit.QuantumCircuit):
        return str(importlib.import_module("qiskit.qasm3").dumps(program))
    if braket is not None and isinstance(program, braket.Circuit):
        return braket_source(program)
    raise InvalidProgram(
        f"A {type(program).__name__} is not a program.",
        remedy="Give OpenQASM text, a pathlib.Path, a qiskit QuantumCircuit or a Braket Circuit.",
    )
