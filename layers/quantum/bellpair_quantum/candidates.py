"""Several compiled forms of one circuit, and the one that is most likely to succeed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.late_angles import bound
from bellpair_quantum.native import to_native
from bellpair_quantum.options import CompileOptions
from bellpair_quantum.program import Operation, depth
from bellpair_quantum.qpu import PlacedCircuit, placed_on_qpu, rotations_of
from bellpair_quantum.reading import ReadProgram
from bellpair_quantum.relayout import best_place
from bellpair_quantum.sampled import SampledCircuit
from bellpair_quantum.score import Costs, alike, workload
from bellpair_quantum.simplify import simplified


@dataclass(frozen=True, slots=True)
class Candidate:
    """One compiled form.

    Attributes
    ----------
    level, seed
        Qiskit's.
    calibration_aware
        Whether Qiskit was told the error rates. Where it was not, they may still have decided
        where on the device the form went, once it was routed.
    placed
        The form.
    cost
        Minus the logarithm of its estimated success.
    """

    level: int
    seed: int
    calibration_aware: bool
    placed: PlacedCircuit
    cost: float
    two_qubit_gates: int
    gates: int
    depth: int

    @property
    def estimated_success(self) -> float:
        """See `bellpair_quantum.score`."""
        return exp(-self.cost)

    @property
    def rank(self) -> tuple[float, int, int]:
        """Less is better; gates decide where the calibration tells no error rates."""
        # What differs by less is the same program on qubits that are alike.
        return (round(self.cost, 12), self.two_qubit_gates, self.gates)

    def facts(self, *, chosen: bool) -> dict[str, Any]:
        """What is told of it in a compiled program's metrics."""
        return {
            "level": self.level,
            "seed": self.seed,
            "calibration_aware": self.calibration_aware,
            "estimated_success": self.estimated_success,
            "two_qubit_gates": self.two_qubit_gates,
            "depth": self.depth,
            "chosen": chosen,
        }


def candidates(
    program: SampledCircuit,
    read: ReadProgram,
    target: DeviceTarget,
    options: CompileOptions,
    *,
    trusted: bool,
) -> list[Candidate]:
    """Make forms of a circuit until the time is up; one at least.

    Their order, and what each is, follow from the arguments alone; how many there are depends on
    the time too.

    Parameters
    ----------
    trusted
        Whether error rates by qubit count. Where they do not, Qiskit is not told them, and
        forms are compared as if all qubits were alike.

    Raises
    ------
    CompileError
        The circuit has no form on this device.
    """
    begun = options.stopwatch()
    rates = target if trusted else alike(target)
    costs = Costs(rates)
    numbers = _typical_numbers(len(read.steps))
    made: list[Candidate] = []
    for level, seed, aware in _attempts(target, options, trusted=trusted):
        if made and options.stopwatch() - begun >= options.budget_s:
            break
        placed = placed_on_qpu(
            program.circuit,
            target,
            seed=seed,
            optimization_level=level,
            calibration_aware=aware,
            steps=read.places,
        )
        native = written(placed, numbers, target)
        work = workload(native, placed.measured, rates)
        if trusted:
            placed = placed.moved(best_place(work, rates, costs))
            native = written(placed, numbers, target)
            work = workload(native, placed.measured, rates)
        pairs = sum(len(operation.qubits) == 2 for operation in native)
        made.append(
            Candidate(
                level, seed, aware, placed, costs.total(work), pairs, len(native), depth(native)
            )
        )
    return made


def written(
    placed: PlacedCircuit, numbers: Sequence[float], target: DeviceTarget
) -> list[Operation]:
    """Write a placed circuit in native gates, once its late steps have their numbers."""
    known = (
        Operation(name, tuple(bound(angle, numbers) for angle in params), qubits)
        for name, params, qubits in placed.gates
    )
    fewest = simplified(known, frozenset(placed.measured))
    native, _ = to_native(fewest, rotations_of(target))
    return native


def best(made: Sequence[Candidate]) -> Candidate:
    """The one to take; of equals the first."""
    return min(made, key=lambda candidate: candidate.rank)


def _attempts(
    target: DeviceTarget, options: CompileOptions, *, trusted: bool
) -> Iterator[tuple[int, int, bool]]:
    # Where all qubits are connected nothing is routed, and seeds make no difference.
    seeds = options.seeds[:1] if target.edges is None else options.seeds
    for seed in seeds:
        for level in options.optimization_levels:
            if trusted:
                yield level, seed, True
            yield level, seed, False


def _typical_numbers(count: int) -> list[float]:
    """Numbers for late steps such that no angle comes out as one that spares a gate."""
    golden = 0.6180339887498949
    return [0.3 + 0.9 * ((number + 1) * golden % 1.0) for number in range(count)]
