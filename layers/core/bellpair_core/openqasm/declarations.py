"""Declarations of OpenQASM 3: qubits, bits, constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from bellpair_core.openqasm.control import Control
from bellpair_core.openqasm.cursor import quoted
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.formulas import Formula
from bellpair_core.openqasm.late_values import LateValue
from bellpair_core.openqasm.names import Constant, Value
from bellpair_core.openqasm.registers import Kind, Register

_NUMBER_TYPES = ("int", "uint", "float", "angle", "bool")
_INPUT_TYPES = ("float", "angle")


class Declarations(Control):
    """A cursor that reads declarations."""

    def only_global(self, what: str) -> None:
        """Refuse what may only stand outside of blocks."""
        if not self.names.is_global:
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"{what} can't stand inside a block",
                "Move it to the top of the program.",
            )

    def global_gate_definition(self) -> None:
        """Read a gate definition, which can't stand inside a block."""
        self.only_global("A gate definition")
        self.gate_definition()

    def assign_measurement(self, bits: Register, start: int) -> None:
        """Read ``measure q;`` of which the result goes to these bits."""
        self.expect("measure")
        qubits = self.operand_of("qubit")
        self.expect(";")
        self.record_measurement(qubits, bits, start)

    def _qubit(self) -> None:
        self._sized("qubit")
        self.expect(";")

    def _bit(self) -> None:
        start = self.pos
        bits = self._sized("bit")
        if self.accept("="):
            if self.tokens[self.pos] != "measure":
                self.fail(
                    ProblemKind.UNSUPPORTED,
                    "bits can't be given values",
                    "Remove the value: bits start as 0 and are set by measurements.",
                )
            self.assign_measurement(bits, start)
        else:
            self.expect(";")

    def _sized(self, kind: Kind) -> Register:
        self.only_global(f"A declaration of {kind}s")
        self.pos += 1
        size, size_at = None, self.pos
        if self.accept("["):
            size_at = self.pos
            size = self._size()
        return self.declare_register(kind, size, size_at)

    def _qreg(self) -> None:
        self._old_style("qubit")

    def _creg(self) -> None:
        self._old_style("bit")

    def _old_style(self, kind: Kind) -> None:
        self.only_global(f"A declaration of {kind}s")
        self.pos += 1
        at = self.pos
        name = self.read_name(f"the {kind} register")
        size, size_at = None, at
        if self.accept("["):
            size_at = self.pos
            size = self._size()
        self.expect(";")
        self.declare(name, self.new_elements(kind, name, size, size_at), at)

    def _size(self) -> int:
        self.deeper()
        size = self.known_integer("the register's size")
        self.depth -= 1
        self.expect("]")
        return size

    def _const(self) -> None:
        self.pos += 1
        if self.tokens[self.pos] not in _NUMBER_TYPES:
            if self.tokens[self.pos].isidentifier():
                self.fail(
                    ProblemKind.UNSUPPORTED,
                    f"constants of type {quoted(self.tokens[self.pos])} are not supported",
                    f"Use one of the types {', '.join(_NUMBER_TYPES)}.",
                )
            self.fail_syntax("a type such as 'int'")
        self._number(needs_value=True)

    def _input(self) -> None:
        start = self.pos
        self.only_global("An input")
        self.pos += 1
        kind = self.tokens[self.pos]
        if kind not in _INPUT_TYPES:
            if not kind.isidentifier():
                self.fail_syntax("a type such as 'float'")
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"inputs of type {quoted(kind)} are not supported",
                f"Use one of the types {', '.join(_INPUT_TYPES)}, or write the value into "
                "the program.",
            )
        self.pos += 1
        self.width()
        name_at = self.pos
        name = self.read_name("the input")
        self.expect(";")
        self.note_input(name, start)
        self.declare(name, Constant(self.late.new_input()), name_at)

    def _variable(self) -> None:
        self._number(needs_value=False)

    def _number(self, *, needs_value: bool) -> None:
        kind = self.tokens[self.pos]
        self.pos += 1
        self.width()
        name_at = self.pos
        name = self.read_name("the constant")
        value: Value = None
        if needs_value or self.tokens[self.pos] == "=":
            self.expect("=")
            at = self.pos
            value = self._converted(kind, self.expression(), at)
        self.expect(";")
        self.declare(name, Constant(value), name_at)

    def _converted(self, kind: str, value: Value, at: int) -> Value:
        if value is None or isinstance(value, Formula):
            return None
        if isinstance(value, LateValue):
            if kind not in _INPUT_TYPES:
                self.fail_unknown(f"a value of type '{kind}'", at)
            return value
        if kind == "bool":
            return bool(value)
        if kind in ("float", "angle"):
            return float(value)
        if isinstance(value, float) or (kind == "uint" and value < 0):
            self.fail(
                ProblemKind.WRONG_TYPE,
                f"{value} is no value of type '{kind}'",
                "Use another type, or round the value.",
                at,
            )
        return int(value)

    declarations: ClassVar[dict[str, Callable[[Any], None]]] = {
        "bit": _bit,
        "const": _const,
        "creg": _creg,
        "input": _input,
        "qreg": _qreg,
        "qubit": _qubit,
        **dict.fromkeys(_NUMBER_TYPES, _variable),
    }
