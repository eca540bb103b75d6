"""The compiler as the job path calls it: its errors in the job's terms."""

from __future__ import annotations

from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_quantum.compiler import compile_program
from bellpair_quantum.errors import CompileError
from bellpair_quantum.program import CompiledProgram

_CODES = {
    "program-invalid": ErrorCode.PROGRAM_INVALID,
    "program-too-wide": ErrorCode.PROGRAM_TOO_WIDE,
    "program-unsupported": ErrorCode.PROGRAM_UNSUPPORTED,
}


def compile_for_job(source: str, version: str, target: DeviceTarget) -> CompiledProgram:
    """Compile, or fail the job with the compiler's reason.

    Raises
    ------
    JobFailed
        With the code that the same fault would have had at submission, where there is one.
    """
    try:
        return compile_program(source, version, target)
    except CompileError as error:
        code = _CODES.get(error.code, ErrorCode.COMPILE_FAILED)
        place = f" (line {error.line}, column {error.column})" if error.line else ""
        raise JobFailed(code, f"{error.message}{place}", error.remedy) from error
