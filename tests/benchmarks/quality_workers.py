"""Work spread over processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


def spread(do: Callable[[Work], Result], work: Sequence[Work], workers: int) -> list[Result]:
    """Do all work, in so many processes, and give the results in its order."""
    # Matrices are small here: threads for each would only be in one another's way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Qiskit has threads, so that a fork of its process may wait for ever for one of their locks.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        results: list[Result] = []
        for result in pool.map(do, work):
            results.append(result)
            if len(results) % 50 == 0:
                print(f"  {len(results)} of {len(work)}", file=sys.stderr, flush=True)
        return results
