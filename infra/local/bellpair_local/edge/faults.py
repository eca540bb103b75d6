"""Failures that can be switched on at an edge, drawn from a seeded generator."""

from __future__ import annotations

import random
from enum import Enum

from pydantic import BaseModel, ConfigDict, Field


class Faults(BaseModel):
    """What goes wrong at one edge.

    Attributes
    ----------
    seed
        Seed of the generator; setting faults again with the same seed repeats the same draws.
    latency_ms, jitter_ms
        Delay before each request is looked at: `latency_ms` plus a uniform part up to `jitter_ms`.
    error_rate
        Fraction of requests (0..1) answered with 503 ServiceUnavailable.
    drop_rate
        Fraction of requests (0..1) whose connection is cut without an answer.
    services
        Signing names to which latency, errors and drops apply; ``execute-api`` is the deployed
        HTTP API. Empty means all.
    partitions
        Names of processes (``witness``, ``us-west-2`` …) that this one cannot reach, nor they it.
    event_drop_rate
        Fraction of Braket's events (0..1) that are taken and delivered to nobody.
    event_duplicate_rate
        Fraction of Braket's events (0..1) that are delivered twice.
    event_reorder_ms
        Each delivery of one of Braket's events is late by a uniform part of this, so that later
        events may come before it.
    replication_lag_ms
        Delay of the replication of eventually consistent tables to the peer; None leaves it at the
        cloud's default.
    replication_paused
        Keep changes back until it is false again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    latency_ms: float = Field(default=0, ge=0, le=60_000)
    jitter_ms: float = Field(default=0, ge=0, le=60_000)
    error_rate: float = Field(default=0, ge=0, le=1)
    drop_rate: float = Field(default=0, ge=0, le=1)
    services: frozenset[str] = frozenset()
    partitions: frozenset[str] = frozenset()
    event_drop_rate: float = Field(default=0, ge=0, le=1)
    event_duplicate_rate: float = Field(default=0, ge=0, le=1)
    event_reorder_ms: float = Field(default=0, ge=0, le=60_000)
    replication_lag_ms: float | None = Field(default=None, ge=0, le=600_000)
    replication_paused: bool = False


class Outcome(Enum):
    """What becomes of one request."""

    PASS = "pass"
    ERROR = "error"
    DROP = "drop"


class FaultSwitches:
    """The faults in force at an edge, and the draws for each request."""

    def __init__(self) -> None:
        self.set(Faults())

    @property
    def current(self) -> Faults:
        """The faults in force."""
        return self._faults

    def set(self, faults: Faults) -> None:
        """Put `faults` in force in place of those before and restart the generator."""
        self._faults = faults
        self._random = random.Random(faults.seed)
        # Apart, so that requests do not shift the draws of events.
        self._event_random = random.Random(f"events of {faults.seed}")
        self.harms_events = bool(
            faults.event_drop_rate or faults.event_duplicate_rate or faults.event_reorder_ms
        )
        self.harms_requests = bool(
            faults.latency_ms or faults.jitter_ms or faults.error_rate or faults.drop_rate
        )

    def parted_from(self, name: str) -> bool:
        """Whether the process called `name` is out of reach."""
        return name in self._faults.partitions

    def draw(self, service: str) -> tuple[float, Outcome]:
        """Return the delay in seconds and the outcome of the next request for `service`."""
        faults = self._faults
        if faults.services and service not in faults.services:
            return 0.0, Outcome.PASS
        # All three numbers are drawn each time, so that one rate does not shift another's draws.
        jitter, error, drop = (self._random.random() for _ in range(3))
        delay = (faults.latency_ms + jitter * faults.jitter_ms) / 1000
        if drop < faults.drop_rate:
            return delay, Outcome.DROP
        if error < faults.error_rate:
            return delay, Outcome.ERROR
        return delay, Outcome.PASS

    def draw_deliveries(self) -> list[float]:
        """Return the delay in seconds of each delivery of the next event: none, one or two."""
        faults = self._faults
        # Drawn each time, for the same reason.
        drop, duplicate, late, copy_late = (self._event_random.random() for _ in range(4))
        if drop < faults.event_drop_rate:
            return []
        delays = [late, copy_late] if duplicate < faults.event_duplicate_rate else [late]
        return [delay * faults.event_reorder_ms / 1000 for delay in delays]
