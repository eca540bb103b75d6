"""Answers to quantum calls, and runs of functions that are suspended in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bellpair.functions.engine import Outcome, run_worker
from bellpair.functions.memory_service import MemoryService


def zeros(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Every circuit reads 0 only."""
    results = [
        {"counts": {"0": program["shots"]}, "shots": program["shots"], "bits": 1}
        for program in payload["programs"]
    ]
    return {"results": results, "device": "d", "calibration_id": "c", "cost_usd": 0.5}


class Site:
    """A function's job on a service in memory; each `run` is a run in a new process."""

    def __init__(
        self,
        target: Any,
        answer: Callable[[Mapping[str, Any]], Any] = zeros,
        answers_at_once: Callable[[int], bool] = lambda call: True,
        **inputs: Any,
    ) -> None:
        self.service = MemoryService(answer, answers_at_once)
        self.output = ""
        self.progress: list[tuple[float, str]] = []
        self.runs = 0
        self._target = target
        self._inputs = inputs

    def run(self, target: Any = None, client: Any = None) -> Outcome:
        """One run, by default of the job's own function on its own service."""
        self.runs += 1
        return run_worker(
            target or self._target,
            self._inputs,
            client=client or self.service,
            execution="job-1",
            token="1",
            operations=self.service.operations(),
            seed=7,
            state=self.service.state,
            checkpoints=self.service.checkpoints,
            on_output=self._printed,
            on_progress=lambda fraction, message: self.progress.append((fraction, message)),
        )

    def finish(self) -> Outcome:
        """Runs until the function is not suspended any more."""
        outcome = self.run()
        while outcome.kind == "suspended" and self.runs < 10_000:
            self.service.settle()
            outcome = self.run()
        return outcome

    def _printed(self, text: str) -> None:
        self.output += text


COIN = "OPENQASM 3; qubit q; bit c; U({:.3f}, 0, 0) q; c = measure q;"
"""A circuit with a number in it."""


def toss(runtime: Any, angle: float, shots: int = 10) -> Any:
    """One quantum call."""
    return runtime.sampler(COIN.format(angle), shots=shots)
