"""``python -m tests.simulation``: play many schedules, or one of them with its history."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from .runner import Summary, play_all, told
from .schedule import simulate

HISTORY_LINES = 400


def main() -> int:
    """Run the command; 1 when an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many schedules to play")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="play this one and tell its history")
    parser.add_argument("--verbose", action="store_true", help="the whole history, not its end")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return _one(arguments.seed, whole=arguments.verbose)
    return _many(range(arguments.first, arguments.first + arguments.seeds))


def _one(seed: int, *, whole: bool) -> int:
    logging.disable(logging.CRITICAL)
    verdict = simulate(seed, verbose=True)
    shown = verdict.history if whole else verdict.history[-HISTORY_LINES:]
    print("\n".join(shown))
    print(f"\nseed {seed}, {verdict.plan}: {verdict.violation or 'every invariant held'}")
    if verdict.violation is not None and not whole and len(verdict.history) > len(shown):
        print(f"the whole history: python -m tests.simulation --seed {seed} --verbose")
    return int(verdict.violation is not None)


def _many(seeds: range) -> int:
    begun = time.monotonic()

    def progress(summary: Summary) -> None:
        took = time.monotonic() - begun
        text = f"{summary.schedules:>8} schedules, {summary.schedules / took:.0f} a second"
        if summary.violations:
            text += f", {len(summary.violations)} broken"
        print(f"\r{text}", end="", file=sys.stderr, flush=True)

    summary = play_all(seeds, progress=progress)
    print(file=sys.stderr)
    days = summary.seconds / 86_400
    print(
        f"{summary.schedules} schedules, {summary.steps} steps, {days:.1f} simulated days"
        f" in {time.monotonic() - begun:.0f} s"
    )
    print(_table("about", summary.plans))
    print(_table("promoted with a job", summary.promoted_at_stage))
    print(_table("met", summary.facts))
    if summary.violations:
        print(told(summary.violations))
    return int(bool(summary.violations))


def _table(title: str, counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return f"{title}: " + ", ".join(f"{name} {count}" for name, count in ordered)


if __name__ == "__main__":
    sys.exit(main())
