"""Programs with a mark where an error must be reported."""

from __future__ import annotations

from bellpair_core.openqasm import ProgramError, ProgramLimits, check_program

MARK = "▸"
STATED_LIMITS = ProgramLimits()

HEAD_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\n'
TAIL_2 = "\nmeasure q -> c;\n"
HEAD_3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
TAIL_3 = "\nc = measure q;\n"


def in_2(statements: str) -> str:
    """Put statements into a valid OpenQASM 2 program with registers q[3] and c[3]."""
    return HEAD_2 + statements + TAIL_2


def in_3(statements: str) -> str:
    """Put statements into a valid OpenQASM 3 program with registers q[3] and c[3]."""
    return HEAD_3 + statements + TAIL_3


def problem_of(source: str, limits: ProgramLimits = STATED_LIMITS) -> ProgramError | None:
    """Check a program and return what is wrong with it, None if nothing is."""
    try:
        check_program(source, limits)
    except ProgramError as error:
        return error
    return None


def refusal(program: str) -> ProgramError:
    """Check a program that must be refused, at its mark if it has one."""
    before, mark, after = program.partition(MARK)
    error = problem_of(before + after)
    assert error is not None, "the program is accepted"
    if mark:
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        assert (error.line, error.column) == (line, column), str(error)
    return error
