"""Names for compiled forms, by what they are made of."""

from __future__ import annotations

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.options import DEFAULT_OPTIONS, CompileOptions


def compile_key(
    source: str | bytes,
    version: str,
    target: DeviceTarget,
    options: CompileOptions = DEFAULT_OPTIONS,
) -> str:
    """Return the SHA-256, hexadecimal, of all that a compiled form follows from.

    That is the circuit as it is understood (spaces, comments and names of registers play no
    part), the calibration's id, the options, and the versions of this compiler and of Qiskit.

    Raises
    ------
    CompileError
        The program cannot be read.
    """
    raise NotImplementedError
