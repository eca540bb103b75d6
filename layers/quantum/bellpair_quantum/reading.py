"""From OpenQASM text to a Qiskit circuit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.exceptions import QiskitError

from bellpair_quantum.errors import CompileError

# What qiskit's importers put before their messages: "<input>:4,0: …", "4,0: …", "L4:C0: …".
_PLACE = re.compile(r"(?:<input>:)?L?(\d+)(?:,|:C)(\d+): *")

# Where the OpenQASM 3 importer turns away what it has not learned, not what is wrong.
_NOT_LEARNED = re.compile(
    r"not (?:currently |yet )?supported|unsupported|not handled", re.IGNORECASE
)


def read_circuit(source: str, version: str) -> QuantumCircuit:
    """Load a program; nothing is read from the file system, whatever it includes.

    OpenQASM 3 goes through ``qiskit-qasm3-import``. Qiskit's native importer is an order of
    magnitude faster, but reads any file that an include names, prints to standard error and
    takes wrong programs (the same qubit twice in a gate), so it is not an option.

    Raises
    ------
    CompileError
        ``program-invalid`` with line and column where the importer tells them, or
        ``program-unsupported`` for what the importer does not know.
    """
    if version not in ("2.0", "3.0"):
        raise CompileError(
            "program-unsupported",
            f"OpenQASM {version} is not known here.",
            "Write the program in OpenQASM 3.0 or 2.0.",
        )
    try:
        return _read_2(source) if version == "2.0" else qasm3.loads(source)
    except RecursionError as error:
        raise CompileError(
            "program-unsupported",
            "The program nests expressions or blocks too deeply.",
            "Write out the nested parts in steps.",
        ) from error
    except Exception as error:
        # Next to its own errors the importer lets out TypeError, IndexError and others on
        # what the program says; all of them speak of the program.
        raise _refusal(error) from error


def _read_2(source: str) -> QuantumCircuit:
    # The legacy instructions are the gates that Qiskit itself exported under qelib1.inc.
    return qasm2.loads(
        source,
        include_path=(),
        custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
        custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
    )


def _refusal(error: Exception) -> CompileError:
    line, column, message = _place_and_message(error)
    if isinstance(error, TypeError) or _NOT_LEARNED.search(message):
        return CompileError(
            "program-unsupported",
            message,
            "Write the program with gates, literal indices and measurements only.",
            line=line,
            column=column,
        )
    return CompileError(
        "program-invalid",
        message,
        "Correct the program at that place." if line else "Correct the program.",
        line=line,
        column=column,
    )


def _place_and_message(error: Exception) -> tuple[int | None, int | None, str]:
    text = error.message if isinstance(error, QiskitError) else str(error)
    text = text.strip("'\" \n")
    if found := _PLACE.match(text):
        return int(found[1]), int(found[2]) + 1, text[found.end() :]
    for cause in _causes(error):
        token = getattr(cause, "offendingToken", None)
        if token is not None:
            return token.line, token.column + 1, f"syntax error at {token.text!r}"
    return None, None, text or "syntax error"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors behind an error; ANTLR carries its own as the argument of another."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        yield from (each for each in cause.args if isinstance(each, BaseException))
        cause = cause.__cause__ or cause.__context__
