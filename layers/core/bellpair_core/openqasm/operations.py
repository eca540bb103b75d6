"""What both dialects do to qubits: declare, apply gates, measure, reset."""

from __future__ import annotations

from typing import NoReturn

from bellpair_core.openqasm.cursor import description, quoted
from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.expressions import Expressions
from bellpair_core.openqasm.facts import Obstacle, ProgramFacts, ProgramLimits
from bellpair_core.openqasm.flat import (
    BARRIER,
    MEASURE,
    RESET,
    Condition,
    Declared,
    FlatProgram,
    NativeGate,
    Operation,
    flat_text,
)
from bellpair_core.openqasm.formulas import Formula, Step
from bellpair_core.openqasm.gates import PLAIN, Application, Gate, Modifiers
from bellpair_core.openqasm.instances import Head, Instances, Reader
from bellpair_core.openqasm.late_values import LateSteps, LateValue
from bellpair_core.openqasm.names import Value
from bellpair_core.openqasm.registers import Kind, Register
from bellpair_core.openqasm.scanner import line_and_column, offset_of_token
from bellpair_core.openqasm.shape import shape_of
from bellpair_core.openqasm.tally import Tally


class Operations(Expressions):
    """A cursor that checks and counts operations on qubits."""

    def __init__(self, source: str, limits: ProgramLimits) -> None:
        super().__init__(source, limits)
        self.tally = Tally()
        self.gate_names: set[str] = set()
        self.num_qubits = 0
        self.num_bits = 0
        self.has_classical_control = False
        self.physical_qubits = False
        self.verbatim = False
        self.obstacle: Obstacle | None = None
        self.mid_circuit: Obstacle | None = None
        self.native: Obstacle | None = None
        self.physical: Obstacle | None = None
        # What a program with a verbatim box may not have.
        self.not_native: Obstacle | None = None
        self.in_box = False
        self.native_gates: list[NativeGate] = []
        # What is read now is done under an 'if'; and its condition, where it is supported.
        self.under_if = False
        self.condition: Condition | None = None
        self.inputs: list[str] = []
        self.input_obstacle: Obstacle | None = None
        self.late = LateSteps()
        # Set while reading the body of a loop that makes no turn: its index has no value.
        self.dead = False
        self.steps: list[Step] = []
        self.body: list[Application] = []
        self.declared: list[Declared] = []
        self.operations: list[Operation] = []
        self.instances = Instances(
            Reader(self.result, self.spend, self.fail, limits.max_operations)
        )
        self._replayable = limits.max_replayed + len(self.tokens)

    def flat(self, facts: ProgramFacts) -> FlatProgram:
        """Return the program that was read, written out in OpenQASM 2."""
        if facts.native is not None:
            return FlatProgram("", facts, native=tuple(self.native_gates), reads=self._reads())
        text, conditions = flat_text(self.declared, self.operations, self.instances)
        late = self.instances.late_gates
        return FlatProgram(text, facts, late, tuple(self.late.steps), conditions)

    def _reads(self) -> dict[int, int]:
        return {
            bit: qubit
            for head, operands, _ in self.operations
            if head is MEASURE
            for qubit, bit in zip(operands[0].elements, operands[1].elements, strict=True)
        }

    def note_input(self, name: str, at: int) -> None:
        """Note an input of the program; the first one is an obstacle if it gets no value."""
        self.inputs.append(name)
        if self.input_obstacle is None:
            offset = offset_of_token(self.source, at, openqasm2=self.openqasm2)
            self.input_obstacle = Obstacle(
                f"the parameter {quoted(name)} has no value",
                *line_and_column(self.source, offset),
                "Give values for the program's inputs, or write them into the program.",
            )

    def hinder(self, message: str, remedy: str, at: int) -> None:
        """Note something that devices don't do, if it is the first and is ever run."""
        if self.obstacle is None and not self.dead:
            self.obstacle = self._obstacle(message, remedy, at)

    def need_mid_circuit(self, message: str, remedy: str, at: int) -> None:
        """Note something that some devices do, if it is the first and is ever run."""
        if self.mid_circuit is None and not self.dead:
            self.mid_circuit = self._obstacle(message, remedy, at)

    def must_not_be_native(self, message: str, remedy: str, at: int) -> None:
        """Note what a program with a verbatim box may not have, if it is the first."""
        if self.not_native is None and not self.dead:
            self.not_native = self._obstacle(message, remedy, at)

    def _obstacle(self, message: str, remedy: str, at: int) -> Obstacle:
        offset = offset_of_token(self.source, at, openqasm2=self.openqasm2)
        return Obstacle(message, *line_and_column(self.source, offset), remedy)

    def hinder_under_if(self, what: str, at: int) -> None:
        """Note that something is done under an 'if' which is for gates on single qubits."""
        if self.under_if:
            self.hinder(
                f"{what} under an 'if'",
                "Put only gates on single qubits there, such as 'if (c[0] == 1) x q[1];'.",
                at,
            )

    def spend(self, words: int, at: int) -> None:
        """Refuse a program of which too much is read or computed again."""
        self._replayable -= words
        if self._replayable < 0:
            self.fail(
                ProblemKind.TOO_LARGE,
                "the loops and gate definitions up to here take too much work to write out",
                "Make fewer turns, put less into a turn, or submit several smaller jobs.",
                at,
            )

    def facts(self, version: str) -> ProgramFacts:
        """Return what was learnt, once the whole program was read.

        Raises
        ------
        ProgramError
            The program has no qubits or measures none.
        """
        if not self.num_qubits:
            declaration = "qreg q[2];" if self.openqasm2 else "qubit[2] q;"
            self.fail(
                ProblemKind.NO_QUBITS,
                "the program has no qubits",
                f"Declare some, for example: {declaration}",
            )
        if not self.tally.measurements:
            measurement = "measure q -> c;" if self.openqasm2 else "c = measure q;"
            self.fail(
                ProblemKind.NO_MEASUREMENT,
                "the program measures nothing, so it has no result",
                f"Measure qubits into bits, for example: {measurement}",
            )
        return ProgramFacts(
            language="openqasm",
            version=version,
            num_qubits=self.num_qubits,
            num_bits=self.num_bits,
            num_gates=self.tally.gates,
            num_measurements=self.tally.measurements,
            has_mid_circuit_measurement=self.tally.mid_circuit,
            has_classical_control=self.has_classical_control,
            physical_qubits=self.physical_qubits,
            verbatim=self.verbatim,
            gate_names=frozenset(self.gate_names),
            shape=shape_of(self.num_qubits, self.operations, self.instances),
            obstacle=self.obstacle,
            inputs=tuple(self.inputs),
            mid_circuit=self.mid_circuit,
            native=self.native,
            qubits_used=(self.tally.touched | self.tally.measured).bit_count(),
        )

    def operand(self) -> Register:
        """Read the qubits or bits that a statement names: ``q``, ``q[0]`` …"""
        raise NotImplementedError

    def operand_of(self, kind: Kind) -> Register:
        """Read an operand that must be qubits, or must be bits."""
        start = self.pos
        register = self.operand()
        if register.kind != kind:
            self.fail(
                ProblemKind.WRONG_TYPE,
                f"{quoted(self.tokens[start])} is {description(register)}, not a {kind}",
                f"Name a {kind} or a register of {kind}s here.",
                start,
            )
        if self.in_gate and not register.formal:
            self.fail(
                ProblemKind.WRONG_TYPE,
                f"{quoted(self.tokens[start])} is not a qubit of this gate definition",
                "A gate acts only on the qubits that its first line names.",
                start,
            )
        return register

    def named_register(self) -> Register:
        """Read the name of a register, with nothing after it."""
        name = self.tokens[self.pos]
        entity = self.table.get(name)
        if entity is None:
            if not name[:1].isidentifier() or name in self.keywords:
                self.fail_syntax("a qubit or a register")
            self.fail_undefined(ProblemKind.UNDEFINED_NAME, "the register", self.pos)
        if not isinstance(entity, Register):
            self.fail(
                ProblemKind.WRONG_TYPE,
                f"{quoted(name)} is {description(entity)}, not a register",
                "Name a qubit, a bit or a register here.",
            )
        self.pos += 1
        return entity

    def element(self, register: Register, index: int, at: int) -> Register:
        """Return one element of a register; a negative index counts from the end."""
        size = register.size
        if not -size <= index < size or (index < 0 and self.openqasm2):
            self.fail(
                ProblemKind.INDEX_OUT_OF_RANGE,
                f"index {index} is out of range: the register has {size} {register.kind}s",
                f"Use an index from 0 to {size - 1}, or declare a larger register.",
                at,
            )
        return register.part((register.elements[index],), scalar=True)

    def declare_register(self, kind: Kind, size: int | None, size_at: int) -> Register:
        """Read the name of a new register and declare it; no size means a single one."""
        at = self.pos
        name = self.read_name(f"the {kind} register")
        register = self.new_elements(kind, name, size, size_at)
        self.declare(name, register, at)
        return register

    def new_elements(self, kind: Kind, name: str, size: int | None, size_at: int) -> Register:
        """Make room for a new register."""
        count = 1 if size is None else size
        if count < 1:
            self.fail(
                ProblemKind.NO_QUBITS if kind == "qubit" else ProblemKind.INVALID_VALUE,
                f"a register of {count} {kind}s holds nothing",
                f"Give it at least one {kind}.",
                size_at,
            )
        first = self.num_qubits if kind == "qubit" else self.num_bits
        if kind == "qubit":
            self.num_qubits += count
            limit, problem = self.limits.max_qubits, ProblemKind.TOO_MANY_QUBITS
        else:
            self.num_bits += count
            limit, problem = self.limits.max_bits, ProblemKind.TOO_MANY_BITS
        if first + count > limit:
            self.fail(
                problem,
                f"the program declares {first + count} {kind}s; the limit is {limit}",
                f"Use at most {limit} {kind}s.",
                size_at,
            )
        self.declared.append(Declared(kind, name, count))
        return Register(kind, range(first, first + count), scalar=size is None)

    def count(self, operations: int, at: int) -> None:
        """Count operations against the limit."""
        self.tally.operations += operations
        self.check_total(at)

    def check_total(self, at: int) -> None:
        """Refuse a program that does too much."""
        if self.tally.operations > self.limits.max_operations:
            self.fail(
                ProblemKind.TOO_LARGE,
                f"written out, this does more than {self.limits.max_operations:,} operations",
                "Use fewer gates, shorter loops, or several smaller jobs.",
                at,
            )

    def apply_gate(self, modifiers: Modifiers = PLAIN) -> None:  # noqa: PLR0912 (the hot loop)
        """Read and check a gate application; the next token is the gate's name."""
        tokens, table = self.tokens, self.table
        start = self.pos
        gate = table.get(tokens[start])
        if type(gate) is not Gate:
            self.fail_no_gate(start)
        self.pos = start + 1
        arguments = self._arguments() if tokens[start + 1] == "(" else []
        if len(arguments) != gate.params:
            self._fail_arity(start, "parameter", gate.params, len(arguments))
        operands: list[Register] = []
        used = width = 0
        simple = not self.in_gate
        while tokens[self.pos] != ";":
            at = self.pos
            # Most operands are q[7], seen before: one look-up, nothing to check again.
            register = table.get(tokens[at])
            cell = None
            if simple and type(register) is Register and tokens[at + 1] == "[":
                cell = register.cells.get(tokens[at + 2])
            if cell is not None and cell.kind == "qubit" and tokens[at + 3] == "]":
                self.pos = at + 4
            else:
                cell = self.operand_of("qubit")
            if used & cell.mask:
                self._check_distinct(cell, operands, start, at)
            used |= cell.mask
            if not cell.scalar and cell.size != width:
                if width:
                    self._fail_sizes(start, at, width, cell.size)
                width = cell.size
            operands.append(cell)
            if tokens[self.pos] != ",":
                break
            self.pos += 1
        if tokens[self.pos] != ";":
            self.fail_syntax("',' or ';'")
        wanted = gate.qubits + len(modifiers.controls)
        if len(operands) != wanted:
            self._fail_arity(start, "qubit", wanted, len(operands))
        self.pos += 1
        tally = self.tally
        if used & tally.measured:
            tally.mid_circuit = True
            if not self.in_gate:
                self._hinder_after_measurement(start)
        tally.touched |= used
        size = gate.weight
        if not self.dead:
            size = self._record(gate, modifiers, arguments, operands, start)
        self._count_gate(gate, size, width or 1, start)

    def _record(
        self,
        gate: Gate,
        modifiers: Modifiers,
        arguments: list[Value],
        operands: list[Register],
        at: int,
    ) -> int:
        """Keep the application for the written-out program and return what it comes to."""
        name = self.tokens[at]
        if None in arguments:
            self.fail_unknown(f"a parameter of {quoted(name)}", at)
        if self.in_gate:
            given = tuple(argument for argument in arguments if argument is not None)
            places = tuple(operand.elements[0] for operand in operands)
            self.body.append(Application(gate, name, modifiers, given, places, at))
            return gate.weight
        self._note_native(gate, modifiers, arguments, operands, at)
        if self.in_box:
            self.operations.append(Operation(Head(name, (), 1), operands))
            return gate.weight
        numbers = tuple(a for a in arguments if a is not None and not isinstance(a, Formula))
        head = self.instances.head(gate, name, modifiers, numbers, at)
        if len(operands) > 1:
            self.hinder_under_if(f"{quoted(name)} acts on {len(operands)} qubits", at)
        if head.name:
            self.operations.append(Operation(head, operands, self.condition))
        return max(head.size, gate.weight)

    def _note_native(
        self,
        gate: Gate,
        modifiers: Modifiers,
        arguments: list[Value],
        operands: list[Register],
        at: int,
    ) -> None:
        """Keep a gate of a verbatim box as it stands."""
        name = self.tokens[at]
        if not self.in_box:
            self.must_not_be_native(
                f"{quoted(name)} stands outside the verbatim box",
                "Put all gates into the box, or none.",
                at,
            )
        elif gate.body is not None or modifiers != PLAIN:
            self.must_not_be_native(
                f"{quoted(name)} is no gate of a device",
                "Write a verbatim box in the device's own gates, without modifiers.",
                at,
            )
        else:
            numbers = tuple(
                float(each)
                for each in arguments
                if isinstance(each, int | float) and not isinstance(each, LateValue)
            )
            if len(numbers) < len(arguments):
                self.must_not_be_native(
                    f"an angle of {quoted(name)} follows from an input",
                    "Write the angles of a verbatim box as numbers.",
                    at,
                )
            places = tuple(operand.elements[0] for operand in operands)
            self.native_gates.append(NativeGate(name, numbers, places))

    def _hinder_after_measurement(self, at: int) -> None:
        self.need_mid_circuit(
            f"{quoted(self.tokens[at])} acts on a qubit that was measured before",
            "Move measurements to the end, or choose a device that measures in mid-circuit.",
            at,
        )

    def fail_no_gate(self, at: int, remedy: str = "") -> NoReturn:
        """Raise the error for a statement that starts like a gate but with no gate's name."""
        entity = self.table.get(self.tokens[at])
        if entity is None:
            self.fail_undefined(ProblemKind.UNDEFINED_GATE, "the gate", at, remedy)
        self.fail(
            ProblemKind.UNDEFINED_GATE,
            f"{quoted(self.tokens[at])} is {description(entity)}, not a gate",
            "Start the statement with a gate or with a word of the language.",
            at,
        )

    def record_measurement(self, qubits: Register, bits: Register, at: int) -> None:
        """Count the measurement of some qubits into as many bits."""
        if qubits.size != bits.size and qubits.mask and bits.mask:
            self._fail_sizes(at, at, qubits.size, bits.size)
        self.hinder_under_if("a measurement stands", at)
        tally = self.tally
        if qubits.mask & tally.measured or bits.mask & tally.assigned:
            tally.mid_circuit = True
        tally.measured |= qubits.mask
        tally.assigned |= bits.mask
        tally.measurements += qubits.size
        self.count(qubits.size, at)
        if not self.dead:
            self.operations.append(Operation(MEASURE, (qubits, bits)))

    def reset(self) -> None:
        """Read ``reset q;``."""
        start = self.pos
        self.pos += 1
        qubits = self.operand_of("qubit")
        self.expect(";")
        if qubits.mask & self.tally.measured:
            self.tally.mid_circuit = True
        self.hinder_under_if("a reset stands", start)
        if qubits.mask & (self.tally.measured | self.tally.touched):
            self.need_mid_circuit(
                "a qubit is reset after it was used",
                "Use a fresh qubit, as all start as 0, or choose a device that measures in"
                " mid-circuit.",
                start,
            )
            if not self.dead:
                self.operations.append(Operation(RESET, (qubits,)))
        self.count(qubits.size, start)

    def barrier(self) -> None:
        """Read ``barrier q, r[0];``; without operands it stands for all qubits."""
        start = self.pos
        self.pos += 1
        operands: list[Register] = []
        while self.tokens[self.pos] != ";":
            operands.append(self.operand_of("qubit"))
            if not self.accept(","):
                break
        self.expect(";")
        held = sum(operand.size for operand in operands) if operands else self.num_qubits
        self.count(1 + held, start)
        if self.dead:
            return
        if self.in_gate:
            places = tuple(dict.fromkeys(operand.elements[0] for operand in operands))
            self.body.append(Application(None, "barrier", PLAIN, (), places, start))
        else:
            self.operations.append(Operation(BARRIER, operands))
            if self.in_box:
                within = dict.fromkeys(q for operand in operands for q in operand.elements)
                self.native_gates.append(NativeGate("barrier", (), tuple(within)))

    def _arguments(self) -> list[Value]:
        self.pos += 1
        given: list[Value] = []
        self.depth += 1
        while self.tokens[self.pos] != ")":
            given.append(self.expression())
            if not self.accept(","):
                break
        self.expect(")")
        self.depth -= 1
        return given

    def _count_gate(self, gate: Gate, size: int, width: int, at: int) -> None:
        tally = self.tally
        tally.depth = max(tally.depth, gate.depth)
        if not self.in_gate:
            self.gate_names.add(self.tokens[at])
        tally.gates += gate.weight * width
        tally.operations += size * width
        if tally.operations > self.limits.max_operations:
            self.check_total(at)

    def _fail_arity(self, at: int, what: str, wanted: int, given: int) -> NoReturn:
        plural = what if wanted == 1 else f"{what}s"
        name = quoted(self.tokens[at])
        self.fail(
            ProblemKind.WRONG_ARITY,
            f"{name} takes {wanted} {plural}, not {given}",
            f"Give {name} exactly {wanted} {plural}." if wanted else f"Give {name} no {plural}.",
            at,
        )

    def _check_distinct(
        self, operand: Register, others: list[Register], start: int, at: int
    ) -> None:
        for other in others:
            # Comparing overlapping registers is work of its own, so it counts too.
            self.count(min(operand.size, other.size), start)
            if operand.meets(other):
                self.fail(
                    ProblemKind.DUPLICATE_QUBIT,
                    f"{quoted(self.tokens[start])} is given the same qubit twice",
                    "Give each of its places another qubit.",
                    at,
                )

    def _fail_sizes(self, start: int, at: int, first: int, second: int) -> NoReturn:
        self.fail(
            ProblemKind.SIZE_MISMATCH,
            f"{quoted(self.tokens[start])} is given registers of sizes {first} and {second}",
            "Use registers of one size, or name single elements.",
            at,
        )
