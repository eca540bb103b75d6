"""How long a Bell job takes from submission to its counts in hand, alone and in a crowd."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

from bellpair import Client
from bellpair.job import Job
from tests.benchmarks.submissions import SOURCE
from tests.running_cloud import RunningCloud


def together_s(submit: Callable[[int], Job], jobs: int) -> float:
    """Seconds from the first of many submissions to the last result in hand."""
    began = time.perf_counter()
    with ThreadPoolExecutor(max_workers=8) as pool:
        for job in list(pool.map(submit, range(jobs))):
            job.result(timeout=300)
    return time.perf_counter() - began


def measure(cloud: RunningCloud, alone: int = 30, crowd: int = 200) -> dict[str, Any]:
    """Median seconds of jobs one after the other, and jobs a second of a crowd at once.

    Both are warm: some jobs, and then a small crowd, go before what is measured.
    """
    settings = cloud.client_file
    with Client(endpoints=settings["endpoints"], api_key=settings["api_key"]) as client:

        def submit(number: int) -> Job:
            return client.submit(SOURCE.format(angle=number * 1e-4), shots=100, device="sv1")

        def run(number: int) -> float:
            began = time.perf_counter()
            counts = submit(number).result(timeout=120).counts
            took = time.perf_counter() - began
            if sum(counts.values()) != 100:
                raise RuntimeError(f"100 shots gave {counts}")
            return took

        for number in range(8):
            run(number)
        times = sorted(run(number) for number in range(alone))
        together_s(submit, crowd // 4)
        together = together_s(submit, crowd)
    return {
        "bell_p50_s": round(median(times), 3),
        "bell_p95_s": round(times[int(0.95 * len(times))], 3),
        "crowd_jobs": crowd,
        "crowd_jobs_per_s": round(crowd / together, 2),
        "crowd_speedup_over_one_by_one": round(crowd * median(times) / together, 2),
    }
