"""How near results come to the ideal ones, against Qiskit's own compilation without calibration.

Each circuit is compiled against what is published of each emulated QPU and simulated with what is
true then. No counts are drawn: what they tend to is computed (exactly up to eight qubits).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bellpair.options.inversion import chances_of, inverted, nearest_physical
from bellpair_quantum.compiler import compile_program
from bellpair_quantum.options import CompileOptions
from tests.benchmarks import plain_qiskit
from tests.benchmarks.quality_circuits import Problem, problems
from tests.benchmarks.quality_devices import PROFILES, SETTLED_H, Day, day, days, fidelity
from tests.benchmarks.quality_workers import spread

WEEK_H = 168.0
STALE_QUBITS = 8
STALE_AGES = (0.25, 0.75)
"""At which parts of a calibration cycle the weekly snapshot is compared."""
OPTIONS = CompileOptions(stopwatch=time.process_time)
"""As the platform compiles, but for a budget in processor time: other work on the machine is not
to change what is measured."""


@dataclass(frozen=True)
class Case:
    """One circuit on one device on one day.

    Attributes
    ----------
    ours, level_3, level_1
        Fidelities of what was read, by compiler.
    with_options
        Ours after the platform's options of level 1, which take readout errors out by the
        published calibration.
    """

    problem: Problem
    device: str
    seed: int
    ours: float
    with_options: float
    level_3: float
    level_1: float
    estimated_success: float
    candidates: int
    two_qubit_gates: int

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "circuit": self.problem.name,
            "device": self.device,
            "drift_seed": self.seed,
            "fidelity": round(self.ours, 4),
            "with_options": round(self.with_options, 4),
            "level_3": round(self.level_3, 4),
            "level_1": round(self.level_1, 4),
            "estimated_success": round(self.estimated_success, 4),
            "candidates": self.candidates,
            "two_qubit_gates": self.two_qubit_gates,
        }


def measure(seeds: Sequence[int], only: Sequence[str] = (), workers: int = 2) -> dict[str, Any]:
    """Figures over all circuits, devices and seeds, and every single case."""
    chosen = [each for each in problems() if not only or each.name in only]
    work = [(each, seed, at) for seed, at in days(seeds) for each in chosen if _fits(each, at)]
    cases = spread(_case, work, workers)
    return {
        "circuits": len(chosen),
        "of_mqt_bench": sum(each.name.startswith("mqt_") for each in chosen),
        "drift_seeds": list(seeds),
        **_figures(cases),
        # A job's answer as the platform gives it when asked for level 1.
        "with_options": _figures(cases, "with_options"),
        # The others' answers were known when they were compiled.
        "where_qubits_interact": _figures([case for case in cases if case.two_qubit_gates]),
        "by_device": {
            name: {
                **_figures([case for case in cases if case.device == name]),
                "with_options": _figures(
                    [case for case in cases if case.device == name], "with_options"
                ),
            }
            for name in PROFILES
        },
        "by_circuit": {
            each.name: _figures([case for case in cases if case.problem.name == each.name])
            for each in chosen
        },
        "cases": [case.row() for case in cases],
    }


def measure_stale(
    seeds: Sequence[int], only: Sequence[str] = (), workers: int = 2
) -> dict[str, Any]:
    """With a snapshot a week old: our results against those of compiling without calibration.

    Circuits of up to eight qubits do: their figures have no chance in them.
    """
    chosen = [each for each in problems() if not only or each.name in only]
    chosen = [each for each in chosen if each.qubits <= STALE_QUBITS]
    work = []
    for profile in PROFILES.values():
        every = profile.drift.recalibrate_every_h or 24.0
        for number, seed in enumerate(seeds):
            hours = SETTLED_H + WEEK_H + every * STALE_AGES[number % len(STALE_AGES)]
            at = day(profile, seed, hours, age_h=WEEK_H)
            work += [(each, seed, at) for each in chosen if _fits(each, at)]
    pairs = spread(_stale_case, work, workers)
    return {
        "cases": len(pairs),
        "age_h": min(age for _, _, _, age in pairs),
        "said_that_it_fell_back": all(said for _, _, said, _ in pairs),
        "ratio_to_agnostic": geometric_mean(ours / plain for ours, plain, _, _ in pairs),
        "worst_ratio": min(ours / plain for ours, plain, _, _ in pairs),
    }


def geometric_mean(values: Iterable[float]) -> float:
    """Of positive numbers."""
    return math.exp(fmean(math.log(value) for value in values))


def _fits(problem: Problem, at: Day) -> bool:
    return problem.qubits <= len(at.target.qubits)


def _case(work: tuple[Problem, int, Day]) -> Case:
    problem, seed, at = work
    ours = compile_program(problem.source, "2.0", at.target, options=replace(OPTIONS, now=at.now))
    plain = {}
    for level in (3, 1):
        program, bits = plain_qiskit.compiled(problem.circuit, at.target, level, seed)
        plain[level] = fidelity(at.distribution(program, bits, seed), problem.ideal)
    found = at.distribution(ours.program, ours.bits, seed)
    return Case(
        problem,
        at.profile.name,
        seed,
        fidelity(found, problem.ideal),
        fidelity(_mitigated(found, ours.bits, at), problem.ideal),
        plain[3],
        plain[1],
        ours.estimated_success,
        len(ours.metrics["candidates"]),
        ours.two_qubit_gates,
    )


def _mitigated(
    found: NDArray[np.float64], bits: Sequence[int | None], at: Day
) -> NDArray[np.float64]:
    """What ``readout-mitigation`` makes of an answer."""
    width = len(bits)
    chances = chances_of(
        [
            None if q is None else (at.target.readout_0_to_1[q], at.target.readout_1_to_0[q])
            for q in bits
        ]
    )
    read = {format(index, f"0{width}b"): share for index, share in enumerate(found.tolist())}
    mended = np.zeros_like(found)
    for text, share in nearest_physical(inverted(read, chances)).items():
        mended[int(text, 2)] = share
    return mended


def _stale_case(work: tuple[Problem, int, Day]) -> tuple[float, float, bool, float]:
    """Fidelity of ours, of the same compiler without any calibration, what was said, the age."""
    problem, seed, at = work
    assert at.target.calibrated_at is not None
    options = replace(OPTIONS, now=at.now)
    ours = compile_program(problem.source, "2.0", at.target, options=options)
    bare = at.target.model_copy(
        update={
            name: {}
            for name in (
                "one_qubit_error",
                "two_qubit_error",
                "readout_error",
                "readout_0_to_1",
                "readout_1_to_0",
                "t1_us",
                "t2_us",
            )
        }
    )
    agnostic = compile_program(problem.source, "2.0", bare, options=replace(OPTIONS, now=None))
    found = [
        fidelity(at.distribution(each.program, each.bits, seed), problem.ideal)
        for each in (ours, agnostic)
    ]
    age = (at.now - at.target.calibrated_at).total_seconds() / 3600
    return found[0], found[1], bool(ours.metrics["fallback"]), age


def _figures(cases: Sequence[Case], ours: str = "ours") -> dict[str, Any]:
    if not cases:
        return {}
    own: list[float] = [getattr(case, ours) for case in cases]
    found: dict[str, Any] = {"cases": len(cases), "mean": fmean(own)}
    for name in ("level_3", "level_1"):
        others: list[float] = [getattr(case, name) for case in cases]
        ratios = [one / other for one, other in zip(own, others, strict=True)]
        worst = min(range(len(ratios)), key=ratios.__getitem__)
        found[f"mean_{name}"] = fmean(others)
        found[f"ratio_to_{name}"] = geometric_mean(ratios)
        found[f"worst_ratio_to_{name}"] = ratios[worst]
        found[f"worst_case_{name}"] = (
            f"{cases[worst].problem.name} on {cases[worst].device}, seed {cases[worst].seed}"
        )
    return found
