"""Counts, and what is known about how they came about."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bellpair.models import Answer


class Result(Answer):
    """The outcome of a job.

    Attributes
    ----------
    counts
        Times that each outcome was seen. A key has `num_bits` characters, ``0`` or ``1``. With
        options that take errors out, a count may be a fraction.
    bit_order
        ``"little-endian"``: the rightmost character is bit 0 of the first classical register
        declared; later registers stand to the left.
    shots
        Repetitions asked for.
    device
        The device that ran the job.
    compiled_program
        The OpenQASM program as the device took it.
    calibration_id
        The calibration that it was compiled against.
    estimated_success
        The chance of a run without any error, by that calibration.
    candidates
        The compiled forms that were compared, or how many of them.
    fallback
        Why the calibration was not relied on, and the program compiled by the device's topology
        alone; ``None`` where it was.
    options
        The execution options, each with its name, its parameters and notes of what it did.
    overhead
        What the options took; ``None`` without options.
    metrics
        What the compiler tells about its work.
    timings
        Seconds spent in each phase, by its name.
    """

    job_id: str
    status: str = "succeeded"
    counts: dict[str, int | float]
    bit_order: str = "little-endian"
    num_bits: int | None = None
    shots: int
    device: str | None = None
    compiled_program: str | None = Field(default=None, repr=False)
    calibration_id: str | None = None
    task_arn: str | None = None
    estimated_success: float | None = None
    candidates: list[dict[str, Any]] | int | None = Field(default=None, repr=False)
    fallback: str | None = None
    options: list[dict[str, Any]] = Field(default_factory=list)
    overhead: dict[str, Any] | None = Field(default=None, repr=False)
    metrics: dict[str, Any] = Field(default_factory=dict, repr=False)
    timings: dict[str, float | None] = Field(default_factory=dict)

    @property
    def probabilities(self) -> dict[str, float]:
        """Each outcome's share of all counted outcomes; the shares add up to 1."""
        total = sum(self.counts.values())
        return {outcome: count / total for outcome, count in self.counts.items()} if total else {}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; every field is there."""
        return self.model_dump(mode="json")

    def most_common(self, n: int | None = None) -> list[tuple[str, int | float]]:
        """Outcomes and counts, the most frequent first, ties by outcome.

        Parameters
        ----------
        n
            How many; all of them when not given.
        """
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:n]
