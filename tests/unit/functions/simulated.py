"""Quantum calls on the simulator in this process."""

from __future__ import annotations

from typing import Any

from bellpair.functions.plan import Call, payload_of, results_of
from bellpair.functions.statevector import sampled_counts
from bellpair_core.openqasm import check_program


def make(kind: str, calls: list[Call[Any]]) -> list[Any]:
    """The results of calls; each program is one that the service accepts."""
    payload = payload_of(calls)
    results = []
    for seed, program in enumerate(payload["programs"]):
        facts = check_program(program["source"])
        assert facts.obstacle is None
        counts = sampled_counts(program["source"], program["shots"], seed)
        results.append({"counts": counts, "shots": program["shots"], "bits": facts.num_bits})
    answer = {"results": results, "device": "sv", "calibration_id": "c1", "cost_usd": 0.25}
    return results_of(calls, answer)
