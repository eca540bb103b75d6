"""Execution backends: what plans requests, and options around it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from bellpair.functions.plan import Measured
from bellpair.options.request import Outcome, Plan, Request, Terms


class ExecutionBackend(Protocol):
    """Plans what is to be run for requests, and reads outcomes from what was measured."""

    def plan(self, requests: Sequence[Request]) -> Plan:
        """The programs of these requests; nothing is run here."""


@dataclass(frozen=True)
class Circuit:
    """What is known of a circuit before it is compiled, for an estimate of what options take.

    Attributes
    ----------
    two_qubit_gates
        How many native ones it comes to.
    two_qubit_error
        Their average error, 0 to 1.
    bits
        How many are measured.
    readout_error
        Mean chance that one is misread, 0 to 1.
    """

    two_qubit_gates: int = 0
    two_qubit_error: float = 0.0
    bits: int = 0
    readout_error: float = 0.0


@dataclass(frozen=True)
class Overhead:
    """What an option takes.

    Attributes
    ----------
    programs
        Circuits for each one.
    shots_factor
        By what the shots must grow for standard errors to stay as they are.
    extra_programs, extra_shots
        For calibration, for each different circuit: how many, and shots of all of them.
    """

    programs: int = 1
    shots_factor: float = 1.0
    extra_programs: int = 0
    extra_shots: int = 0


class EnrichedExecutionBackend:
    """An option: a backend that has a backend.

    A subclass takes its parameters as keywords with defaults, beside ``seed``, and overrides
    `plan`: it asks the backend within for what it needs, and reads its own outcomes from that
    backend's.

    Parameters
    ----------
    within
        The backend that it turns to.
    seed
        Everything random in its plans comes from this.

    Attributes
    ----------
    name
        As in lists of options.
    excludes
        Options that it cannot be used together with.
    outside_of
        Options that stand before it in a list, if they are in it at all.
    """

    name: ClassVar[str] = ""
    excludes: ClassVar[frozenset[str]] = frozenset()
    outside_of: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, within: ExecutionBackend, *, seed: int = 0) -> None:
        self.within = within
        self.seed = seed

    def plan(self, requests: Sequence[Request]) -> Plan:
        """Turn to the backend within; options do more."""
        return self.within.plan(requests)

    def overhead(self, circuit: Circuit) -> Overhead:
        """What this option alone takes; nothing, unless a subclass says more."""
        return Overhead()

    def seed_of(self, *place: object) -> int:
        """A seed of 32 bits for one of many places where randomness is needed."""
        text = "/".join(map(str, (self.name, self.seed, *place)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


class DeviceBackend:
    """The innermost backend: each request is its program, and counts are what was read.

    Bits that the compiler flipped before their measurement (``metrics["flips"]``) are flipped back
    here, so that no option needs to know.
    """

    def plan(self, requests: Sequence[Request]) -> Plan:
        """One program for each request."""

        def read(measured: Sequence[Measured]) -> list[Outcome]:
            return [_outcome(*both) for both in zip(requests, measured, strict=True)]

        return Plan(tuple(request.program for request in requests), read)


def _outcome(request: Request, measured: Measured) -> Outcome:
    flips = (measured.metrics or {}).get("flips") or ()
    counts: Mapping[str, float] = measured.counts
    readout = measured.readout
    if any(flips):
        counts = {_flipped(text, flips): number for text, number in counts.items()}
        if readout is not None:
            readout = tuple(
                (pair[1], pair[0]) if flipped and pair is not None else pair
                for pair, flipped in zip(readout, flips, strict=True)
            )
    outcome = Outcome(
        counts=counts,
        shots=measured.shots,
        readout=readout,
        flips=tuple(flips) if any(flips) else None,
        qubits=measured.qubits,
        metrics=measured.metrics,
    )
    if request.observable is None:
        return outcome
    from bellpair.options.expectation import terms_of

    return estimated(outcome, request.observable, terms_of(counts, tuple(request.observable)))


def estimated(outcome: Outcome, observable: Mapping[str, float], terms: Terms) -> Outcome:
    """The outcome with these expectation values of its observable's strings."""
    value, error = terms.total(observable)
    return replace(outcome, terms=terms, expectation=value, standard_error=error)


def _flipped(text: str, flips: Sequence[bool]) -> str:
    return "".join(
        "10"[int(bit)] if flip else bit for bit, flip in zip(text, reversed(flips), strict=True)
    )
