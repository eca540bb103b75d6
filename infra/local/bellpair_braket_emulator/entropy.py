"""What a task's counts follow from: a seed, its device, and either its number or its program."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping

BY_ORDER, BY_PROGRAM = "by-order", "by-program"
SAMPLINGS = (BY_ORDER, BY_PROGRAM)

Entropy = tuple[int, ...]
"""Seeds a task's random generator."""


def by_order(seed: int, device: str, ordinal: int) -> Entropy:
    """The same tasks in the same order give the same counts, and equal tasks differ.

    Parameters
    ----------
    ordinal
        How many tasks the device had before.
    """
    return seed, zlib.crc32(device.encode()), ordinal


def by_program(
    seed: int, device: str, source: str, inputs: Mapping[str, float], shots: int
) -> Entropy:
    """The same program with the same shots gives the same counts, whatever ran before or where.

    Repetitions of a program are no independent samples then: each is the first one again.

    Parameters
    ----------
    source, inputs
        OpenQASM text, compared as it is written, and the values of its inputs.
    """
    told = json.dumps([source, sorted(inputs.items())]).encode()
    digest = int.from_bytes(hashlib.sha256(told).digest())
    return seed, zlib.crc32(device.encode()), shots, digest
