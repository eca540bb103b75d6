"""Check an OpenQASM 2 or 3 program before it is accepted as a job.

`check_program` reads a source once, from left to right, and either tells what a device
needs to know about the program or points at the first thing that is wrong with it. It is
pure Python over the standard library, because it runs in the API's hot path.
`flatten_program` reads it in the same way and writes it out for the compiler.

Example
-------
>>> facts = check_program(
...     'OPENQASM 3; include "stdgates.inc"; '
...     "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
... )
>>> facts.num_qubits, facts.num_gates, facts.num_measurements
(2, 2, 2)
"""

from bellpair_core.openqasm.check import check_program, flatten_program
from bellpair_core.openqasm.errors import ProblemKind, ProgramError
from bellpair_core.openqasm.facts import Obstacle, ProgramFacts, ProgramLimits, Shape
from bellpair_core.openqasm.flat import FlatProgram

__all__ = [
    "FlatProgram",
    "Obstacle",
    "ProblemKind",
    "ProgramError",
    "ProgramFacts",
    "ProgramLimits",
    "Shape",
    "check_program",
    "flatten_program",
]
