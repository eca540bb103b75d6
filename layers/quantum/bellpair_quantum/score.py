"""How likely a compiled program is to run without an error.

The estimated success probability is a product, as errors are taken as independent: of one minus
the average error of each native gate, of each readout, and of each wait of a qubit between two
gates. Waits follow from the durations of gates, each begun as soon as its qubits are free. A qubit
that waits for a time t relaxes; with its channel twirled into Pauli errors it is flipped with
probability ``(1 - exp(-t/T1))/2`` and its phase alone with
``(1 - exp(-t/T2))/2 - (1 - exp(-t/T1))/4``, cf. Ghosh, Fowler, Geller, "Surface code with
decoherence", arXiv:1210.5799. Two thirds of that is the average error (Nielsen,
arXiv:quant-ph/0205035), as for the gates. Before its first gate a qubit is in its ground state and
keeps it; between its last gate and its readout only flips count; a qubit that is not measured may
do then what it likes.

What a calibration does not tell (a rate, T1, T2) counts as without error, and gates whose durations
it does not tell take what they typically do (`bellpair_quantum.durations`). Readout errors are the
mean of both directions: which of 0 and 1 is read more often is not known here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, log
from statistics import median

from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_quantum.durations import gate_durations
from bellpair_quantum.late_starts import BARRIER, begun_late
from bellpair_quantum.program import Operation

_LEAST = 1e-12
"""Where something surely fails, so much of its success is left: logarithms stay finite."""


@dataclass(frozen=True)
class Workload:
    """What a program asks of its qubits, whatever they are.

    Attributes
    ----------
    one_qubit
        Gates by qubit.
    two_qubit
        Gates by pair, the lower qubit first.
    waits
        By qubit how long it waits each time between two gates, microseconds.
    last_wait
        By measured qubit the time between its last gate and its readout, microseconds.
    measured
        Measured qubits, ascending.
    duration_us
        From the first gate to the end of readout; None where the device's durations are not
        published.
    """

    one_qubit: Counter[int]
    two_qubit: Counter[tuple[int, int]]
    waits: dict[int, list[float]]
    last_wait: dict[int, float]
    measured: tuple[int, ...]
    duration_us: float | None

    @property
    def qubits(self) -> set[int]:
        """All qubits that anything is asked of."""
        pairs = {qubit for pair in self.two_qubit for qubit in pair}
        return {*self.one_qubit, *pairs, *self.measured}

    def moved(self, place_of: Mapping[int, int]) -> Workload:
        """The same of other qubits; all are named."""
        pairs = {(place_of[a], place_of[b]): count for (a, b), count in self.two_qubit.items()}
        return Workload(
            Counter({place_of[qubit]: count for qubit, count in self.one_qubit.items()}),
            Counter({(min(pair), max(pair)): count for pair, count in pairs.items()}),
            {place_of[qubit]: times for qubit, times in self.waits.items()},
            {place_of[qubit]: time for qubit, time in self.last_wait.items()},
            tuple(sorted(place_of[qubit] for qubit in self.measured)),
            self.duration_us,
        )


def workload(
    operations: Iterable[Operation],
    measured: Collection[int],
    target: DeviceTarget,
    *,
    as_written: bool = False,
) -> Workload:
    """Schedule a program's gates, each as soon as its qubits are free.

    Parameters
    ----------
    as_written
        Whether the program is run as it stands, with the barriers that are in it. Else it has
        none, and where the device takes barriers, qubits are begun with late
        (`bellpair_quantum.late_starts`).
    """
    durations = dict(enumerate(gate_durations(target), 1))
    one: Counter[int] = Counter()
    two: Counter[tuple[int, int]] = Counter()
    waits: defaultdict[int, list[float]] = defaultdict(list)
    free: dict[int, float] = {}
    held: dict[int, float] = {}
    for name, _, qubits in operations if as_written else begun_late([*operations], target):
        begin = max(max(free.get(qubit, 0.0), held.get(qubit, 0.0)) for qubit in qubits)
        if name == BARRIER:
            held.update(dict.fromkeys(qubits, begin))
            continue
        end = begin + durations[len(qubits)]
        for qubit in qubits:
            if qubit in free and begin > free[qubit]:
                waits[qubit].append(begin - free[qubit])
            free[qubit] = end
        if len(qubits) == 1:
            one[qubits[0]] += 1
        else:
            two[min(qubits), max(qubits)] += 1
    last = max(free.values(), default=0.0)
    known = None not in (target.one_qubit_us, target.two_qubit_us)
    return Workload(
        one,
        two,
        dict(waits),
        {qubit: last - free[qubit] for qubit in measured if qubit in free},
        tuple(sorted(measured)),
        last + (target.readout_us or 0.0) if known else None,
    )


class Costs:
    """What each thing costs on a device: minus the logarithm of its success probability."""

    def __init__(self, target: DeviceTarget) -> None:
        self._target = target
        self._waits: dict[tuple[int, float, bool], float] = {}

    @cached_property
    def one_qubit(self) -> dict[int, float]:
        """Of a gate, by qubit."""
        return {q: cost(self._target.one_qubit_error.get(q, 0.0)) for q in self._target.qubits}

    @cached_property
    def two_qubit(self) -> dict[tuple[int, int], float]:
        """Of a gate, by pair, the lower qubit first; pairs without a rate are left out."""
        pairs = (
            (tuple(map(int, key.split("-"))), error)
            for key, error in self._target.two_qubit_error.items()
        )
        return {(low, high): cost(error) for (low, high), error in pairs}

    @cached_property
    def readout(self) -> dict[int, float]:
        """Of a measurement, by qubit."""
        target = self._target
        return {q: cost(_readout_error(q, target)) for q in target.qubits}

    def wait(self, qubit: int, time: float, *, last: bool = False) -> float:
        """Of a wait of so many microseconds; the last one is followed by the readout."""
        known = self._waits.get((qubit, time, last))
        if known is None:
            known = self._waits[qubit, time, last] = self._wait(qubit, time, last)
        return known

    def _wait(self, qubit: int, time: float, last: bool) -> float:
        target = self._target
        flip = (1 - exp(-time / target.t1_us.get(qubit, inf))) / 2
        if last:
            return cost(flip)
        phase = max(0.0, (1 - exp(-time / target.t2_us.get(qubit, inf))) / 2 - flip / 2)
        return cost((flip + phase) * 2 / 3)

    def waits(self, times: Sequence[float], last: float, qubit: int) -> float:
        """Of all waits of a qubit."""
        total = self.wait(qubit, last, last=True) if last else 0.0
        for time in times:
            total += self.wait(qubit, time)
        return total

    def total(self, work: Workload) -> float:
        """Of a whole program."""
        total = 0.0
        for qubit, count in work.one_qubit.items():
            total += count * self.one_qubit.get(qubit, 0.0)
        for pair, count in work.two_qubit.items():
            total += count * self.two_qubit.get(pair, 0.0)
        for qubit in work.measured:
            total += self.readout.get(qubit, 0.0)
        for qubit in {*work.waits, *work.last_wait}:
            total += self.waits(work.waits.get(qubit, ()), work.last_wait.get(qubit, 0.0), qubit)
        return total


def cost(error: float) -> float:
    """Minus the logarithm of the probability that something goes well."""
    return -log(max(_LEAST, 1 - error))


def estimated_success(
    operations: Iterable[Operation], measured: Collection[int], target: DeviceTarget
) -> float:
    """Probability that no gate, wait or readout errs; 1.0 for simulators."""
    if target.kind is DeviceKind.SIMULATOR:
        return 1.0
    return exp(-Costs(target).total(workload(operations, measured, target)))


def alike(target: DeviceTarget) -> DeviceTarget:
    """The device as if all its qubits were alike: each rate is the median of all.

    That is what a calibration which is not trusted can still tell.
    """
    pairs = target.two_qubit_error
    return target.model_copy(
        update={
            "one_qubit_error": _levelled(target.one_qubit_error, target.qubits),
            "readout_error": _levelled(target.readout_error, target.qubits),
            "readout_0_to_1": _levelled(target.readout_0_to_1, target.qubits),
            "readout_1_to_0": _levelled(target.readout_1_to_0, target.qubits),
            "t1_us": _levelled(target.t1_us, target.qubits),
            "t2_us": _levelled(target.t2_us, target.qubits),
            "two_qubit_error": dict.fromkeys(pairs, median(pairs.values())) if pairs else {},
        }
    )


def _levelled(values: dict[int, float], qubits: Iterable[int]) -> dict[int, float]:
    return dict.fromkeys(qubits, median(values.values())) if values else {}


def _readout_error(qubit: int, target: DeviceTarget) -> float:
    if qubit in target.readout_0_to_1 and qubit in target.readout_1_to_0:
        return (target.readout_0_to_1[qubit] + target.readout_1_to_0[qubit]) / 2
    return target.readout_error.get(qubit, 0.0)
