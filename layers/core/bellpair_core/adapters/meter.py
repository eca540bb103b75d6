"""Counts what one invocation consumes."""

from __future__ import annotations

import time
from typing import Any

from bellpair_core.model.usage import Usage


class Meter:
    """Adds up request units and time since `start`.

    Parameters
    ----------
    memory_mb
        The function's memory, by which its time is priced.
    """

    def __init__(self, memory_mb: int) -> None:
        self._memory_gb = memory_mb / 1024
        self.start()

    def start(self) -> None:
        """Forget everything: a new invocation begins."""
        self._began = time.perf_counter()
        self._read = 0.0
        self._write = 0.0
        self._writes = 0
        self._queue = 0

    def read(self, answer: dict[str, Any]) -> None:
        """Count a DynamoDB answer's consumed capacity as reads."""
        self._read += _units(answer)

    def write(self, answer: dict[str, Any]) -> None:
        """Count a DynamoDB answer's consumed capacity as writes."""
        self._writes += 1
        self._write += _units(answer)

    def queue_request(self) -> None:
        """Count one request to the queue service."""
        self._queue += 1

    def take(self, *, requests: int = 1) -> Usage:
        """What was consumed since the last time this was asked.

        Parameters
        ----------
        requests
            Lambda requests to put on this account; 0 when the invocation is on another's.
        """
        taken = Usage(
            lambda_gb_s=(time.perf_counter() - self._began) * self._memory_gb,
            lambda_requests=requests,
            read_units=self._read,
            writes=self._writes,
            write_units=self._write,
            queue_requests=self._queue,
        )
        self.start()
        return taken


def _units(answer: dict[str, Any]) -> float:
    capacity = answer.get("ConsumedCapacity") or {}
    if isinstance(capacity, list):
        return sum(float(one.get("CapacityUnits", 0)) for one in capacity)
    return float(capacity.get("CapacityUnits", 0))
