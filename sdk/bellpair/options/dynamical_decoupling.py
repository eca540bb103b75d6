"""``dynamical-decoupling``: pulses that cancel, where qubits wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bellpair.options.backend import EnrichedExecutionBackend, ExecutionBackend
from bellpair.options.parameters import number, word
from bellpair.options.request import Outcome, Plan, Request


class DynamicalDecoupling(EnrichedExecutionBackend):
    """Fill the times in which qubits wait with pulses.

    It helps against changes of a qubit's frequency that are slow in comparison with the pulses;
    against errors that are random from moment to moment it cannot, and its pulses have errors of
    their own. Viola, Knill, Lloyd, Phys. Rev. Lett. 82, 2417 (1999), arXiv:quant-ph/9809071;
    Ezzell et al., Phys. Rev. Applied 20, 064027 (2023), arXiv:2207.03670.

    Parameters
    ----------
    sequence
        ``xx`` or ``xy4``: pulses about X, or about X and Y by turns.
    loss_max
        By how much the pulses may lessen the estimated success, as a share of it.
    """

    name = "dynamical-decoupling"

    def __init__(
        self,
        within: ExecutionBackend,
        *,
        seed: int = 0,
        sequence: str = "xx",
        loss_max: float = 0.01,
    ) -> None:
        super().__init__(within, seed=seed)
        self.sequence = word(self.name, "sequence", sequence, ("xx", "xy4"))
        self.loss_max = number(self.name, "loss_max", loss_max, 0.0, 0.5)

    def plan(self, requests: Sequence[Request]) -> Plan:
        """The same programs, with pulses."""
        transform = {"name": "decouple", "sequence": self.sequence, "loss_max": self.loss_max}
        inner = self.within.plan([request.transformed(transform) for request in requests])

        def read(measured: Sequence[Any]) -> list[Outcome]:
            return [
                replace(
                    outcome,
                    notes=outcome.notes
                    | {self.name: {"pulses": (outcome.metrics or {}).get("decoupled", 0)}},
                )
                for outcome in inner.read(measured)
            ]

        return Plan(inner.programs, read)
