"""Gate definitions, the same in both dialects."""

from __future__ import annotations

from bellpair_core.openqasm.errors import ProblemKind
from bellpair_core.openqasm.formulas import Formula
from bellpair_core.openqasm.gates import Body, Gate
from bellpair_core.openqasm.names import Constant, Entity
from bellpair_core.openqasm.operations import Operations
from bellpair_core.openqasm.registers import Register
from bellpair_core.openqasm.tally import Tally


class Definitions(Operations):
    """A cursor that reads ``gate name(a, b) q, r { … }``."""

    def body_statement(self) -> None:
        """Read one statement of a gate's body."""
        raise NotImplementedError

    def gate_definition(self) -> None:
        """Read a definition and declare the gate, which its own body can't use."""
        start = self.pos
        self.pos += 1
        name_at = self.pos
        name = self.read_name("the gate")
        self.names.enter()
        params = 0
        if self.accept("("):
            params = self._formals(")", "the parameter")
            self.expect(")")
        qubits = self._formals("{", "the qubit")
        if not qubits:
            self.fail_syntax("the name of a qubit")
        outside, self.tally, self.in_gate = self.tally, Tally(), True
        self.params, self.steps, self.body = params, [], []
        self.expect("{")
        while self.tokens[self.pos] != "}":
            if not self.tokens[self.pos]:
                self.fail_syntax("'}'")
            self.body_statement()
        self.pos += 1
        body, self.tally, self.in_gate = self.tally, outside, False
        self.names.leave()
        self.check_depth(body.depth + 1, start)
        # Even an empty gate counts as one, so that applying it is never free.
        written = Body(self.steps, self.body)
        gate = Gate(params, qubits, max(1, body.gates), body.depth + 1, written)
        self.declare(name, gate, name_at)

    def include_gates(self, gates: dict[str, Gate], at: int) -> None:
        """Declare the gates of a standard library."""
        if self.table.get("id") is gates["id"]:
            self.fail(
                ProblemKind.REDEFINED_NAME,
                "the file is included twice",
                "Remove one of the two includes.",
                at,
            )
        for name, gate in gates.items():
            self.declare(name, gate, at)

    def _formals(self, end: str, what: str) -> int:
        count = 0
        while self.tokens[self.pos] != end:
            at = self.pos
            name = self.read_name(what)
            formal: Entity = Constant(Formula(count))
            if end == "{":
                if count == self.limits.max_qubits:
                    self.fail(
                        ProblemKind.TOO_MANY_QUBITS,
                        f"the gate has more than {count} qubits",
                        f"Use at most {count} qubits.",
                        at,
                    )
                formal = Register("qubit", (count,), scalar=True, formal=True)
            self.declare(name, formal, at)
            count += 1
            if not self.accept(","):
                break
        return count
