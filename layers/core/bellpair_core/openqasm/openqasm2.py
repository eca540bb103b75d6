"""OpenQASM 2: its statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from bellpair_core.openqasm.arithmetic import (
    BINARY_2,
    CONSTANTS_2,
    FUNCTIONS_2,
    PREFIX_2,
)
from bellpair_core.openqasm.cursor import quoted
from bellpair_core.openqasm.definitions import Definitions
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.flat import Condition
from bellpair_core.openqasm.names import Constant, Entity
from bellpair_core.openqasm.registers import Kind, Register
from bellpair_core.openqasm.standard_gates import BUILTIN_2, QELIB1

_WORDS = "OPENQASM include qreg creg gate opaque measure reset barrier if pi U CX"


class OpenQasm2(Definitions):
    """A reader of OpenQASM 2 programs.

    More lenient than the paper: a comma may follow the last operand, and a ``barrier``
    without operands stands for all qubits. Both are read so by Qiskit too.
    """

    openqasm2 = True
    keywords = frozenset([*_WORDS.split(), *FUNCTIONS_2])
    prefixes = PREFIX_2
    binaries = BINARY_2
    functions = FUNCTIONS_2
    builtin: ClassVar[dict[str, Entity]] = {
        **BUILTIN_2,
        **{name: Constant(value) for name, value in CONSTANTS_2.items()},
    }

    def program(self) -> None:
        """Read the whole program."""
        if self.accept("OPENQASM"):
            self.pos += 1
            self.expect(";")
        tokens, statements = self.tokens, self.statements
        while token := tokens[self.pos]:
            statement = statements.get(token)
            if statement is None:
                self.operation()
            else:
                statement(self)

    def operation(self) -> None:
        """Read what may stand after a condition: a gate, a measurement or a reset."""
        token = self.tokens[self.pos]
        if token == "measure":
            self._measure()
        elif token == "reset":
            self.reset()
        elif (token in self.keywords and token not in BUILTIN_2) or not token[:1].isidentifier():
            self.fail_syntax("a gate, a measurement or a reset")
        else:
            remedy = ""
            if token in QELIB1 and token not in self.table:
                remedy = 'Add the line include "qelib1.inc"; before it.'
            if token not in self.table and self.tokens[self.pos + 1] == "[":
                remedy = "OpenQASM 2 declares registers with 'qreg q[2];' and 'creg c[2];'."
            if remedy:
                self.fail_undefined(ProblemKind.UNDEFINED_GATE, "the gate", self.pos, remedy)
            self.apply_gate()

    def body_statement(self) -> None:
        """Read a gate application or a barrier inside a gate definition."""
        token = self.tokens[self.pos]
        if token == "barrier":
            self.barrier()
        elif token in ("measure", "reset"):
            self.fail_syntax("a gate application")
        else:
            self.operation()

    def operand(self) -> Register:
        """Read ``q`` or ``q[0]``."""
        register = self.named_register()
        if self.in_gate or not self.accept("["):
            return register
        at = self.pos
        token = self.tokens[at]
        index = self._literal("an index")
        self.expect("]")
        cell = self.element(register, index, at)
        register.cells[token] = cell
        return cell

    def _literal(self, what: str) -> int:
        token = self.tokens[self.pos]
        if not (token.isdigit() and token.isascii()):
            self.fail_syntax(what)
        value = int(self.number(token))
        self.pos += 1
        return value

    def _version(self) -> None:
        self.fail(
            ProblemKind.SYNTAX,
            "the version line is not the first statement",
            "Move it to the first line, or remove it.",
        )

    def _include(self) -> None:
        start = self.pos
        self.pos += 1
        file = self.tokens[self.pos]
        if file != '"qelib1.inc"':
            if file[:1] != '"' or file[-1:] != '"' or len(file) < 2:
                self.fail_syntax('"qelib1.inc"')
            self.fail(
                ProblemKind.UNKNOWN_INCLUDE,
                f"the file {file[:60]} can't be included",
                'Include "qelib1.inc", and write other definitions into the program itself.',
            )
        self.pos += 1
        self.expect(";")
        self.include_gates(QELIB1, start)

    def _qreg(self) -> None:
        self._register("qubit")

    def _creg(self) -> None:
        self._register("bit")

    def _register(self, kind: Kind) -> None:
        self.pos += 1
        at = self.pos
        name = self.read_name("the register")
        self.expect("[")
        size_at = self.pos
        size = self._literal("the register's size")
        self.expect("]")
        self.expect(";")
        self.declare(name, self.new_elements(kind, name, size, size_at), at)

    def _opaque(self) -> None:
        self.fail(
            ProblemKind.UNSUPPORTED,
            f"the opaque gate {quoted(self.tokens[self.pos + 1])} has no definition to run",
            "Define it with 'gate'.",
        )

    def _measure(self) -> None:
        start = self.pos
        self.pos += 1
        qubits = self.operand_of("qubit")
        self.expect("->")
        bits = self.operand_of("bit")
        self.expect(";")
        if qubits.scalar != bits.scalar:
            self.fail(
                ProblemKind.SIZE_MISMATCH,
                "a register is measured into a single bit, or a single qubit into a register",
                "Name two registers of one size, or one qubit and one bit.",
                start,
            )
        self.record_measurement(qubits, bits, start)

    def _if(self) -> None:
        self.need_mid_circuit(
            "the program tests a measured value with 'if'",
            "Remove the condition, or choose a device that measures in mid-circuit.",
            self.pos,
        )
        self.pos += 1
        self.expect("(")
        at = self.pos
        register = self.named_register()
        if register.kind != "bit":
            self.fail(
                ProblemKind.WRONG_TYPE,
                f"{quoted(self.tokens[at])} is a qubit register, not a bit register",
                "Measure it first, and compare the bit register.",
                at,
            )
        self.expect("==")
        self.in_condition = True
        value = self._literal("a whole number")
        self.in_condition = False
        self.expect(")")
        self.has_classical_control = True
        if register.size == 1 and value in (0, 1):
            self.condition = Condition(register.elements[0], value)
        else:
            self.hinder(
                f"{quoted(self.tokens[at])} is not compared as one bit with 0 or 1",
                "Measure into a register of one bit, and compare that: 'if(c==1) x q[1];'.",
                at,
            )
        self.under_if = True
        self.operation()
        self.under_if, self.condition = False, None

    def _empty(self) -> None:
        self.pos += 1

    statements: ClassVar[dict[str, Callable[[OpenQasm2], None]]] = {
        ";": _empty,
        "OPENQASM": _version,
        "barrier": Definitions.barrier,
        "creg": _creg,
        "gate": Definitions.gate_definition,
        "if": _if,
        "include": _include,
        "measure": _measure,
        "opaque": _opaque,
        "qreg": _qreg,
        "reset": Definitions.reset,
    }
