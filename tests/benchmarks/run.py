"""Measure on a local cloud of its own and print the figures as one JSON object.

Run it with ``make bench``. Progress goes to standard error. Absolute figures say something
about this machine; the ratios are taken within one run.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import bell, cold_start, submissions
from tests.running_cloud import RunningCloud, free_port_base

TARGETS = {
    "bell_p50_s": 0.5,
    "crowd_jobs_per_s": 10,
    "submissions_per_s": 120,
    "submit_p50_ms_1_connection": 12,
    "cold_init_p50_ms": {"api": 500, "execute": 500, "transpile": 2500},
}
"""What we want to reach on two cores; the first and the last two are upper bounds."""


def cost(cloud: RunningCloud) -> dict[str, Any]:
    """What one Bell job consumed and costs at list prices, counted as it ran."""
    example = str(Path(__file__).parents[2] / "examples" / "bell.qasm")
    ran = json.loads(
        cloud.bellpair("run", example, "--shots", "1000", "--device", "sv1", "--json").stdout
    )
    shown = json.loads(cloud.bellpair("jobs", "show", ran["job_id"], "--cost", "--json").stdout)
    usage: dict[str, Any] = shown["usage"]
    return usage


PARTS: dict[str, Callable[[RunningCloud], dict[str, Any]]] = {
    "bell": bell.measure,
    "cost_of_a_bell_job": cost,
    "cold_start": cold_start.measure,
    "submissions": submissions.measure,
}


def main(wanted: list[str]) -> int:
    """Measure the parts named, or all of them."""
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"unknown: {sorted(unknown)}; there are {list(PARTS)}", file=sys.stderr)
        return 2
    figures: dict[str, Any] = {"machine": {"python": platform.python_version()}}
    figures["machine"]["processors"] = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="bellpair-bench-") as state:
        cloud = RunningCloud("bench", free_port_base(), Path(state))
        try:
            print("starting a local cloud …", file=sys.stderr)
            cloud.up()
            for name, measure in PARTS.items():
                if not wanted or name in wanted:
                    print(f"measuring {name} …", file=sys.stderr)
                    figures[name] = measure(cloud)
                    print(json.dumps(figures[name]), file=sys.stderr)
        finally:
            cloud.down()
    figures["targets"] = TARGETS
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
