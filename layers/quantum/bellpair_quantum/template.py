"""Programs compiled once and given their parameters' values late."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import exp
from time import perf_counter
from typing import Any, NamedTuple

from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_core.openqasm.late_values import LateStep
from bellpair_core.openqasm.values_of import ValuesError, values_of
from bellpair_quantum.candidates import written
from bellpair_quantum.errors import CompileError
from bellpair_quantum.late_angles import Angle, LateAngle
from bellpair_quantum.late_starts import Plan, late_plan, planned
from bellpair_quantum.openqasm import verbatim_program, virtual_program
from bellpair_quantum.program import CompiledProgram, Operation, depth
from bellpair_quantum.qpu import PlacedCircuit, PlacedGate
from bellpair_quantum.score import Costs, alike, workload
from bellpair_quantum.transforms import transformed
from bellpair_quantum.versions import VERSIONS

_SHAPES_KEPT = 4


class _Shape(NamedTuple):
    one_qubit_gates: int
    depth: int
    success: float
    duration_us: float | None
    plan: Plan | None


@dataclass(frozen=True)
class Template:
    """A compiled program whose rotation angles follow from values given later.

    Attributes
    ----------
    parameters
        Names of the values, in the order in which `bind` takes them: that of their
        declaration in OpenQASM, Qiskit's own (by name, vectors by index) for QPY.
    steps
        The numbers that follow from the values, each computed from those before it.
    placed
        The program on the device's qubits: gates that native ones are written from for a QPU,
        its own gates for a simulator.
    bits, layout
        As of `CompiledProgram`.
    target
        The device, with the calibration that the program was compiled against.
    trusted
        Whether that calibration's rates by qubit count.
    estimated_success
        As of `CompiledProgram`, for angles that spare no gate.
    notes
        What compiling it came to, for the metrics of what is made of it.
    """

    parameters: tuple[str, ...]
    steps: tuple[LateStep, ...]
    placed: PlacedCircuit
    bits: tuple[int | None, ...]
    layout: tuple[int | None, ...]
    target: DeviceTarget
    trusted: bool
    estimated_success: float
    notes: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def calibration_id(self) -> str:
        """The calibration that it was compiled against."""
        return self.target.calibration_id

    def bind(
        self, values: Sequence[float], transforms: Sequence[Mapping[str, Any]] = ()
    ) -> CompiledProgram:
        """Give the parameters their values, in radians where they are angles.

        The gates stay where they are; those that these values make superfluous are left out.

        Parameters
        ----------
        values
            One for each parameter.
        transforms
            What is done to the native gates then, as `CompileOptions.transforms`.

        Raises
        ------
        CompileError
            ``parameters-invalid`` where there are too few or too many values, one is not a
            finite number, or an angle that follows from them is none.
        """
        begun = perf_counter()
        try:
            numbers = values_of(self.steps, values)
        except ValuesError as error:
            named = ", ".join(self.parameters) or "no parameters"
            raise CompileError(
                "parameters-invalid",
                f"The values do not fit: {error} ({named}).",
                "Give one finite number for each parameter, in the order of their declaration.",
            ) from error
        changed = transformed(
            self._operations(numbers), transforms, self.target, self.placed.measured
        )
        operations = tuple(changed.operations)
        facts: dict[str, Any] = dict(changed.facts)
        if changed.flipped:
            facts["flips"] = changed.flips(self.bits)
        return self._compiled(operations, facts, begun)

    def _operations(self, numbers: Sequence[float]) -> list[Operation]:
        if self.target.kind is not DeviceKind.SIMULATOR:
            return written(self.placed, numbers, self.target)
        return self.placed.bound(numbers)

    def _compiled(
        self, operations: tuple[Operation, ...], facts: dict[str, Any], begun: float
    ) -> CompiledProgram:
        measured = sorted(self.placed.measured)
        shape = self._shape(operations)
        if self.target.kind is DeviceKind.SIMULATOR:
            text = virtual_program(operations, len(self.placed.layout), measured)
        else:
            text = verbatim_program(planned(operations, shape.plan), measured)
        return CompiledProgram(
            program=text,
            bits=self.bits,
            calibration_id=self.calibration_id,
            depth=shape.depth,
            one_qubit_gates=shape.one_qubit_gates,
            two_qubit_gates=len(operations) - shape.one_qubit_gates,
            layout=self.layout,
            estimated_success=shape.success,
            operations=operations,
            notes={
                **self.notes,
                "expected_duration_us": shape.duration_us,
                "bind_seconds": round(perf_counter() - begun, 6),
                **facts,
            },
        )

    def _shape(self, operations: Sequence[Operation]) -> _Shape:
        """What does not depend on angles; most values give the same gates as the last ones."""
        gates = tuple([(name, qubits) for name, _, qubits in operations])
        shape = self._shapes.get(gates)
        if shape is None:
            if len(self._shapes) >= _SHAPES_KEPT:
                self._shapes.clear()
            shape = self._shapes[gates] = self._measured_shape(operations)
        return shape

    def _measured_shape(self, operations: Sequence[Operation]) -> _Shape:
        one_qubit_gates = sum(len(operation.qubits) == 1 for operation in operations)
        success, duration, plan = 1.0, None, None
        if self.target.kind is not DeviceKind.SIMULATOR:
            plan = late_plan(operations, self.target)
            work = workload(operations, self.placed.measured, self.target)
            success, duration = exp(-self._costs.total(work)), work.duration_us
        return _Shape(one_qubit_gates, depth(operations), success, duration, plan)

    @cached_property
    def _shapes(self) -> dict[Any, _Shape]:
        return {}

    @cached_property
    def _costs(self) -> Costs:
        return Costs(self.target if self.trusted else alike(self.target))

    def to_json(self) -> str:
        """Write it down, for `from_json` to read again."""
        return json.dumps(
            {
                "versions": VERSIONS,
                "parameters": self.parameters,
                "steps": self.steps,
                "gates": self.placed.gates,
                "starts": self.placed.layout,
                "measured": self.placed.measured,
                "bits": self.bits,
                "layout": self.layout,
                "target": self.target.model_dump(mode="json"),
                "trusted": self.trusted,
                "estimated_success": self.estimated_success,
                "notes": self.notes,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Template:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            The text is no template, or another version of the compiler made it.
        """
        try:
            stored = json.loads(text)
            if stored["versions"] != VERSIONS:
                raise ValueError(f"the template is of {stored['versions']}, not of {VERSIONS}")
            return cls(
                tuple(stored["parameters"]),
                tuple(LateStep(symbol, tuple(given)) for symbol, given in stored["steps"]),
                PlacedCircuit(
                    tuple(
                        PlacedGate(name, tuple(map(_angle, params)), tuple(qubits))
                        for name, params, qubits in stored["gates"]
                    ),
                    tuple(stored["starts"]),
                    tuple(stored["measured"]),
                ),
                tuple(stored["bits"]),
                tuple(stored["layout"]),
                DeviceTarget.model_validate(stored["target"]),
                stored["trusted"],
                stored["estimated_success"],
                stored["notes"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError("the text is no template") from error


def _angle(stored: Any) -> Angle:
    if isinstance(stored, list):
        constant, terms = stored
        return LateAngle(constant, tuple((step, factor) for step, factor in terms))
    return float(stored)
