"""Keeps what devices measured, so that a result can be written again."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from .sampling import Bits

BUDGET_BYTES = 64 * 2**20
"""Measurements kept at most. A task's take shots times a byte for each eight qubits, compressed:
300 KB for 100,000 shots of 20 qubits at worst, 40 bytes for a Bell pair's thousand."""


@dataclass(frozen=True)
class _Parcel:
    content: bytes
    shots: int
    qubits: int


class Shelf:
    """Measurements by task, those put there last first to stay.

    What has been given up can be had by simulating the task once more.

    Parameters
    ----------
    budget
        Bytes kept at most.
    """

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        self._budget = budget
        self._parcels: OrderedDict[str, _Parcel] = OrderedDict()
        self.size = 0

    def put(self, arn: str, bits: Bits) -> None:
        """Keep a task's measurements, of shape (shots, qubits), and give up the oldest ones."""
        packed = np.packbits(bits.astype(np.uint8, copy=False), axis=1)
        parcel = _Parcel(zlib.compress(packed.tobytes(), level=1), *bits.shape)
        self._remove(arn)
        self._parcels[arn] = parcel
        self.size += len(parcel.content)
        while self.size > self._budget:
            self._remove(next(iter(self._parcels)))

    def get(self, arn: str) -> Bits | None:
        """A task's measurements, or None where they were given up."""
        parcel = self._parcels.get(arn)
        if parcel is None:
            return None
        packed = np.frombuffer(zlib.decompress(parcel.content), dtype=np.uint8)
        rows = packed.reshape(parcel.shots, -1)
        return np.unpackbits(rows, axis=1, count=parcel.qubits)

    def _remove(self, arn: str) -> None:
        parcel = self._parcels.pop(arn, None)
        if parcel is not None:
            self.size -= len(parcel.content)
