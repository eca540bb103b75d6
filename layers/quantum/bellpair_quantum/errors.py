"""What can keep a program from being compiled."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "program-invalid",
    "program-too-wide",
    "program-unsupported",
    "parameters-invalid",
    "no-room",
    "target-unsupported",
]


class CompileError(Exception):
    """A program that cannot be compiled for its device, and what to do about it.

    Parameters
    ----------
    code
        ``program-invalid``: it is not a correct program. ``program-too-wide``: it uses more
        qubits than the device has. ``program-unsupported``: it is correct, but asks for what
        devices do not do here. ``parameters-invalid``: the values for its parameters are not
        as many as it has, or not finite, or missing. ``no-room``: the device is large enough,
        but its working qubits do not hang together well enough. ``target-unsupported``: the
        device's native gates are not ones that this compiler writes; no program would do.
    message
        What is wrong, naming the thing.
    remedy
        What to do next.
    line, column
        Where in the source, both counted from 1, when known.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        remedy: str,
        *,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message
        self.remedy = remedy
        self.line = line
        self.column = column
