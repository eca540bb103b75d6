"""Several compiled forms of one circuit, and the one that is most likely to succeed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, NamedTuple

from qiskit import QuantumCircuit

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.errors import CompileError
from bellpair_quantum.feed_forward import has_feed_forward
from bellpair_quantum.logical import simpler
from bellpair_quantum.native import to_native
from bellpair_quantum.options import CompileOptions
from bellpair_quantum.program import MEASURED, Operation, depth
from bellpair_quantum.qpu import PlacedCircuit, placed_on_qpu, rotations_of
from bellpair_quantum.reading import ReadProgram
from bellpair_quantum.relayout import best_place
from bellpair_quantum.sampled import SampledCircuit
from bellpair_quantum.score import Costs, alike, workload
from bellpair_quantum.simplify import simplified

WARM_UP_S = 1.0
"""So much of the first try does not count, as a process that has just begun loads what it needs."""

NEAR = 1.1
"""How much more a form may cost than the best if its circuit is to be tried with other seeds."""


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
    makes = _Maker(read, target, rates, Costs(rates), moves=trusted)
    # What is known of states there holds for gates alone, not with measurements among them.
    circuits = [] if has_feed_forward(program.circuit) else simpler(program.circuit)
    if not circuits or _entangles(circuits[0]):
        circuits.append(program.circuit)
    made: list[Candidate] = []
    refusal: CompileError | None = None
    longest, warm_up = 0.0, WARM_UP_S
    for attempt in _attempts(options, trusted=trusted):
        if made and attempt.seed != made[0].seed and not made[-1].placed.routed:
            # Nothing had to change places: no other seed makes a difference.
            return made
        for circuit in circuits:
            start = options.stopwatch()
            if made and start - begun + longest >= options.budget_s:
                return made
            try:
                made.append(makes(circuit, attempt))
            except CompileError as error:
                # What the circuit has no room for as it is written, it may have when simpler.
                refusal = error
            took = options.stopwatch() - start
            spared, warm_up = min(took, warm_up), 0.0
            begun += spared
            longest = max(longest, took - spared)
        if not made and refusal is not None:
            raise refusal
        if len(circuits) > 1:
            circuits = _promising(circuits, made)
    return made


def _entangles(circuit: QuantumCircuit) -> bool:
    return any(len(each.qubits) > 1 and each.name != "barrier" for each in circuit.data)


class _Attempt(NamedTuple):
    level: int
    seed: int
    aware: bool


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes candidates of one program."""

    read: ReadProgram
    target: DeviceTarget
    rates: DeviceTarget
    costs: Costs
    moves: bool

    def __call__(self, circuit: QuantumCircuit, attempt: _Attempt) -> Candidate:
        """Make one."""
        numbers = _typical_numbers(len(self.read.steps))
        placed = placed_on_qpu(
            circuit,
            self.target,
            seed=attempt.seed,
            optimization_level=attempt.level,
            calibration_aware=attempt.aware,
            steps=self.read.places,
        )
        native = written(placed, numbers, self.target)
        work = workload(native, placed.measured, self.rates)
        if self.moves:
            place_of = best_place(work, self.rates, self.costs)
            placed = placed.moved(_everywhere(place_of, self.target.qubits))
            work = work.moved(place_of)
        return Candidate(
            *attempt,
            placed,
            self.costs.total(work),
            sum(len(operation.qubits) == 2 for operation in native),
            len(native),
            depth(native),
        )


def _promising(circuits: list[QuantumCircuit], made: Sequence[Candidate]) -> list[QuantumCircuit]:
    """Those of the circuits whose newest candidates are worth more attempts."""
    newest = made[-len(circuits) :]
    if len(newest) < len(circuits):
        # One of them has none. The simpler one comes first and has one if any has.
        return circuits[:1]
    least = min(each.cost for each in newest)
    return [
        circuit for circuit, each in zip(circuits, newest, strict=True) if each.cost <= least * NEAR
    ]


def _everywhere(place_of: Mapping[int, int], qubits: Sequence[int]) -> dict[int, int]:
    """Say of all qubits of a device where they are moved, so that no two come to one place."""
    free = [place for place in qubits if place not in set(place_of.values())]
    rest = (qubit for qubit in qubits if qubit not in place_of)
    return {**place_of, **dict(zip(rest, free, strict=True))}


def written(
    placed: PlacedCircuit, numbers: Sequence[float], target: DeviceTarget
) -> list[Operation]:
    """Write a placed circuit in native gates, once its late steps have their numbers."""
    gates = placed.bound(numbers)
    if not any(gate.name == MEASURED for gate in gates):
        gates = simplified(gates, frozenset(placed.measured))
    native, _ = to_native(gates, rotations_of(target))
    return native


def best(made: Sequence[Candidate]) -> Candidate:
    """The one to take; of equals the first."""
    return min(made, key=lambda candidate: candidate.rank)


def _attempts(options: CompileOptions, *, trusted: bool) -> Iterator[_Attempt]:
    for seed in options.seeds:
        for level in options.optimization_levels:
            yield _Attempt(level, seed, aware=False)
            # Routed as for any device and then moved, a form is about as good: once is enough.
            if trusted and seed == options.seeds[0] and level == options.optimization_levels[0]:
                yield _Attempt(level, seed, aware=True)


def _typical_numbers(count: int) -> list[float]:
    """Numbers for late steps such that no angle comes out as one that spares a gate."""
    golden = 0.6180339887498949
    return [0.3 + 0.9 * ((number + 1) * golden % 1.0) for number in range(count)]
