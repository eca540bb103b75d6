"""Moving a routed program to the qubits of the device that suit it best.

Routing decides which qubits must be neighbours, not which qubits of the device they are: wherever
the device has the same neighbourhood, the same gates can run. As in Nation and Treinish,
"Suppressing quantum circuit errors due to system variability", arXiv:2209.15512, the best such
place is looked for after routing, by the estimated success of this very program.

Durations are the same all over a device, so what a place costs is a sum over qubits and pairs: a
branch is given up as soon as its sum and the least that is still to come exceed the best found.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.score import Costs, Workload

STEPS_MAX = 2_000
"""Places for a qubit that are tried at most, so that the search ends within milliseconds."""

SWAPS_MAX = 2_000
"""Exchanges that are tried at most, where all qubits are connected."""


def best_place(work: Workload, target: DeviceTarget, costs: Costs) -> dict[int, int]:
    """Say to which qubit of the device each qubit of a program had best be moved.

    Equal arguments give equal answers. The answer may be to stay.

    Parameters
    ----------
    work
        What the program asks of the qubits that it is on now.
    """
    search = _Search(work, target, costs)
    return search.exchanged() if target.edges is None else search.moved()


class _Search:
    def __init__(self, work: Workload, target: DeviceTarget, costs: Costs) -> None:
        self.target = target
        self.pairs = costs.two_qubit
        self.at = {
            qubit: {place: _own_cost(qubit, place, work, costs) for place in target.qubits}
            for qubit in sorted(work.qubits)
        }
        self.links: dict[int, dict[int, int]] = {qubit: {} for qubit in self.at}
        for (low, high), count in work.two_qubit.items():
            self.links[low][high] = self.links[high][low] = count
        self.steps = 0
        self.best = {qubit: qubit for qubit in self.at}
        self.best_cost = self._cost(self.best)

    def moved(self) -> dict[int, int]:
        """Search the places of a device whose qubits have few neighbours."""
        self.neighbours: dict[int, set[int]] = {place: set() for place in self.target.qubits}
        for a, b in self.target.edges or ():
            self.neighbours[a].add(b)
            self.neighbours[b].add(a)
        self.order = self._order()
        self.least = self._least()
        self._extend({}, set(), 0.0)
        return self.best

    def exchanged(self) -> dict[int, int]:
        """Exchange places, two at a time, as long as that helps; all are connected."""
        pairs = list(combinations(self.target.qubits, 2))
        for _ in range(max(1, SWAPS_MAX // len(pairs))):
            if not sum(self._exchange(a, b) for a, b in pairs):
                break
        return self.best

    def _exchange(self, a: int, b: int) -> bool:
        """Let the holders of two places change, if that is better."""
        moving = [qubit for qubit, place in self.best.items() if place in (a, b)]
        before = self._cost_of(moving)
        self._change(moving, a, b)
        better = self._cost_of(moving) < before - 1e-12
        if not better:
            self._change(moving, a, b)
        return better

    def _change(self, moving: list[int], a: int, b: int) -> None:
        for qubit in moving:
            self.best[qubit] = b if self.best[qubit] == a else a

    def _cost_of(self, qubits: list[int]) -> float:
        """What some qubits and their links cost; a link between two of them counts twice."""
        total = 0.0
        for qubit in qubits:
            place = self.best[qubit]
            total += self.at[qubit][place]
            for other, count in self.links[qubit].items():
                total += count * self._pair(place, self.best[other])
        return total

    def _extend(self, place_of: dict[int, int], taken: set[int], spent: float) -> None:
        depth = len(place_of)
        if depth == len(self.order):
            if spent < self.best_cost - 1e-12:
                self.best, self.best_cost = dict(place_of), spent
            return
        qubit = self.order[depth]
        for cost, place in self._choices(qubit, place_of, taken):
            if self.steps >= STEPS_MAX or spent + cost + self.least[depth + 1] >= self.best_cost:
                return
            self.steps += 1
            place_of[qubit] = place
            taken.add(place)
            self._extend(place_of, taken, spent + cost)
            taken.discard(place)
            del place_of[qubit]

    def _choices(
        self, qubit: int, place_of: Mapping[int, int], taken: set[int]
    ) -> list[tuple[float, int]]:
        """Where a qubit can go and what that costs, the cheapest first."""
        placed = [
            (place_of[other], n) for other, n in self.links[qubit].items() if other in place_of
        ]
        free = set(self.target.qubits) - taken
        for place, _ in placed:
            free &= self.neighbours[place]
        return sorted(
            (self.at[qubit][place] + sum(n * self._pair(place, p) for p, n in placed), place)
            for place in free
        )

    def _order(self) -> list[int]:
        """Qubits so that each but the first of a group is linked to an earlier one."""
        order: list[int] = []
        rest = set(self.at)
        while rest:
            qubit = max(
                rest,
                key=lambda q: (
                    sum(other not in rest for other in self.links[q]),
                    len(self.links[q]),
                    -q,
                ),
            )
            order.append(qubit)
            rest.discard(qubit)
        return order

    def _least(self) -> list[float]:
        """What the qubits from each place of the order on cost at least."""
        cheapest = min(self.pairs.values(), default=0.0)
        least = [0.0]
        later: set[int] = set()
        for qubit in reversed(self.order):
            links = sum(n for other, n in self.links[qubit].items() if other not in later)
            later.add(qubit)
            least.append(least[-1] + min(self.at[qubit].values()) + links * cheapest)
        return least[::-1]

    def _cost(self, place_of: Mapping[int, int]) -> float:
        total = sum(self.at[qubit][place] for qubit, place in place_of.items())
        for qubit, links in self.links.items():
            for other, count in links.items():
                if qubit < other:
                    total += count * self._pair(place_of[qubit], place_of[other])
        return total

    def _pair(self, a: int, b: int) -> float:
        return self.pairs.get((a, b) if a < b else (b, a), 0.0)


def _own_cost(qubit: int, place: int, work: Workload, costs: Costs) -> float:
    cost = work.one_qubit[qubit] * costs.one_qubit[place]
    if qubit in work.measured:
        cost += costs.readout[place]
    return cost + costs.waits(work.waits.get(qubit, ()), work.last_wait.get(qubit, 0.0), place)
