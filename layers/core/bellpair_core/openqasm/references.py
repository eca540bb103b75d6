"""How OpenQASM 3 names qubits and bits: indices, ranges, sets, aliases, physical qubits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NoReturn

from bellpair_core.openqasm.cursor import quoted
from bellpair_core.openqasm.definitions import Definitions
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.facts import ProgramLimits
from bellpair_core.openqasm.registers import Kind, Register

OMITTED: Final = "omitted"
Slot = int | None | Literal["omitted"]
"""A place in ``a:b:c``: a number, one that is not known (None), or nothing."""


class References(Definitions):
    """A cursor that reads what a statement acts on."""

    def __init__(self, source: str, limits: ProgramLimits) -> None:
        super().__init__(source, limits)
        self._physical: dict[str, Register] = {}

    def operand(self) -> Register:
        """Read ``q``, ``q[0]``, ``q[0:2]``, ``q[{0, 2}]`` or ``$0``."""
        token = self.tokens[self.pos]
        if token[:1] == "$":
            register = self._physical.get(token) or self._new_physical(token)
            self.pos += 1
            return register
        register = self.named_register()
        while self.tokens[self.pos] == "[":
            register = self._indexed(register)
        return register

    def new_elements(self, kind: Kind, name: str, size: int | None, size_at: int) -> Register:
        """Make room for a new register, unless the program uses physical qubits."""
        if kind == "qubit" and self.physical_qubits:
            self._fail_mixed(size_at)
        return super().new_elements(kind, name, size, size_at)

    def slots(self, what: str) -> list[Slot]:
        """Read ``a``, ``a:b`` or ``a:step:b``; each may be left out beside a colon."""
        slots: list[Slot] = []
        while True:
            omitted = self.tokens[self.pos] in (":", "]")
            slots.append(OMITTED if omitted else self.integer(what))
            if len(slots) == 3 or not self.accept(":"):
                break
        if slots == [OMITTED]:
            self.fail_syntax(what)
        return slots

    def integer_set(self, what: str) -> list[int | None]:
        """Read ``{a, b, c}``."""
        self.expect("{")
        values: list[int | None] = []
        while self.tokens[self.pos] != "}":
            values.append(self.integer(what))
            if not self.accept(","):
                break
        self.expect("}")
        return values

    def alias(self) -> None:
        """Read ``let a = q[0:1] ++ r;``."""
        self.pos += 1
        name_at = self.pos
        name = self.read_name("the alias")
        self.expect("=")
        first_at = self.pos
        register = self.operand()
        parts = [register]
        mask = register.mask
        while self.tokens[self.pos] == "++":
            self.pos += 1
            at = self.pos
            part = self.operand_of(register.kind)
            if part.mask & mask:
                self.fail(
                    ProblemKind.DUPLICATE_QUBIT,
                    f"the alias {quoted(name)} would hold the same {part.kind} twice",
                    "Join parts that have no element in common.",
                    at,
                )
            mask |= part.mask
            parts.append(part)
        self.expect(";")
        if len(parts) > 1:
            self.count(sum(part.size for part in parts), first_at)
            register = register.part([e for part in parts for e in part.elements])
        self.declare(name, register, name_at)

    def _indexed(self, register: Register) -> Register:
        start = self.pos
        if register.scalar:
            self.fail(
                ProblemKind.INDEX_OUT_OF_RANGE,
                f"{quoted(self.tokens[start - 1])} is a single {register.kind} without elements",
                "Remove the index, or declare a register with a size.",
            )
        self.pos += 1
        at = self.pos
        token = self.tokens[at]
        self.deeper()
        if token == "{":
            part = self._chosen(register, self.integer_set("the index"), at)
        else:
            slots = self.slots("the index")
            if len(slots) == 1:
                part = self._single(register, slots[0], at)
                if token.isdigit() and self.pos == at + 1:
                    register.cells[token] = part
            else:
                part = self._slice(register, slots, at)
        self.expect("]")
        self.depth -= 1
        return part

    def _single(self, register: Register, index: Slot, at: int) -> Register:
        if isinstance(index, int):
            return self.element(register, index, at)
        return self._unknown(register, at)

    def _chosen(self, register: Register, indices: Sequence[int | None], at: int) -> Register:
        if None in indices:
            return self._unknown(register, at)
        elements = [
            self.element(register, i, at).elements[0] for i in indices if isinstance(i, int)
        ]
        if len(set(elements)) < len(elements):
            self.fail(
                ProblemKind.DUPLICATE_QUBIT,
                f"the set of indices names the same {register.kind} twice",
                "Give each index once.",
                at,
            )
        return self._part(register, elements, at)

    def _slice(self, register: Register, slots: list[Slot], at: int) -> Register:
        if None in slots:
            return self._unknown(register, at)
        size = register.size
        step = slots[1] if len(slots) == 3 and isinstance(slots[1], int) else 1
        if not step:
            self.fail_zero_step(at)
        ends = [slots[0], slots[-1]]
        for i, default in enumerate((0, size - 1) if step > 0 else (size - 1, 0)):
            if not isinstance(ends[i], int):
                ends[i] = default
        first, last = (e + size if e < 0 else e for e in ends if isinstance(e, int))
        for index in (first, last):
            self.element(register, index if 0 <= index < size else size, at)
        stop = last + 1 if step > 0 else last - 1
        wanted = range(first, stop, step)
        if isinstance(register.elements, range) and register.elements.step == 1:
            base = register.elements.start
            return self._part(register, range(base + first, base + stop, step), at)
        return self._part(register, [register.elements[i] for i in wanted], at)

    def _part(self, register: Register, elements: Sequence[int], at: int) -> Register:
        if not elements:
            self.fail(
                ProblemKind.INVALID_VALUE,
                f"this names no {register.kind} at all",
                "Ranges run from the first to the last index, both included.",
                at,
            )
        # Making a part takes time and memory, so it counts against the limit.
        self.count(len(elements), at)
        return register.part(elements)

    def fail_zero_step(self, at: int) -> NoReturn:
        """Raise the error for a range that doesn't advance."""
        self.fail(
            ProblemKind.INVALID_VALUE,
            "the range's step is 0",
            "Use a step other than 0; the order is [first:step:last].",
            at,
        )

    def _unknown(self, register: Register, at: int) -> Register:
        if not self.dead:
            self.fail_unknown("the index", at)
        return register.part((), scalar=True)

    def _new_physical(self, token: str) -> Register:
        index = int(token[1:]) if 1 < len(token) < 10 else self.limits.max_qubits
        if len(token) == 1:
            self.fail_syntax("a physical qubit such as $0")
        if index >= self.limits.max_qubits:
            self.fail(
                ProblemKind.TOO_MANY_QUBITS,
                f"there is no physical qubit {quoted(token)}: the limit is "
                f"{self.limits.max_qubits} qubits",
                f"Use physical qubits from $0 to ${self.limits.max_qubits - 1}.",
            )
        if self.num_qubits and not self.physical_qubits:
            self._fail_mixed(self.pos)
        if not self.physical_qubits and not self.dead:
            self.physical = self._obstacle(
                f"the program names physical qubits such as {quoted(token)}",
                "Declare qubits instead: 'qubit[n] q;'. Compiling chooses the best physical ones.",
                self.pos,
            )
        self.physical_qubits = True
        self.num_qubits = max(self.num_qubits, index + 1)
        register = Register("qubit", (index,), scalar=True)
        self._physical[token] = register
        return register

    def _fail_mixed(self, at: int) -> NoReturn:
        self.fail(
            ProblemKind.UNSUPPORTED,
            "the program mixes physical qubits with declared ones",
            "Use either physical qubits such as $0, or declared registers.",
            at,
        )
