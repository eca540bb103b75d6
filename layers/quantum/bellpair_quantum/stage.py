"""The compiler as the platform calls it: its errors in a job's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.errors import ErrorCode, JobFailed, NoRoom
from bellpair_core.ports import CompileRequest
from bellpair_quantum.cache_key import compile_key
from bellpair_quantum.compiler import compile_program, compile_template
from bellpair_quantum.errors import CompileError
from bellpair_quantum.options import DEFAULT_OPTIONS, CompileOptions
from bellpair_quantum.program import CompiledProgram
from bellpair_quantum.template import Template

_CODES = {
    "program-invalid": ErrorCode.PROGRAM_INVALID,
    "program-too-wide": ErrorCode.PROGRAM_TOO_WIDE,
    "program-unsupported": ErrorCode.PROGRAM_UNSUPPORTED,
    "parameters-invalid": ErrorCode.PROGRAM_INVALID,
}


@dataclass(frozen=True)
class JobTemplate:
    """A template whose errors fail jobs."""

    template: Template

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which `bind` takes their values."""
        return self.template.parameters

    def bind(
        self, values: Sequence[float], transforms: Sequence[Mapping[str, Any]] = ()
    ) -> CompiledProgram:
        """Give the parameters their values; see `Template.bind`."""
        with _failing_jobs():
            return self.template.bind(values, transforms)

    def to_json(self) -> str:
        """Write it down."""
        return self.template.to_json()


class JobCompiler:
    """`bellpair_core.ports.Compiler` with Qiskit."""

    def compile(self, request: CompileRequest, target: DeviceTarget) -> CompiledProgram:
        """Compile, or fail the job with the compiler's reason.

        Raises
        ------
        JobFailed
            With the code that the same fault would have had at submission, where there is one.
        NoRoom
            Where another calibration of the device may do.
        """
        with _failing_jobs():
            return compile_program(
                request.source, request.version, target, options=_options(request)
            )

    def template(self, request: CompileRequest, target: DeviceTarget) -> JobTemplate:
        """Compile for values that come later; raises as `compile`."""
        options = _options(replace(request, transforms=()))
        with _failing_jobs():
            made = compile_template(request.source, request.version, target, options=options)
        return JobTemplate(made)

    def restored(self, text: str) -> JobTemplate:
        """Read what `JobTemplate.to_json` wrote."""
        return JobTemplate(Template.from_json(text))

    def key(self, request: CompileRequest, target: DeviceTarget, *, template: bool = False) -> str:
        """Name what `compile` or `template` would give by what it follows from."""
        options = _options(replace(request, transforms=()) if template else request)
        with _failing_jobs():
            key = compile_key(request.source, request.version, target, options)
        return sha256(f"template {key}".encode()).hexdigest() if template else key


def _options(request: CompileRequest) -> CompileOptions:
    return replace(
        DEFAULT_OPTIONS,
        transforms=request.transforms,
        trust_calibration=request.distrust is None,
        distrust=request.distrust,
        budget_s=DEFAULT_OPTIONS.budget_s if request.budget_s is None else request.budget_s,
    )


@contextmanager
def _failing_jobs() -> Iterator[None]:
    try:
        yield
    except CompileError as error:
        place = f" (line {error.line}, column {error.column})" if error.line else ""
        # What is too wide for any device says where; else this one has lost qubits.
        if error.code == "no-room" or (error.code == "program-too-wide" and not place):
            raise NoRoom(f"{error.message}{place}") from error
        code = _CODES.get(error.code, ErrorCode.COMPILE_FAILED)
        raise JobFailed(code, f"{error.message}{place}", error.remedy) from error
