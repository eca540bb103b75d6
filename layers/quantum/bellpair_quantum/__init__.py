"""Compiling OpenQASM for quantum devices, with Qiskit.

Importing this package imports Qiskit, about a second of CPU: only what compiles should.
"""

from bellpair_quantum.compiler import compile_program
from bellpair_quantum.errors import CompileError
from bellpair_quantum.program import CompiledProgram

__all__ = ["CompileError", "CompiledProgram", "compile_program"]
