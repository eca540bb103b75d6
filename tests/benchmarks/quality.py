"""Measure how good results are, print the figures as one JSON object, and draw them.

Run it with ``make bench-quality``: minutes on two cores. Progress goes to standard error, the
picture to ``build/bench/quality.png``. Nothing but the library and the emulated QPUs is used, no
cloud. All figures but those of speed are the same on every machine, as far as the compiler's
budget of processor time lets it try equally much.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import (
    quality_estimation,
    quality_fidelity,
    quality_picture,
    quality_speed,
)

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "build" / "bench" / "quality.png"
SEEDS = 5


@dataclass(frozen=True)
class Limit:
    """A figure's place in the JSON, and what it must be."""

    part: str
    figure: str
    limit: float
    at_least: bool = True

    def judged(self, figures: dict[str, Any]) -> dict[str, Any]:
        """The figure with its limit, and whether it is met."""
        value: Any = figures[self.part]
        for key in self.figure.split("."):
            value = value[key]
        met = value >= self.limit if self.at_least else value <= self.limit
        return {
            "value": value,
            "limit": f"{'>=' if self.at_least else '<='} {self.limit:g}",
            "met": bool(met),
        }


LIMITS = (
    Limit("fidelity", "ratio_to_level_3", 1.15),
    Limit("fidelity", "ratio_to_level_1", 1.3),
    Limit("fidelity", "worst_ratio_to_level_3", 0.97),
    Limit("fidelity", "worst_ratio_to_level_1", 0.97),
    Limit("fidelity", "with_options.ratio_to_level_3", 1.15),
    Limit("fidelity", "with_options.ratio_to_level_1", 1.3),
    Limit("fidelity", "with_options.worst_ratio_to_level_3", 0.97),
    Limit("fidelity", "with_options.worst_ratio_to_level_1", 0.97),
    Limit("stale", "ratio_to_agnostic", 0.98),
    Limit("stale", "said_that_it_fell_back", 1),
    Limit("estimation", "h2.ratio", 1 / 3, at_least=False),
    Limit("estimation", "tfim_6.ratio", 1 / 3, at_least=False),
    Limit("binding", "ratio", 40),
    Limit("compiling", "p50_s", 0.4, at_least=False),
)


def main() -> int:
    """Measure the parts asked for, or all."""
    parser = argparse.ArgumentParser(prog="quality", description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="fidelity, stale, estimation, binding, compiling")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="drift seeds (default 5)")
    parser.add_argument("--circuits", default="", help="names, with commas (default: all)")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    only = [name for name in arguments.circuits.split(",") if name]
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        # What is timed comes first, while nothing else runs.
        "binding": quality_speed.measure_binding,
        "compiling": quality_speed.measure_compiling,
        "estimation": lambda: quality_estimation.measure(seeds, arguments.workers),
        "stale": lambda: quality_fidelity.measure_stale(seeds, only, arguments.workers),
        "fidelity": lambda: quality_fidelity.measure(seeds, only, arguments.workers),
    }
    wanted = arguments.parts or list(parts)
    if unknown := set(wanted) - set(parts):
        print(f"unknown: {sorted(unknown)}; there are {list(parts)}", file=sys.stderr)
        return 2
    figures: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "processors": len(os.sched_getaffinity(0)),
        }
    }
    for name, measure in parts.items():
        if name in wanted:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            begun = time.perf_counter()
            figures[name] = measure()
            figures[name]["took_s"] = round(time.perf_counter() - begun, 1)
    if "fidelity" in wanted:
        quality_picture.draw(figures["fidelity"], PICTURE)
        figures["picture"] = str(PICTURE.relative_to(ROOT))
    figures["limits"] = {
        f"{limit.part}.{limit.figure}": limit.judged(figures)
        for limit in LIMITS
        if limit.part in wanted
    }
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
