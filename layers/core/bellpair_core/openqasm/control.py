"""Blocks, conditions and loops of OpenQASM 3.

A loop's body is read again for each turn, with the index's value: so what a turn does is
known, and an index that leaves its register is found where it stands. How much is read again
is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bellpair_core.openqasm.cursor import quoted
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.facts import ProgramLimits
from bellpair_core.openqasm.flat import Condition
from bellpair_core.openqasm.names import Constant, Value
from bellpair_core.openqasm.references import References
from bellpair_core.openqasm.registers import Register
from bellpair_core.openqasm.tally import Tally

_VALUES: Mapping[tuple[tuple[str, ...], tuple[str, ...]], int] = {
    ((), ()): 1,
    (("!",), ()): 0,
    **{
        ((), (sign, word)): value if sign == "==" else 1 - value
        for sign in ("==", "!=")
        for word, value in (("1", 1), ("0", 0), ("true", 1), ("false", 0), ('"1"', 1), ('"0"', 0))
    },
}
"""The value that a bit is to have, by the words before and after it."""

# What a turn costs besides its tokens, in tokens.
_TURN_COST = 8


class Control(References):
    """A cursor that reads the statements which hold other statements."""

    def __init__(self, source: str, limits: ProgramLimits) -> None:
        super().__init__(source, limits)
        # The bits that a condition names, each with its first word's place and that after it.
        self._tested: list[tuple[Register, int, int]] = []

    def statement(self) -> None:
        """Read one statement of any kind."""
        raise NotImplementedError

    def operand_name(self, token: str) -> Value:
        """Return the value of a name; in a condition a bit stands for its result."""
        if self.in_condition:
            if token[:1] == '"':
                if not set(token[1:-1]) <= set("01_") or len(token) < 3 or token[-1] != '"':
                    self.fail_syntax('a string of bits such as "01"')
                self.pos += 1
                return None
            entity = self.table.get(token)
            if entity is not None and getattr(entity, "kind", "") == "bit":
                begun = self.pos
                self._tested.append((self.operand(), begun, self.pos))
                return None
        return super().operand_name(token)

    def block(self) -> None:
        """Read a block, or the one statement that stands for it."""
        self.deeper()
        self.names.enter()
        if self.tokens[self.pos] == "{":
            self._braces()
        else:
            self.statement()
        self.names.leave()
        self.depth -= 1

    def if_statement(self) -> None:
        """Read ``if (…) … else …``; a chain of ``else if`` is no nesting."""
        self.has_classical_control = True
        self.hinder_under_if("another 'if' stands", self.pos)
        self.need_mid_circuit(
            "the program tests a value with 'if'",
            "Remove the condition, or choose a device that measures in mid-circuit.",
            self.pos,
        )
        outside = self.under_if, self.condition
        self.under_if = True
        more = True
        while more:
            self.pos += 1
            self.expect("(")
            condition = self._condition()
            self.expect(")")
            self.condition = condition
            self.block()
            more = False
            if self.accept("else"):
                more = self.tokens[self.pos] == "if"
                if more:
                    self.hinder_under_if("another 'if' stands", self.pos)
                else:
                    self.condition = condition and condition._replace(value=1 - condition.value)
                    self.block()
        self.under_if, self.condition = outside

    def _condition(self) -> Condition | None:
        """Read what is tested; None where it is not one bit."""
        begun = self.pos
        self._tested = []
        self.in_condition = True
        self.deeper()
        self.expression()
        self.depth -= 1
        self.in_condition = False
        if len(self._tested) == 1:
            register, start, end = self._tested[0]
            words = tuple(self.tokens[begun:start]), tuple(self.tokens[end : self.pos])
            if register.size == 1 and words in _VALUES:
                return Condition(register.elements[0], _VALUES[words])
        self.hinder(
            "the condition is not the value of one bit",
            "Write conditions such as 'if (c[0] == 1)' or 'if (c[0])'.",
            begun,
        )
        return None

    def for_statement(self) -> None:
        """Read ``for int i in [a:b] …``."""
        start = self.pos
        self.pos += 1
        self._loop_type()
        name = self.read_name("the loop's index")
        self.expect("in")
        at = self.pos
        values = self._loop_values()
        count = _length(values)
        if count > self.limits.max_operations:
            self.fail(
                ProblemKind.TOO_LARGE,
                f"the loop makes more than {self.limits.max_operations:,} turns",
                "Make fewer turns.",
                at,
            )
        if count:
            self._turns(name, values, start)
        else:
            self._dead_turn(name)

    def _braces(self) -> None:
        opened = self.pos
        self.pos += 1
        tokens = self.tokens
        while (token := tokens[self.pos]) != "}":
            if not token:
                line = self.line_of(opened)
                self.fail_syntax(f"the '}}' of the block that line {line} opens")
            self.statement()
        self.pos += 1

    def _turns(self, name: str, values: Sequence[int], start: int) -> None:
        body = self.pos
        self._turn(name, values[0], body, start)
        cost = self.pos - body + _TURN_COST
        # Refused before the work is done, not halfway.
        self.spend(cost * (_length(values) - 1), start)
        for value in values[1:]:
            self._turn(name, value, body, start)

    def _turn(self, name: str, value: int | None, body: int, start: int) -> None:
        self.count(1, start)
        self.pos = body
        self.names.enter()
        self.declare(name, Constant(value), start)
        self.block()
        self.names.leave()

    def _dead_turn(self, name: str) -> None:
        # The body never runs, but must be well written all the same.
        outside, self.tally = self.tally, Tally()
        dead, self.dead = self.dead, True
        self._turn(name, None, self.pos, self.pos)
        self.tally, self.dead = outside, dead

    def _loop_type(self) -> None:
        token = self.tokens[self.pos]
        if token not in ("int", "uint"):
            if self.tokens[self.pos + 1] == "in":
                self.fail(
                    ProblemKind.SYNTAX,
                    f"the loop's index {quoted(token)} has no type",
                    f"Write 'for int {token[:40]} in …'.",
                )
            if token.isidentifier():
                self.fail(
                    ProblemKind.UNSUPPORTED,
                    f"a loop over values of type {quoted(token)} is not supported",
                    "Loop over integers: 'for int i in [0:3]'.",
                )
            self.fail_syntax("'int'")
        self.pos += 1
        self.width()

    def width(self) -> None:
        """Step over the width of a classical type, such as ``[32]``, if there is one."""
        if self.accept("["):
            self.deeper()
            at = self.pos
            if self.known_integer("the type's width") < 1:
                self.fail(
                    ProblemKind.INVALID_VALUE,
                    "the type's width is not positive",
                    "Use a width such as 32, or none.",
                    at,
                )
            self.depth -= 1
            self.expect("]")

    def _loop_values(self) -> Sequence[int]:
        at = self.pos
        values: Sequence[int | None] = ()
        if self.tokens[at] == "{":
            values = self.integer_set("the loop's value")
        elif self.accept("["):
            slots = self.slots("the loop's bound")
            if len(slots) == 1:
                self.fail_syntax("':'")
            self.expect("]")
            if "omitted" in slots:
                self.fail_syntax("a range with a first and a last value", at)
            numbers = [slot for slot in slots if isinstance(slot, int)]
            if len(numbers) < len(slots):
                values = (None,)
            else:
                first, last, step = (
                    numbers[0],
                    numbers[-1],
                    numbers[1] if len(slots) == 3 else 1,
                )
                if not step:
                    self.fail_zero_step(at)
                values = range(first, last + 1 if step > 0 else last - 1, step)
        else:
            self.fail(
                ProblemKind.UNSUPPORTED,
                "a loop can only run over a range or a set of integers",
                "Write 'for int i in [0:3]' or 'for int i in {0, 2}'.",
            )
        if isinstance(values, range):
            return values
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            if not self.dead:
                self.fail_unknown("the loop's bound", at)
            return ()
        return known


def _length(values: Sequence[int]) -> int:
    # A range's len() fails where it doesn't fit into a machine word.
    if not isinstance(values, range):
        return len(values)
    return max(0, (values[-1] - values[0]) // values.step + 1) if values else 0
