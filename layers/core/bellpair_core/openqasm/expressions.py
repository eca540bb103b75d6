"""Read a constant expression and compute it, without recursion.

Operators wait on a stack until one that binds less comes (Dijkstra's shunting yard), so
neither a long expression nor a deep one uses Python's own stack.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from bellpair_core.openqasm.arithmetic import INTEGER_LIMIT, Number, Operator, compute
from bellpair_core.openqasm.cursor import Cursor, description, quoted
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.formulas import Formula, Step
from bellpair_core.openqasm.gates import Gate
from bellpair_core.openqasm.late_values import LateValue
from bellpair_core.openqasm.names import Constant, Value
from bellpair_core.openqasm.registers import Register

_LONGEST_NUMBER = 100
_DURATION_UNITS = ("ns", "us", "µs", "μs", "ms", "dt", "s")
_NUMBER_START = frozenset("0123456789.")

# An open parenthesis on the stack of operators; no operator pops it.
_PARENTHESIS = Operator("(", -1, lambda value: value, 1)


class Expressions(Cursor):
    """A cursor that computes the expression it stands before."""

    prefixes: ClassVar[dict[str, Operator]]
    binaries: ClassVar[dict[str, Operator]]
    functions: ClassVar[dict[str, Operator]]

    # What the gate definition being read computes from this many parameters.
    steps: list[Step]
    params = 0

    # Whether this is a gate definition's body.
    in_gate = False

    # In a condition, bits may stand for the values they will be measured to have.
    in_condition = False

    def expression(self) -> Value:
        """Read an expression and return its value, None if it can't be known.

        It ends before the first token that can't continue it: ``)``, ``,``, ``:`` …
        """
        tokens = self.tokens
        values: list[Value] = []
        # Operators that wait, each with its token; an open parenthesis also has the number of
        # its commas so far, and below it stands the function whose arguments it holds.
        waiting: list[tuple[Operator, int]] = []
        commas: list[int] = []
        while True:
            token = tokens[self.pos]
            if token == "(":
                self.check_depth(self.depth + len(commas) + 1)
                waiting.append((_PARENTHESIS, self.pos))
                commas.append(0)
                self.pos += 1
                continue
            prefix = self.prefixes.get(token)
            if prefix is not None:
                waiting.append((prefix, self.pos))
                self.pos += 1
                continue
            function = self.functions.get(token)
            if function is not None and tokens[self.pos + 1] == "(":
                waiting.append((function, self.pos))
                self.pos += 1
                continue
            values.append(self._operand(token))
            while True:
                token = tokens[self.pos]
                binary = self.binaries.get(token)
                if binary is not None:
                    floor = binary.precedence + binary.right
                    while waiting and waiting[-1][0].precedence >= floor:
                        self._reduce(values, *waiting.pop())
                    waiting.append((binary, self.pos))
                    self.pos += 1
                    break
                while waiting and waiting[-1][0].precedence > 0:
                    self._reduce(values, *waiting.pop())
                if not waiting:
                    return values[0]
                if token == ",":
                    if len(waiting) < 2 or waiting[-2][0].precedence:
                        self.fail_syntax("')'")
                    commas[-1] += 1
                    self.pos += 1
                    break
                self.expect(")")
                waiting.pop()
                count = commas.pop() + 1
                if waiting and not waiting[-1][0].precedence:
                    self._call(values, count, *waiting.pop())

    def integer(self, what: str) -> int | None:
        """Read an expression that must be a whole number."""
        start = self.pos
        value = self.expression()
        if isinstance(value, LateValue):
            self.fail_unknown(what, start)
        if isinstance(value, float | bool):
            self.fail(
                ProblemKind.WRONG_TYPE,
                f"{what} is {value}, not a whole number",
                f"Write {what} as an integer.",
                start,
            )
        return None if isinstance(value, Formula) else value

    def known_integer(self, what: str) -> int:
        """Read an expression that must be a whole number and known beforehand."""
        start = self.pos
        value = self.integer(what)
        if value is None:
            self.fail_unknown(what, start)
        return value

    def fail_unknown(self, what: str, at: int) -> NoReturn:
        """Raise the error for a number that must be known before the program runs."""
        self.fail(
            ProblemKind.UNSUPPORTED,
            f"{what} is not known before the program runs",
            "Write it as a number.",
            at,
        )

    def number(self, token: str) -> Number:
        """Return the value of a number's token, the next one."""
        if len(token) > _LONGEST_NUMBER:
            self._fail_value(f"the number {quoted(token)} has too many digits")
        if token.isdigit() and token.isascii():
            value: Number = int(token)
            if self.openqasm2 and token[0] == "0" and len(token) > 1:
                self.fail_syntax("a number without leading zeros")
        else:
            value = self._other_number(token)
        # A register may be compared with any number; nothing is computed with it.
        if type(value) is int and value >= INTEGER_LIMIT and not self.in_condition:
            self._fail_value(f"the number {quoted(token)} does not fit into 64 bits")
        return value

    def operand_name(self, token: str) -> Value:
        """Return the value of a name that stands in an expression, the next token."""
        entity = self.table.get(token)
        if entity is None:
            if not token[:1].isidentifier() or token in self.keywords:
                self.fail_syntax("a value")
            self.fail_undefined(ProblemKind.UNDEFINED_NAME, "the name", self.pos)
        if not isinstance(entity, Constant):
            self._fail_not_a_number(token, entity)
        if self.in_gate and isinstance(entity.value, LateValue):
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"the gate's definition uses the input {quoted(token)}",
                "Give the gate a parameter, and pass it the input where the gate is applied.",
            )
        self.pos += 1
        return entity.value

    def _operand(self, token: str) -> Value:
        if token[:1] in _NUMBER_START and token not in ("", "."):
            number = self.number(token)
            self.pos += 1
            return number
        return self.operand_name(token)

    def _call(self, values: list[Value], count: int, function: Operator, at: int) -> None:
        if count != function.arity:
            self.fail(
                ProblemKind.WRONG_ARITY,
                f"'{function.symbol}' takes {function.arity} values, not {count}",
                f"Give '{function.symbol}' {function.arity} values.",
                at,
            )
        self._reduce(values, function, at)

    def _reduce(self, values: list[Value], operation: Operator, at: int) -> None:
        operands: list[Any] = values[-operation.arity :]
        del values[-operation.arity :]
        if any(type(operand) is Formula for operand in operands) and None not in operands:
            values.append(Formula(self.params + len(self.steps)))
            self.steps.append(Step(operation, operands, at))
        else:
            values.append(self.result(operation, operands, at))

    def result(self, operation: Operator, operands: list[Any], at: int) -> Number | None:
        """Apply an operation, or raise the error for the token that stands for it."""
        try:
            return compute(operation, operands)
        except LookupError:
            # In a condition this is as little known as a result.
            if self.in_condition:
                return None
            self.fail_unknown(f"the result of '{operation.symbol}'", at)
        except ZeroDivisionError:
            self._fail_value("this divides by zero", at, "Use a divisor other than 0.")
        except TypeError:
            self._fail_value(f"'{operation.symbol}' works on integers only", at)
        except (ArithmeticError, ValueError):
            self._fail_value(f"the result of '{operation.symbol}' is not a finite number", at)

    def _other_number(self, token: str) -> Number:
        text = token.lower()
        if text.endswith("im") and not self.openqasm2:
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"the imaginary number {quoted(token)} is not supported",
                "Write angles as real numbers.",
            )
        if text.endswith(_DURATION_UNITS) and text[:2] != "0x":
            self.fail(
                ProblemKind.UNSUPPORTED,
                f"the duration {quoted(token)} can't be computed with",
                "Remove the timing, or write a plain number.",
            )
        try:
            if self.openqasm2:
                if "_" in text:
                    raise ValueError
                value: Number = float(text)
            else:
                value = int(text, 0) if text[1:2] in ("x", "o", "b") else float_or_int(text)
        except ValueError:
            self.fail(
                ProblemKind.SYNTAX,
                f"{quoted(token)} is not a number",
                "Write a number such as 2, 0.5 or 1e-3; a product needs '*', as in 2*pi.",
            )
        if value == float("inf"):
            self._fail_value(f"the number {quoted(token)} is too large")
        return value

    def _fail_value(
        self,
        message: str,
        at: int | None = None,
        remedy: str = "Use values that fit into 64 bits.",
    ) -> NoReturn:
        self.fail(ProblemKind.INVALID_VALUE, message, remedy, at)

    def _fail_not_a_number(self, name: str, entity: Gate | Register) -> NoReturn:
        what = description(entity)
        remedy = "Use a number or a constant here."
        if isinstance(entity, Register) and entity.kind == "bit":
            remedy = "A bit is only known when it was measured: test it with 'if'."
        self.fail(
            ProblemKind.WRONG_TYPE,
            f"{quoted(name)} is {what}, not a number",
            remedy,
            self.pos,
        )


def float_or_int(text: str) -> Number:
    """Return the value of a decimal number that may have underscores between its digits."""
    if text.endswith("_") or "__" in text:
        raise ValueError
    return int(text) if text.replace("_", "").isdigit() else float(text)
