"""``twirling``: the same circuit in several random forms, so that errors become random ones.

Coherent errors of two-qubit gates, which add up from gate to gate, become random Paulis, which
other options can deal with; and qubits are read as 0 and as 1 equally often, so that reading them
errs equally for both. Wallman, Emerson, Phys. Rev. A 94, 052325 (2016), arXiv:1512.01098; van den
Berg, Minev, Temme, Phys. Rev. A 105, 032620 (2022), arXiv:2012.09738.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bellpair.options.backend import Circuit, ExecutionBackend, Overhead, estimated
from bellpair.options.parameters import flag, whole
from bellpair.options.request import Outcome, Request
from bellpair.options.several_forms import SeveralForms
from bellpair.options.sharing import averaged, equally, mean_readout, summed


class Twirling(SeveralForms):
    """Share a request's shots out over random forms of its circuit.

    Parameters
    ----------
    instances
        How many forms; fewer where there are fewer shots.
    gates, measurement
        What is twirled.
    """

    name = "twirling"
    outside_of = frozenset({"readout-mitigation", "dynamical-decoupling"})

    def __init__(
        self,
        within: ExecutionBackend,
        *,
        seed: int = 0,
        instances: int = 8,
        gates: bool = True,
        measurement: bool = True,
    ) -> None:
        super().__init__(within, seed=seed)
        self.instances = whole(self.name, "instances", instances, 1, 64)
        self.gates = flag(self.name, "gates", gates)
        self.measurement = flag(self.name, "measurement", measurement)

    def overhead(self, circuit: Circuit) -> Overhead:
        """More programs, but no more shots."""
        return Overhead(programs=self.instances)

    def forms(self, place: int, request: Request) -> list[Request]:
        """The circuit with other random Paulis each time."""
        kinds = ["twirl"] * self.gates + ["measure-twirl"] * self.measurement
        return [
            request.transformed(
                *({"name": kind, "seed": self.seed_of(kind, place, number)} for kind in kinds),
                shots=shots,
            )
            for number, shots in enumerate(equally(request.program.shots, self.instances))
        ]

    def together(self, request: Request, outcomes: Sequence[Outcome]) -> Outcome:
        """What was read of all of them."""
        first = outcomes[0]
        together = replace(
            first,
            counts=summed([outcome.counts for outcome in outcomes]),
            shots=sum(outcome.shots for outcome in outcomes),
            notes=first.notes | {self.name: {"instances": len(outcomes)}},
            readout=mean_readout(outcomes),
            flips=None,
        )
        terms = averaged(outcomes)
        if request.observable is None or terms is None:
            return together
        return estimated(together, request.observable, terms)
