"""A program's own and modified gates, written out for the numbers they are applied with.

Each gate, with each choice of parameters and modifiers that the program applies it with,
becomes one definition of OpenQASM 2 without parameters. So all that a definition computes is
computed here, and errors in it are found, however often or deep it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import isnan
from typing import NamedTuple, NoReturn

from bellpair_core.openqasm.arithmetic import Number, Operator
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.forms import Form, composed, form_of
from bellpair_core.openqasm.formulas import Formula, Step, known
from bellpair_core.openqasm.gates import PLAIN, Argument, Body, Gate, Modifiers
from bellpair_core.openqasm.late_values import LateValue
from bellpair_core.openqasm.standard_gates import QELIB1
from bellpair_core.openqasm.unitaries import MANY_P, MANY_X, Angles, Written, modified

# What a step costs in words: its operator and operands.
_STEP_COST = 3

_WORDS_2 = "OPENQASM include qreg creg gate opaque measure reset barrier if pi U CX"
_FUNCTIONS_2 = "sin cos tan exp ln sqrt asin acos atan"
# The same gate's name in qelib1.inc.
_NAMES_2 = {"CX": "cx", "phase": "p", "cphase": "cp"}


class Head(NamedTuple):
    """How an application is written, but for its qubits; nameless if it does nothing.

    ``size`` is how many gates without a definition it comes to.
    """

    name: str
    params: Angles
    size: int


class LateGate(NamedTuple):
    """A standard gate with angles that follow from inputs.

    An angle that is a whole number is the index of a step; a known one is a `float`.
    """

    name: str
    params: tuple[int | float, ...]


class Reader(NamedTuple):
    """What is needed of the program's reader: to compute, to bound work, and to complain."""

    result: Callable[[Operator, list[Number], int], Number | None]
    spend: Callable[[int, int], None]
    fail: Callable[[ProblemKind, str, str, int], NoReturn]
    max_operations: int


class Instances:
    """The definitions that a program comes to need."""

    def __init__(self, reader: Reader) -> None:
        self.text: list[str] = []
        self._reader = reader
        self._heads: dict[tuple[str, Modifiers, tuple[Number, ...]], Head] = {}
        self._forms: dict[str, Form] = {}
        self._names = {*QELIB1, *_WORDS_2.split(), *_FUNCTIONS_2.split()}
        self.late_gates: dict[str, LateGate] = {}
        self._late_names: dict[tuple[str, Angles], str] = {}

    def form(self, name: str, width: int) -> Form:
        """What a gate comes to, by the name that its head has and its number of qubits."""
        form = self._forms.get(name)
        if form is None:
            form = self._forms[name] = form_of(name, width)
        return form

    def call(self, head: Head, operands: Sequence[str]) -> str:
        """Write one application, each number so that reading it gives it again.

        A gate with an angle that is not known yet is written under a name of its own.
        """
        name, params, _ = head
        if any(isinstance(param, LateValue) for param in params):
            name, params = self._late_name(name, params, len(operands)), ()
        numbers = f"({','.join(repr(float(param)) for param in params)})" if params else ""
        return f"{name}{numbers} {','.join(operands)};"

    def _late_name(self, name: str, params: Angles, width: int) -> str:
        key = (name, params)
        late = self._late_names.get(key)
        if late is None:
            late = self._late_names[key] = self.fresh(f"late_{name.lower()}")
            angles = tuple(p.index if isinstance(p, LateValue) else float(p) for p in params)
            self.late_gates[late] = LateGate(name, angles)
            self.text.append(f"opaque {late} {_formals(width)};")
        return late

    def fresh(self, name: str) -> str:
        """Return a name that OpenQASM 2 takes and nothing else has, as near as may be."""
        if not re.fullmatch("[a-z][a-zA-Z0-9_]*", name):
            name = "x_" + re.sub("[^a-zA-Z0-9_]", "", name)
        number, free = 0, name
        while free in self._names:
            number += 1
            free = f"{name}_{number}"
        self._names.add(free)
        return free

    def head(
        self,
        gate: Gate,
        name: str,
        modifiers: Modifiers,
        arguments: tuple[Number, ...],
        at: int,
    ) -> Head:
        """Return how to write an application, adding the definition that it needs."""
        if gate.body is None and modifiers is PLAIN:
            if name == "gphase":
                return Head("", (), 1)
            return Head(_NAMES_2.get(name, name), arguments, 1)
        # Equal numbers of different types may mean different things: 1 / 2 and 1 / 2.0.
        key = (f"{name} {[type(a).__name__ for a in arguments]}", modifiers, arguments)
        head = self._heads.get(key)
        if head is None:
            head = self._heads[key] = self._made(gate, name, modifiers, arguments, at)
        return head

    def _made(
        self,
        gate: Gate,
        name: str,
        modifiers: Modifiers,
        arguments: tuple[Number, ...],
        at: int,
    ) -> Head:
        controls, powers = modifiers
        width = len(controls) + gate.qubits
        qubits = tuple(range(width))
        if not all(controls):
            flips = [(Head("x", (), 1), (i,)) for i, on in enumerate(controls) if not on]
            all_on = Modifiers((True,) * len(controls), powers)
            inner = self.head(gate, name, all_on, arguments, at)
            return self._define(name, width, [*flips, (inner, qubits), *flips])
        if gate.body is None:
            written = modified(name, arguments, len(controls), self._exponents(powers))
            self._require_numbers(written, name, at)
            return self._define(name, width, [self._standard(each) for each in written])
        if powers:
            return self._repeated(gate, name, modifiers, arguments, at)
        numbers = self._numbers(gate.body.steps, arguments, len(gate.body.applications), at)
        parts = []
        for part in gate.body.applications:
            places = tuple(len(controls) + qubit for qubit in part.qubits)
            if part.gate is None:
                if not controls:
                    parts.append((Head("barrier", (), 0), places))
                continue
            inside = self._under(controls, part.modifiers, numbers)
            given = tuple(known(argument, numbers) for argument in part.arguments)
            head = self.head(part.gate, part.name, inside, given, part.at)
            parts.append((head, (*qubits[: len(controls)], *places)))
        return self._define(name, width, parts)

    def _under(
        self, controls: tuple[bool, ...], own: Modifiers, numbers: Sequence[Number]
    ) -> Modifiers:
        if not controls and own is PLAIN:
            return PLAIN
        powers = tuple(known(power, numbers) for power in own.powers)
        return Modifiers((*controls, *own.controls), powers)

    def _repeated(
        self,
        gate: Gate,
        name: str,
        modifiers: Modifiers,
        arguments: tuple[Number, ...],
        at: int,
    ) -> Head:
        times = 1
        for power in self._exponents(modifiers.powers):
            if power != round(power):
                self._reader.fail(
                    ProblemKind.UNSUPPORTED,
                    f"a fractional power of '{name}', which the program defines, is not supported",
                    "Use a whole power, or define what the fraction of the gate is.",
                    at,
                )
            times *= round(power)
            if abs(times) > self._reader.max_operations:
                self._fail_large(at)
        if times < 0:
            return self._inverse(gate, name, modifiers.controls, arguments, -times, at)
        once = self.head(gate, name, Modifiers(modifiers.controls), arguments, at)
        return self._times(name, len(modifiers.controls) + gate.qubits, once, times, at)

    def _times(self, name: str, width: int, once: Head, times: int, at: int) -> Head:
        if max(1, once.size) * times > self._reader.max_operations:
            self._fail_large(at)
        self._reader.spend(times, at)
        return self._define(name, width, [(once, tuple(range(width)))] * times)

    def _inverse(
        self,
        gate: Gate,
        name: str,
        controls: tuple[bool, ...],
        arguments: tuple[Number, ...],
        times: int,
        at: int,
    ) -> Head:
        assert gate.body is not None
        if times > 1:
            once = self.head(gate, name, Modifiers(controls, (-1,)), arguments, at)
            return self._times(name, len(controls) + gate.qubits, once, times, at)
        steps, applications = gate.body
        turned = [
            part._replace(
                modifiers=Modifiers(part.modifiers.controls, (*part.modifiers.powers, -1))
            )
            for part in reversed(applications)
            if part.gate is not None
        ]
        mirror = Gate(gate.params, gate.qubits, gate.weight, gate.depth, Body(steps, turned))
        # No program's gate has a name with a space.
        return self.head(mirror, f"{name} inverse", Modifiers(controls), arguments, at)

    def _numbers(
        self, steps: Sequence[Step], arguments: tuple[Number, ...], more: int, at: int
    ) -> Sequence[Number]:
        self._reader.spend(_STEP_COST * len(steps) + more, at)
        numbers = [*arguments]
        for step in steps:
            operands = [known(operand, numbers) for operand in step.operands]
            result = self._reader.result(step.operation, operands, step.at)
            assert result is not None
            numbers.append(result)
        return numbers

    def _exponents(self, powers: tuple[Argument, ...]) -> Angles:
        return tuple(float(power) for power in powers if not isinstance(power, Formula))

    def _standard(self, written: Written) -> tuple[Head, tuple[int, ...]]:
        name, params, qubits = written
        if name.startswith((MANY_X, MANY_P)) and name not in self._names:
            self._names.add(name)
            formal = "(t) " if params else " "
            self.text.append(f"opaque {name}{formal}{_formals(len(qubits))};")
        return Head(name, params, 1), qubits

    def _define(self, name: str, width: int, parts: list[tuple[Head, tuple[int, ...]]]) -> Head:
        parts = [(head, qubits) for head, qubits in parts if head.name]
        if len(parts) == 1 and parts[0][1] == tuple(range(width)):
            return parts[0][0]
        size = max(1, sum(head.size for head, _ in parts))
        if not width:
            return Head("", (), size)
        # Compilers know gates by their names: a program's own must not have one of these.
        plain = re.sub("[^a-zA-Z0-9_]", "_", name)
        free = self.fresh(plain if plain.startswith("own_") else f"own_{plain}")
        places = [f"a{place}" for place in range(width)]
        body = " ".join(self.call(head, [places[q] for q in qs]) for head, qs in parts)
        self.text.append(f"gate {free} {_formals(width)} {{ {body} }}")
        self._forms[free] = composed(
            width,
            [(self.form(head.name, len(qs)), qs) for head, qs in parts if head.name != "barrier"],
        )
        return Head(free, (), size)

    def _require_numbers(self, written: Sequence[Written], name: str, at: int) -> None:
        """Refuse a gate of which an angle can't be computed before the inputs are known."""
        angles = (angle for each in written for angle in each.params)
        if any(isnan(angle) and not isinstance(angle, LateValue) for angle in angles):
            self._reader.fail(
                ProblemKind.UNSUPPORTED,
                f"this power of '{name}' is not known before its inputs are",
                "Use a whole power of a rotation, such as rx, or write the angle as a number.",
                at,
            )

    def _fail_large(self, at: int) -> NoReturn:
        self._reader.fail(
            ProblemKind.TOO_LARGE,
            f"written out, this does more than {self._reader.max_operations:,} operations",
            "Use a smaller power.",
            at,
        )


def _formals(width: int) -> str:
    return ",".join(f"a{place}" for place in range(width))
