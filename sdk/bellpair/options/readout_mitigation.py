"""``readout-mitigation``: take the errors of reading qubits out of what was read.

For observables the numbers that a shot counts with are corrected (`bellpair.options.expectation`),
which is exact on average for any number of qubits. For counts the distribution is inverted, and
brought to the nearest physical one (`bellpair.options.inversion`). Both take qubits to be misread
independently of one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bellpair.options.backend import (
    Circuit,
    EnrichedExecutionBackend,
    ExecutionBackend,
    Overhead,
    estimated,
)
from bellpair.options.expectation import Readout, terms_of
from bellpair.options.inversion import (
    FULL_BITS_MAX,
    NotInverted,
    chances_of,
    inverted,
    nearest_physical,
)
from bellpair.options.parameters import flag, whole, word
from bellpair.options.request import Outcome, Plan, Request

STATES = ("zeros", "ones")


class ReadoutMitigation(EnrichedExecutionBackend):
    """Correct counts and expectation values by the chances with which bits are misread.

    Parameters
    ----------
    method
        ``snapshot`` takes the chances from the calibration that the circuit was compiled
        against. ``measured`` runs two more programs for each different circuit, on the same
        qubits, which read all 0 and all 1.
    shots
        Of each of these two.
    physical
        Whether counts are brought to the nearest distribution of probabilities; otherwise they
        may be negative.
    """

    name = "readout-mitigation"

    def __init__(
        self,
        within: ExecutionBackend,
        *,
        seed: int = 0,
        method: str = "snapshot",
        shots: int = 2048,
        physical: bool = True,
    ) -> None:
        super().__init__(within, seed=seed)
        self.method = word(self.name, "method", method, ("snapshot", "measured"))
        self.shots = whole(self.name, "shots", shots, 100, 100_000)
        self.physical = flag(self.name, "physical", physical)

    def overhead(self, circuit: Circuit) -> Overhead:
        """Corrected values spread more: each bit's by 1/(1 - 2 e), twice that for shots."""
        factor = max(1 - 2 * circuit.readout_error, 0.05) ** (-2 * circuit.bits)
        if self.method == "snapshot":
            return Overhead(shots_factor=factor)
        return Overhead(
            shots_factor=factor, extra_programs=len(STATES), extra_shots=len(STATES) * self.shots
        )

    def plan(self, requests: Sequence[Request]) -> Plan:
        """The requests' own programs, and those that calibrate."""
        calibrations = self._calibrations(requests) if self.method == "measured" else []
        inner = self.within.plan([*requests, *calibrations])

        def read(measured: Sequence[Any]) -> list[Outcome]:
            outcomes = inner.read(measured)
            told = _measured_chances(outcomes[len(requests) :])
            return [
                self._corrected(request, outcome, told)
                for request, outcome in zip(requests, outcomes, strict=False)
            ]

        return Plan(inner.programs, read)

    def _calibrations(self, requests: Sequence[Request]) -> list[Request]:
        different = {request.program.source: request.program for request in requests}
        return [
            Request(
                replace(
                    program, shots=self.shots, transforms=({"name": "prepare", "state": state},)
                )
            )
            for program in different.values()
            for state in STATES
        ]

    def _corrected(
        self, request: Request, outcome: Outcome, told: Mapping[int, tuple[float, float]]
    ) -> Outcome:
        readout, measured = _readout(outcome, told)
        notes: dict[str, Any] = {"chances": "measured" if measured else "snapshot"}
        if self.method == "measured":
            notes["extra_shots"] = len(STATES) * self.shots
            if not measured:
                notes["why"] = "no calibration circuit was run on these qubits"
        if not any(readout or ()):
            return _noted(outcome, notes | {"chances": None, "why": "none are known"})
        assert readout is not None
        known = [pair for pair in readout if pair is not None]
        notes["mean_error"] = sum(map(sum, known)) / (2 * len(known))
        if request.observable is not None:
            terms = terms_of(outcome.counts, tuple(request.observable), readout)
            return _noted(estimated(outcome, request.observable, terms), notes)
        return self._inverted(outcome, readout, notes)

    def _inverted(self, outcome: Outcome, readout: Readout, notes: dict[str, Any]) -> Outcome:
        total = sum(outcome.counts.values())
        read = {text: number / total for text, number in outcome.counts.items()}
        try:
            quasi = inverted(read, chances_of(readout))
        except NotInverted as reason:
            return _noted(outcome, notes | {"inversion": None, "why": str(reason)})
        notes["inversion"] = "full" if len(readout) <= FULL_BITS_MAX else "read strings"
        notes["negative"] = -sum(number for number in quasi.values() if number < 0)
        if self.physical:
            quasi = nearest_physical(quasi)
        ordered = sorted(quasi, key=lambda text: (-quasi[text], text))
        counts = {text: quasi[text] * total for text in ordered}
        return _noted(replace(outcome, counts=counts, readout=None), notes)


def _noted(outcome: Outcome, notes: dict[str, Any]) -> Outcome:
    return replace(outcome, notes=outcome.notes | {ReadoutMitigation.name: notes})


def _readout(
    outcome: Outcome, told: Mapping[int, tuple[float, float]]
) -> tuple[Readout | None, bool]:
    """The chances for each bit, and whether they were measured: for all bits, or for none."""
    qubits = outcome.qubits or ()
    read = [qubit for qubit in qubits if qubit is not None]
    if not read or not told.keys() >= set(read):
        return outcome.readout, False
    flips = outcome.flips or (False,) * len(qubits)
    pairs = [None if qubit is None else told[qubit] for qubit in qubits]
    return [
        (pair[1], pair[0]) if flip and pair is not None else pair
        for pair, flip in zip(pairs, flips, strict=True)
    ], True


def _measured_chances(calibrations: Sequence[Outcome]) -> dict[int, tuple[float, float]]:
    """By device qubit; of several calibrations of one qubit the mean."""
    shares: dict[tuple[int, str], list[float]] = {}
    for outcome in calibrations:
        state = (outcome.metrics or {}).get("prepared")
        if state not in STATES or outcome.qubits is None:
            continue
        shots = sum(outcome.counts.values())
        wrong = "1" if state == "zeros" else "0"
        for bit, qubit in enumerate(outcome.qubits):
            if qubit is not None:
                misread = sum(
                    number for text, number in outcome.counts.items() if text[-1 - bit] == wrong
                )
                shares.setdefault((qubit, state), []).append(misread / shots)
    means = {key: sum(found) / len(found) for key, found in shares.items()}
    return {
        qubit: (means[qubit, "zeros"], means[qubit, "ones"])
        for qubit, state in means
        if state == "zeros" and (qubit, "ones") in means
    }
