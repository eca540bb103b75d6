"""Reads the part of OpenQASM 3 that Braket's on-demand devices accept.

That part is straight-line: one qubit register or physical qubits, one bit register,
inputs, gate calls, barriers, verbatim boxes and final measurements. Everything else
(includes, gate definitions, modifiers, control flow, subroutines) the service refuses
before a task exists, so it is refused here with the line that holds it. Reading a program
costs time linear in its length, whatever it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .gates import FEED_FORWARD

MAX_NESTING = 64
"""Deepest nesting of parentheses in one expression."""
MAX_REGISTER = 10_000
"""Most qubits or bits in one register."""
MAX_CALLS = 1_000_000
"""Most gates in one program, after registers are spread out."""

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\f]+)
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<pragma>\#?pragma\b[^\n]*)
  | (?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
  | (?P<physical>\$\d+)
  | (?P<name>[^\W\d]\w*)
  | (?P<string>"[^"\n]*"|'[^'\n]*')
  | (?P<symbol>\*\*|->|[-+*/%()\[\]{};,=@:<>!&|^~.])
    """,
    re.VERBOSE | re.DOTALL,
)

_CONSTANTS = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
}
# fmt: off
_REFUSED = frozenset(
    {
        "include", "gate", "def", "defcal", "defcalgrammar", "cal", "extern", "if", "else",
        "for", "while", "switch", "return", "break", "continue", "end", "let", "const",
        "output", "qreg", "creg", "reset", "delay", "stretch", "duration", "array", "int",
        "uint", "float", "angle", "bool", "complex", "opaque",
    }
)
# fmt: on
_MODIFIERS = frozenset({"ctrl", "negctrl", "inv", "pow"})


class ProgramError(Exception):
    """A program that a device does not accept; the message names the line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"[line {line}] {message}")


class Call(NamedTuple):
    """One gate on one set of qubits (registers are already spread out)."""

    name: str
    parameters: tuple[float, ...]
    qubits: tuple[int, ...]
    line: int
    verbatim: bool


@dataclass
class Program:
    """What a program asks for.

    Attributes
    ----------
    register_size
        Size of the declared qubit register; ``None`` where the program uses physical qubits.
    calls
        Gates in program order; ``barrier`` is among them.
    measurements
        ``(bit, qubit, line)`` of each final measurement, in program order. Bits are indices
        into the bit register, or continue after it for measurements without a target.
    has_box, unassigned
        Whether there is a verbatim box; a measurement without a target.
    """

    register_size: int | None = None
    calls: list[Call] = field(default_factory=list)
    measurements: list[tuple[int, int, int]] = field(default_factory=list)
    has_box: bool = False
    unassigned: bool = False

    @property
    def feeds_forward(self) -> bool:
        """Whether it measures, or acts by what was read, in the midst of it."""
        return any(call.name in FEED_FORWARD for call in self.calls)

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits that gates or measurements use, ascending."""
        used = {q for call in self.calls if call.name != "barrier" for q in call.qubits}
        return tuple(sorted(used | {q for _, q, _ in self.measurements}))

    @property
    def measured(self) -> tuple[int, ...]:
        """Measured qubits in the order of their bits; all used ones where none is measured."""
        return tuple(qubit for _, qubit, _ in sorted(self.measurements)) or self.qubits


def read_program(source: str, inputs: Mapping[str, float] | None = None) -> Program:
    """Read a program.

    Raises
    ------
    ProgramError
        Where the text is no OpenQASM 3, or uses what on-demand devices refuse.
    """
    return _Reader(source, inputs or {}).read()


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, line = 0, 1
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ProgramError(f"syntax error at {source[at]!r}", line)
        kind, text = match.lastgroup or "", match.group()
        if kind not in ("space", "comment"):
            tokens.append(_Token(kind, text, line))
        line += text.count("\n")
        at = match.end()
    tokens.append(_Token("end", "end of program", line))
    return tokens


class _Reader:
    """A recursive-descent reader: one method per construct."""

    def __init__(self, source: str, inputs: Mapping[str, float]) -> None:
        self.tokens = _tokens(source)
        self.at = 0
        self.inputs = inputs
        self.values: dict[str, float] = {}
        self.program = Program()
        self.qubit_register: str | None = None
        self.bit_register: tuple[str, int] | None = None
        self.physical = False
        self.verbatim = False
        self.measured: set[int] = set()
        self.bits: set[int] = set()
        self.unassigned = 0

    # Tokens

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.now
        self.at += token.kind != "end"
        return token

    def found(self, text: str) -> bool:
        if self.now.text != text:
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> _Token:
        if self.now.text != text:
            raise self.syntax_error(f"expected {text!r}")
        return self.take()

    def expect_kind(self, kind: str) -> _Token:
        if self.now.kind != kind:
            raise self.syntax_error(f"expected a {kind}")
        return self.take()

    def syntax_error(self, what: str) -> ProgramError:
        return ProgramError(f"syntax error: {what}, found {self.now.text!r}", self.now.line)

    # Statements

    def read(self) -> Program:
        if self.found("OPENQASM"):
            version = self.expect_kind("number")
            if version.text.split(".")[0] != "3":
                raise ProgramError(f"OpenQASM {version.text} is not supported", version.line)
            self.expect(";")
        while self.now.kind != "end":
            self.statement()
        return self.program

    def statement(self) -> None:
        token = self.take()
        if token.kind == "pragma":
            self.pragma(token)
        elif token.kind != "name":
            self.at -= 1
            raise self.syntax_error("expected a statement")
        elif token.text in _REFUSED:
            raise ProgramError(f"{token.text!r} is not supported by the device", token.line)
        elif token.text in _MODIFIERS:
            # The service's own spelling.
            raise ProgramError(f"uses an unsupported GateModifer: {token.text!r}", token.line)
        elif token.text == "qubit":
            self.qubit_declaration(token)
        elif token.text == "bit":
            self.bit_declaration(token)
        elif token.text == "input":
            self.input_declaration(token)
        elif token.text == "box":
            raise ProgramError("a box needs '#pragma braket verbatim' before it", token.line)
        elif token.text == "barrier":
            self.barrier(token)
        elif token.text == "measure":
            self.measure_statement(token)
        elif self.bit_register and token.text == self.bit_register[0]:
            bits = self.bit_indices()
            self.expect("=")
            self.measure(self.expect("measure").line, bits)
        else:
            self.gate_call(token)

    def pragma(self, token: _Token) -> None:
        command = token.text.removeprefix("#").removeprefix("pragma").strip()
        if command != "braket verbatim":
            raise ProgramError(f"pragma {command!r} is not supported by the device", token.line)
        if self.verbatim:
            raise ProgramError("a verbatim box cannot hold another", token.line)
        self.expect("box")
        self.expect("{")
        self.verbatim = self.program.has_box = True
        while not self.found("}"):
            if self.now.kind == "end":
                raise self.syntax_error("expected '}'")
            self.statement()
        self.verbatim = False

    def qubit_declaration(self, token: _Token) -> None:
        size = self.size()
        name = self.expect_kind("name").text
        self.expect(";")
        if self.qubit_register is not None:
            raise ProgramError("only one qubit register is supported by the device", token.line)
        if self.physical:
            raise self.mixed(token.line)
        self.qubit_register, self.program.register_size = name, size

    def bit_declaration(self, token: _Token) -> None:
        size = self.size()
        name = self.expect_kind("name").text
        if self.bit_register is not None:
            raise ProgramError("only one bit register is supported by the device", token.line)
        self.bit_register = (name, size)
        if self.found("="):
            self.measure(self.expect("measure").line, list(range(size)))
        else:
            self.expect(";")

    def input_declaration(self, token: _Token) -> None:
        kind = self.expect_kind("name").text
        if kind not in ("float", "angle", "int", "uint"):
            raise ProgramError(f"input of type {kind!r} is not supported", token.line)
        self.size()
        name = self.expect_kind("name").text
        self.expect(";")
        if name not in self.inputs:
            raise ProgramError(f"no value is given for the input {name!r}", token.line)
        self.values[name] = float(self.inputs[name])

    def barrier(self, token: _Token) -> None:
        qubits: list[int] = []
        if not self.found(";"):
            for operand in self.operands():
                qubits += operand
        self.program.calls.append(Call("barrier", (), tuple(qubits), token.line, self.verbatim))

    def gate_call(self, token: _Token) -> None:
        parameters: list[float] = []
        if self.found("(") and not self.found(")"):
            parameters.append(self.expression())
            while self.found(","):
                parameters.append(self.expression())
            self.expect(")")
        # gphase acts on no qubit.
        operands = [] if self.found(";") else self.operands()
        width = max((len(operand) for operand in operands), default=1)
        if any(len(operand) not in (1, width) for operand in operands):
            raise ProgramError(f"gate {token.text} on registers of different sizes", token.line)
        for k in range(width):
            qubits = tuple(op[k if len(op) > 1 else 0] for op in operands)
            if len(set(qubits)) < len(qubits):
                raise ProgramError(f"gate {token.text} uses a qubit twice", token.line)
            if again := self.measured.intersection(qubits):
                raise ProgramError(
                    f"gate {token.text} acts on qubit {min(again)} after its measurement",
                    token.line,
                )
            call = Call(token.text, tuple(parameters), qubits, token.line, self.verbatim)
            self.program.calls.append(call)
        if len(self.program.calls) > MAX_CALLS:
            raise ProgramError(f"a program may hold at most {MAX_CALLS} gates", token.line)

    def measure_statement(self, token: _Token) -> None:
        qubits = self.operand()
        bits = None
        if self.found("->"):
            name = self.expect_kind("name")
            if self.bit_register is None or name.text != self.bit_register[0]:
                raise ProgramError(f"undefined bit register {name.text!r}", name.line)
            bits = self.bit_indices()
        self.expect(";")
        self.record(token.line, qubits, bits)

    def measure(self, line: int, bits: list[int]) -> None:
        qubits = self.operand()
        self.expect(";")
        self.record(line, qubits, bits)

    def record(self, line: int, qubits: list[int], bits: list[int] | None) -> None:
        if self.verbatim:
            raise ProgramError("a measurement cannot stand inside a verbatim box", line)
        if bits is None:
            self.program.unassigned = True
            start = (self.bit_register[1] if self.bit_register else 0) + self.unassigned
            bits = list(range(start, start + len(qubits)))
            self.unassigned += len(qubits)
        if len(bits) != len(qubits):
            raise ProgramError(f"measures {len(qubits)} qubits into {len(bits)} bits", line)
        for bit, qubit in zip(bits, qubits, strict=True):
            if qubit in self.measured or bit in self.bits:
                raise ProgramError(f"qubit {qubit} or its bit is measured twice", line)
            self.measured.add(qubit)
            self.bits.add(bit)
            self.program.measurements.append((bit, qubit, line))

    # Operands

    def size(self) -> int:
        if not self.found("["):
            return 1
        size = self.integer()
        self.expect("]")
        if not 1 <= size <= MAX_REGISTER:
            raise ProgramError(f"a size must be between 1 and {MAX_REGISTER}", self.now.line)
        return size

    def integer(self) -> int:
        token = self.expect_kind("number")
        if not token.text.isdecimal() or len(token.text) > 9:
            raise ProgramError(f"{token.text!r} is not an index or size", token.line)
        return int(token.text)

    def bit_indices(self) -> list[int]:
        assert self.bit_register is not None
        name, size = self.bit_register
        if self.now.text != "[":
            return list(range(size))
        return [self.index(name, size)]

    def index(self, name: str, size: int) -> int:
        line = self.expect("[").line
        index = self.integer()
        self.expect("]")
        if index >= size:
            raise ProgramError(f"index {index} is out of range for {name}[{size}]", line)
        return index

    def operands(self) -> list[list[int]]:
        operands = [self.operand()]
        while self.found(","):
            operands.append(self.operand())
        self.expect(";")
        return operands

    def operand(self) -> list[int]:
        token = self.take()
        if token.kind == "physical":
            if self.qubit_register is not None:
                raise self.mixed(token.line)
            self.physical = True
            return [int(token.text[1:10])]
        if token.kind != "name":
            self.at -= 1
            raise self.syntax_error("expected a qubit")
        if token.text != self.qubit_register:
            raise ProgramError(f"undefined qubit register {token.text!r}", token.line)
        size = self.program.register_size or 0
        if self.now.text == "[":
            return [self.index(token.text, size)]
        return list(range(size))

    @staticmethod
    def mixed(line: int) -> ProgramError:
        return ProgramError("a program cannot use a qubit register and physical qubits", line)

    # Expressions

    def expression(self, depth: int = 0) -> float:
        line = self.now.line
        try:
            value = self.sum(depth)
        except (ArithmeticError, ValueError) as error:
            raise ProgramError(f"a parameter cannot be computed: {error}", line) from None
        if not math.isfinite(value):
            raise ProgramError("a parameter is not a finite real number", line)
        return value

    def sum(self, depth: int) -> float:
        value = self.product(depth)
        while self.now.text in ("+", "-"):
            value = value + self.product(depth) if self.found("+") else self.minus(value, depth)
        return value

    def minus(self, value: float, depth: int) -> float:
        self.expect("-")
        return value - self.product(depth)

    def product(self, depth: int) -> float:
        value = self.unary(depth)
        while self.now.text in ("*", "/", "%"):
            operator = self.take().text
            other = self.unary(depth)
            if operator == "*":
                value *= other
            elif operator == "/":
                value /= other
            else:
                value = math.fmod(value, other)
        return value

    def unary(self, depth: int) -> float:
        sign = 1.0
        while self.now.text in ("+", "-"):
            sign = -sign if self.take().text == "-" else sign
        return sign * self.power(depth)

    def power(self, depth: int) -> float:
        base = self.atom(depth)
        if not self.found("**"):
            return base
        if depth >= MAX_NESTING:
            raise ProgramError("an expression is nested too deeply", self.now.line)
        sign = -1.0 if self.found("-") else 1.0
        return math.pow(base, sign * self.power(depth + 1))

    def atom(self, depth: int) -> float:
        if depth >= MAX_NESTING:
            raise ProgramError("an expression is nested too deeply", self.now.line)
        token = self.take()
        if token.kind == "number":
            return float(token.text.replace("_", ""))
        if token.text == "(":
            value = self.expression(depth + 1)
            self.expect(")")
            return value
        if token.text in self.values:
            return self.values[token.text]
        if token.text in _CONSTANTS:
            return _CONSTANTS[token.text]
        if token.text in _FUNCTIONS:
            self.expect("(")
            value = self.expression(depth + 1)
            self.expect(")")
            return _FUNCTIONS[token.text](value)
        if token.kind == "name":
            raise ProgramError(f"undefined name {token.text!r}", token.line)
        self.at -= 1
        raise self.syntax_error("expected a number")
