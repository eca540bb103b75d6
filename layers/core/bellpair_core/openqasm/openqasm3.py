"""OpenQASM 3: its statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from bellpair_core.openqasm.arithmetic import (
    BINARY_3,
    CONSTANTS_3,
    FUNCTIONS_3,
    PREFIX_3,
)
from bellpair_core.openqasm.cursor import quoted
from bellpair_core.openqasm.declarations import Declarations
from bellpair_core.openqasm.definitions import Definitions
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.flat import BARRIER, Operation
from bellpair_core.openqasm.gates import Gate, Modifiers
from bellpair_core.openqasm.names import Constant, Entity, Value
from bellpair_core.openqasm.registers import Register
from bellpair_core.openqasm.standard_gates import BRAKET_NATIVE, BUILTIN_3, STDGATES
from bellpair_core.openqasm.unsupported import UNSUPPORTED

_WORDS = (
    "OPENQASM include qubit qreg bit creg const int uint float angle bool gate let for in if else "
    "measure reset barrier box ctrl negctrl inv pow pragma true false U gphase "
    "input"
)
_MODIFIERS = frozenset(["ctrl", "negctrl", "inv", "pow"])
_IN_GATE_BODY = _MODIFIERS | {"for", "barrier"}


class OpenQasm3(Declarations):
    """A reader of OpenQASM 3 programs: the part of the language that devices can run."""

    openqasm2 = False
    keywords = frozenset([*_WORDS.split(), *UNSUPPORTED, *CONSTANTS_3])
    prefixes = PREFIX_3
    binaries = BINARY_3
    functions = FUNCTIONS_3
    builtin: ClassVar[dict[str, Entity]] = {
        **BUILTIN_3,
        **{name: Constant(value) for name, value in CONSTANTS_3.items()},
        "true": Constant(True),
        "false": Constant(False),
    }

    def program(self) -> None:
        """Read the whole program."""
        if self.accept("OPENQASM"):
            if not self.tokens[self.pos][:1].isdigit():
                self.fail_syntax("a version such as 3.0")
            self.pos += 1
            self.expect(";")
        tokens = self.tokens
        while tokens[self.pos]:
            self.statement()

    def statement(self) -> None:
        """Read one statement of any kind."""
        token = self.tokens[self.pos]
        handler = self.statements.get(token)
        if handler is None:
            if type(self.table.get(token)) is Gate:
                self.apply_gate()
            else:
                self._other_statement(token)
            return
        if self.in_gate and token not in _IN_GATE_BODY:
            self.fail_syntax("a gate application")
        handler(self)

    def body_statement(self) -> None:
        """Read one statement inside a gate definition."""
        self.statement()

    def _other_statement(self, token: str) -> None:
        at = self.pos
        entity = self.table.get(token)
        following = self.tokens[at + 1]
        if token in UNSUPPORTED:
            self._unsupported(token)
        elif token.lstrip("#").lstrip(" \t").startswith("pragma"):
            self._pragma(token)
            return
        elif type(entity) is Register and entity.kind == "bit" and not self.in_gate:
            self._assignment()
            return
        elif not token[:1].isidentifier() or token in self.keywords:
            self.fail_syntax("a statement")
        elif type(entity) is Constant and (following in ("=", "[") or following[1:] == "="):
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"{quoted(token)} can't be assigned again",
                "Declare another constant with 'const', or write the value where it is used.",
            )
        elif entity is None and following in ("=", "["):
            self.fail_undefined(ProblemKind.UNDEFINED_NAME, "the name", at)
        remedy = 'Add the line include "stdgates.inc"; before it.' if token in STDGATES else ""
        self.fail_no_gate(at, remedy)

    def _version(self) -> None:
        self.fail(
            ProblemKind.SYNTAX,
            "the version line is not the first statement",
            "Move it to the first line, or remove it.",
        )

    def _include(self) -> None:
        start = self.pos
        self.only_global("An include")
        self.pos += 1
        file = self.tokens[self.pos]
        name = file[1:-1]
        if file[:1] not in ("'", '"') or file[:1] != file[-1:] or len(file) < 2:
            self.fail_syntax('"stdgates.inc"')
        if name != "stdgates.inc":
            remedy = 'Include "stdgates.inc", and write other definitions into the program itself.'
            if name == "qelib1.inc":
                remedy = 'Include "stdgates.inc" instead, or start with OPENQASM 2.0;.'
            self.fail(
                ProblemKind.UNKNOWN_INCLUDE,
                f"the file {file[:60]} can't be included",
                remedy,
            )
        self.pos += 1
        self.expect(";")
        self.include_gates(STDGATES, start)

    def _measure(self) -> None:
        start = self.pos
        self.pos += 1
        qubits = self.operand_of("qubit")
        if self.tokens[self.pos] == ";":
            self.fail(
                ProblemKind.UNSUPPORTED,
                "the measurement's result is not assigned to bits",
                "Write 'c = measure q;' with a bit register c.",
                start,
            )
        self.expect("->")
        bits = self.operand_of("bit")
        self.expect(";")
        self.record_measurement(qubits, bits, start)

    def _assignment(self) -> None:
        start = self.pos
        bits = self.operand()
        self.expect("=")
        if self.tokens[self.pos] != "measure":
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"{quoted(self.tokens[start])} is assigned something other than a measurement",
                "Bits can only be assigned with 'c = measure q;'.",
            )
        self.assign_measurement(bits, start)

    def _modified(self) -> None:
        controls: list[bool] = []
        powers: list[Value] = []
        while (token := self.tokens[self.pos]) in _MODIFIERS:
            self.pos += 1
            at = self.pos
            if token == "inv":
                powers.append(-1)
            elif token == "pow":
                powers.append(self._power())
            else:
                controls += [token == "ctrl"] * self._controls()
                self._check_controls(len(controls), at)
            self.expect("@")
        if type(self.table.get(self.tokens[self.pos])) is not Gate:
            self._other_statement(self.tokens[self.pos])
        # The modifier next to the gate comes first.
        known = tuple(power for power in reversed(powers) if power is not None)
        self.apply_gate(Modifiers(tuple(controls), known))

    def _power(self) -> Value:
        self.expect("(")
        self.deeper()
        power = self.expression()
        self.depth -= 1
        self.expect(")")
        if power is None and not self.dead:
            self.fail_unknown("the power", self.pos - 2)
        return power

    def _controls(self) -> int:
        if not self.accept("("):
            return 1
        self.deeper()
        at = self.pos
        controls = self.known_integer("the number of controls")
        self._check_controls(controls, at)
        self.depth -= 1
        self.expect(")")
        return controls

    def _check_controls(self, controls: int, at: int) -> None:
        if not 0 < controls <= self.limits.max_qubits:
            self.fail(
                ProblemKind.INVALID_VALUE,
                f"a gate can't have {controls} controls",
                f"Use 1 to {self.limits.max_qubits} controls.",
                at,
            )

    def _pragma(self, token: str) -> None:
        words = token.replace("#", " ").split()
        if words != ["pragma", "braket", "verbatim"] or self.in_gate:
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"the pragma {quoted(token)} is not supported",
                "Remove it; only '#pragma braket verbatim' before a box is.",
            )
        if self.native is None and not self.dead:
            self.native = self._obstacle(
                "the program has a verbatim box",
                "Write its gates without the box, as gates of the standard library.",
                self.pos,
            )
        self.pos += 1
        if self.tokens[self.pos] != "box":
            self.fail_syntax("'box'")
        self.verbatim = True
        self.names.enter()
        for name, gate in BRAKET_NATIVE.items():
            if name not in self.table:
                self.names.declare(name, gate)
        if self.num_qubits and not self.physical_qubits:
            self.must_not_be_native(
                "a verbatim box is for physical qubits, and the program declares its own",
                "Name qubits of the device in it, such as $1.",
                self.pos,
            )
        self.in_box = True
        self._box()
        self.in_box = False
        self.names.leave()

    def _box(self) -> None:
        start = self.pos
        self.pos += 1
        if self.accept("["):
            remedy = "Remove it: devices choose their own timing."
            self.hinder("the box has a duration", remedy, self.pos - 1)
            # A duration, such as 100ns or 100 ns.
            if not self.tokens[self.pos][:1].isdigit():
                self.fail_syntax("a duration such as 100ns")
            self.pos += 1 if self.tokens[self.pos + 1] == "]" else 2
            self.expect("]")
        if self.tokens[self.pos] != "{":
            self.fail_syntax("'{'")
        self._barrier_for_all(start)
        self.block()
        self._barrier_for_all(start)

    def _barrier_for_all(self, at: int) -> None:
        self.count(self.num_qubits, at)
        if not self.dead:
            self.operations.append(Operation(BARRIER, ()))

    def _annotation(self) -> None:
        self.fail(
            ProblemKind.UNSUPPORTED,
            "annotations are not supported",
            "Remove the line that starts with '@'.",
        )

    def _unsupported(self, token: str) -> None:
        kind, what, remedy = UNSUPPORTED[token]
        self.fail(kind, what, remedy)

    statements: ClassVar[dict[str, Callable[[OpenQasm3], None]]] = {
        "@": _annotation,
        "OPENQASM": _version,
        "barrier": Definitions.barrier,
        "box": _box,
        "ctrl": _modified,
        "for": Declarations.for_statement,
        "gate": Declarations.global_gate_definition,
        "if": Declarations.if_statement,
        "include": _include,
        "inv": _modified,
        "let": Declarations.alias,
        "measure": _measure,
        "negctrl": _modified,
        "pow": _modified,
        "reset": Definitions.reset,
        "{": Declarations.block,
        **Declarations.declarations,
    }
