"""Compiling OpenQASM for quantum devices, with Qiskit.

Importing this package imports Qiskit, about a second of CPU: only what compiles should.
"""

from bellpair_quantum.cache_key import compile_key
from bellpair_quantum.compiler import compile_program, compile_template
from bellpair_quantum.errors import CompileError
from bellpair_quantum.options import CompileOptions
from bellpair_quantum.program import CompiledProgram
from bellpair_quantum.template import Template

__all__ = [
    "CompileError",
    "CompileOptions",
    "CompiledProgram",
    "Template",
    "compile_key",
    "compile_program",
    "compile_template",
]
