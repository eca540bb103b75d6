"""Transforms one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.program import Operation

Transform = Mapping[str, Any]


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
        ``scale`` (achieved by folding), ``gamma`` and ``sign`` (of inserted Paulis),
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
    raise NotImplementedError
