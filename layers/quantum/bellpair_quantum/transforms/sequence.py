"""Transforms one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_quantum.errors import CompileError
from bellpair_quantum.native import Rotations
from bellpair_quantum.program import Operation
from bellpair_quantum.transforms.decouple import decouple
from bellpair_quantum.transforms.fold import fold
from bellpair_quantum.transforms.parameters import Parameters
from bellpair_quantum.transforms.pauli_insert import insert_paulis
from bellpair_quantum.transforms.twirl import flip, random_flips, twirl

Transform = Mapping[str, Any]

SCALE_MAX = 100.0
GAMMA_MAX = 30.0
"""What `fold` and `insert_paulis` may be asked for at most."""


@dataclass(frozen=True)
class Transformed:
    """A program's operations after its transforms.

    Attributes
    ----------
    operations
        Native operations, in order.
    flipped
        Device qubits that are flipped just before they are measured.
    facts
        What the transforms came to, ready for JSON and for a compiled program's metrics:
        ``scale`` (achieved by folding), ``gamma``, ``clear`` and ``sign`` (of inserted Paulis),
        ``decoupled`` (pulses put in), ``prepared`` (the state). Only those that apply.
    """

    operations: list[Operation]
    flipped: frozenset[int] = frozenset()
    facts: dict[str, Any] = field(default_factory=dict)

    def flips(self, bits: Sequence[int | None]) -> list[bool]:
        """For each classical bit whether it is read flipped: ``metrics["flips"]``.

        Parameters
        ----------
        bits
            The device qubit that each bit is read from, as `CompiledProgram.bits` has it.
        """
        return [qubit in self.flipped for qubit in bits]


def apply(
    operations: Sequence[Operation],
    transforms: Sequence[Transform],
    target: DeviceTarget,
    measured: Sequence[int],
) -> list[Operation]:
    """The operations alone of `transformed`."""
    return transformed(operations, transforms, target, measured).operations


def transformed(
    operations: Sequence[Operation],
    transforms: Sequence[Transform],
    target: DeviceTarget,
    measured: Sequence[int],
) -> Transformed:
    """Apply transforms in their order.

    Parameters
    ----------
    operations
        Native operations on the device's qubits: ``prx``, ``gpi``, ``gpi2``, ``cz``, ``ms``,
        ``zz``. On a simulator, which errs nowhere, only ``prepare`` changes anything.
    measured
        Device qubits that are measured at the end.

    Raises
    ------
    CompileError
        Where a transform is unknown, one of its parameters cannot be, or inserting Paulis would
        take more than its limit.
    """
    if target.kind is DeviceKind.SIMULATOR:
        return _on_simulator(operations, transforms, measured)
    native = {gate.lower() for gate in target.native_gates}
    program = _Program(
        list(operations), target, tuple(measured), "prx" if "prx" in native else "gpi"
    )
    for transform in transforms:
        parameters = Parameters(transform)
        step = _STEPS.get(str(parameters.name))
        if step is None:
            raise _unknown(parameters.name)
        _require_native(program, parameters.name)
        step(program, parameters)
    return Transformed(program.operations, program.flipped, program.facts)


@dataclass
class _Program:
    """A program on its way through its transforms."""

    operations: list[Operation]
    target: DeviceTarget
    measured: tuple[int, ...]
    rotations: Rotations
    flipped: frozenset[int] = frozenset()
    facts: dict[str, Any] = field(default_factory=dict)


def _fold(program: _Program, given: Parameters) -> None:
    program.operations, achieved = fold(
        program.operations,
        program.target,
        scale=given.number("scale", 1.0, 1.0, SCALE_MAX),
        seed=given.seed(),
        method=given.word("method", {"local": "local", "global": "global"}),
    )
    program.facts["scale"] = program.facts.get("scale", 1.0) * achieved


def _twirl(program: _Program, given: Parameters) -> None:
    program.operations = twirl(program.operations, program.rotations, seed=given.seed())


def _measure_twirl(program: _Program, given: Parameters) -> None:
    flips = random_flips(program.measured, seed=given.seed())
    program.operations = flip(program.operations, program.rotations, flips)
    program.flipped ^= flips


def _insert_paulis(program: _Program, given: Parameters) -> None:
    draw = insert_paulis(
        program.operations,
        program.rotations,
        program.target,
        seed=given.seed(),
        clear=given.word("draw", {"clear": "clear", "struck": "struck"}) == "clear",
        gamma_max=given.number("gamma_max", 5.0, 1.0, GAMMA_MAX),
    )
    program.operations = draw.operations
    program.facts |= {"gamma": draw.gamma, "clear": draw.clear, "sign": draw.sign}


def _decouple(program: _Program, given: Parameters) -> None:
    program.operations, pulses = decouple(
        program.operations,
        program.rotations,
        program.target,
        program.measured,
        sequence=given.word("sequence", {"xx": "xx", "xy4": "xy4"}),
        loss_max=given.number("loss_max", 0.01, 0.0, 0.5),
    )
    program.facts["decoupled"] = program.facts.get("decoupled", 0) + pulses


def _prepare(program: _Program, given: Parameters) -> None:
    ones = given.word("state", _STATES) == "ones"
    program.operations = flip([], program.rotations, frozenset(program.measured if ones else ()))
    program.flipped = frozenset()
    program.facts["prepared"] = "ones" if ones else "zeros"


_STATES = {"zeros": "zeros", "ones": "ones"}
_STEPS: dict[str, Callable[[_Program, Parameters], None]] = {
    "fold": _fold,
    "twirl": _twirl,
    "measure-twirl": _measure_twirl,
    "pauli-insert": _insert_paulis,
    "decouple": _decouple,
    "prepare": _prepare,
}
_NATIVE = frozenset({"prx", "gpi", "gpi2", "cz", "ms", "zz"})


def _on_simulator(
    operations: Sequence[Operation], transforms: Sequence[Transform], measured: Sequence[int]
) -> Transformed:
    kept, facts = list(operations), dict[str, Any]()
    for transform in transforms:
        parameters = Parameters(transform)
        if parameters.name not in _STEPS:
            raise _unknown(parameters.name)
        if parameters.name == "prepare":
            facts["prepared"] = parameters.word("state", _STATES)
            ones = sorted(set(measured)) if facts["prepared"] == "ones" else []
            kept = [Operation("x", (), (qubit,)) for qubit in ones]
    return Transformed(kept, facts=facts)


def _require_native(program: _Program, transform: object) -> None:
    for operation in program.operations:
        if operation.name not in _NATIVE:
            raise CompileError(
                "program-unsupported",
                f"Transform {transform} cannot be applied to a program with {operation.name}: it "
                f"knows {', '.join(sorted(_NATIVE))} and measurements at the end.",
                "Leave out the options that need it, or write the program without it.",
            )


def _unknown(name: object) -> CompileError:
    return CompileError(
        "program-unsupported",
        f"There is no transform {name!r}.",
        f"Known are {', '.join(_STEPS)}.",
    )
