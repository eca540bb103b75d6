"""Measure what quantum functions cost, on a local cloud, and print the figures as one JSON object.

Run it with ``make bench-functions``. Progress goes to standard error. Every figure is a ratio or
a difference taken within one run, and stands beside its limit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from bellpair import Client
from bellpair.job import Job
from tests.benchmarks import vqe_loop
from tests.running_cloud import RunningCloud, free_port_base

STEPS = 50
CALLS = 1_000
WAITING = 200
DEVICE, REGION = "ion-11", "us-east-1"
QUEUE_S = 60.0
WORKER = "-worker-"
"""What the names of the Lambda functions have in them that run users' code."""
NURSERY = "bellpair_worker.nursery_process"
SETTLED_S = 10.0
WATCHED_S = 10.0
LOOK_S = 0.25
PATIENCE_S = 600.0


@dataclass(frozen=True)
class Limit:
    """What a figure must be."""

    limit: float
    at_least: bool = False

    def judged(self, value: float) -> dict[str, Any]:
        """The figure with its limit, and whether it is met."""
        met = value >= self.limit if self.at_least else value <= self.limit
        return {
            "value": value,
            "limit": f"{'>=' if self.at_least else '<='} {self.limit:g}",
            "met": met,
        }


LIMITS = {
    "overhead_per_iteration_ms": Limit(60),
    "times_faster_than_a_job_per_iteration": Limit(3, at_least=True),
    "replay_of_1000_calls_s": Limit(1),
    "worker_processes_held_by_200_waiting": Limit(0),
}


@contextmanager
def connected(cloud: RunningCloud) -> Iterator[Client]:
    """A client of the cloud's tenant."""
    settings = cloud.client_file
    with Client(endpoints=settings["endpoints"], api_key=settings["api_key"]) as client:
        yield client


# The loop: through the platform, in this process, and by a job an iteration


def measure_loop(cloud: RunningCloud) -> dict[str, Any]:
    """The loop of 50 iterations in three ways, one after the other, each warm."""
    with connected(cloud) as client:
        client.deploy_function(Path(vqe_loop.__file__))

        def by_job(source: str) -> dict[str, int]:
            return client.submit(source, vqe_loop.SHOTS, "sv1").result(timeout=120).counts

        ways = {
            "in_process": lambda steps: vqe_loop.loop(in_process, steps)[1],
            "as_function": lambda steps: as_function(client, steps),
            "a_job_per_iteration": lambda steps: vqe_loop.loop(by_job, steps)[1],
        }
        for way in ways.values():
            way(5)
        told = {name: _timed(way, STEPS) for name, way in ways.items()}
    iteration = {name: each["iteration_p50_ms"] for name, each in told.items()}
    whole = {name: each["whole_s"] for name, each in told.items()}
    return {
        **told,
        "overhead_per_iteration_ms": round(iteration["as_function"] - iteration["in_process"], 2),
        "times_faster_than_a_job_per_iteration": round(
            whole["a_job_per_iteration"] / whole["as_function"], 2
        ),
    }


def as_function(client: Client, steps: int) -> list[float]:
    """Seconds of each step, as the function itself saw them."""
    job = client.invoke("bench-vqe", {"steps": steps}, seed=1, wait=25)
    seconds: list[float] = job.output(timeout=PATIENCE_S)["seconds"]
    return seconds


def in_process(source: str) -> dict[str, int]:
    """Counts by the simulator that the platform's device runs, without anything around it."""
    import numpy as np

    from bellpair_braket_emulator.noise import ideal_circuit
    from bellpair_braket_emulator.openqasm import read_program
    from bellpair_braket_emulator.sampling import sample

    plain = source.replace('include "stdgates.inc";\n', "").replace("cx ", "cnot ")
    bits = sample(ideal_circuit(read_program(plain, {})), vqe_loop.SHOTS, np.random.default_rng(1))
    rows, counts = np.unique(bits, axis=0, return_counts=True)
    return {
        "".join(map(str, row[::-1])): int(count) for row, count in zip(rows, counts, strict=True)
    }


def _timed(way: Callable[[int], list[float]], steps: int) -> dict[str, float]:
    began = time.perf_counter()
    seconds = way(steps)
    whole = time.perf_counter() - began
    return {"whole_s": round(whole, 3), "iteration_p50_ms": round(median(seconds) * 1e3, 2)}


# Replay


def measure_replay(cloud: RunningCloud) -> dict[str, Any]:
    """Run the function again from the recorded results of 1,000 calls, with no call to make."""
    from bellpair.functions.engine import run_worker
    from bellpair.functions.memory_service import MemoryService

    def counted(payload: Any) -> dict[str, Any]:
        return {
            "results": [{"counts": {"0101": 600, "0010": 400}, "shots": 1000, "bits": 4}],
            "device": "sv1",
            "calibration_id": "none",
            "cost_usd": 0.0,
        }

    service = MemoryService(counted)

    def run(operations: Sequence[dict[str, Any]]) -> float:
        began = time.perf_counter()
        outcome = run_worker(
            vqe_loop.bench_vqe,
            {"steps": CALLS},
            client=service,
            execution="bench",
            token="0",
            operations=operations,
            seed=1,
        )
        if outcome.kind != "finished":
            raise RuntimeError(f"the function did not finish: {outcome}")
        return time.perf_counter() - began

    first = run(())
    # As the broker gives it: through JSON.
    recorded = json.dumps(service.operations(), default=str)
    began = time.perf_counter()
    operations = json.loads(recorded)
    replayed = time.perf_counter() - began + run(operations)
    if service.calls != CALLS:
        raise RuntimeError(f"{service.calls} calls were made for {CALLS}")
    return {
        "calls": CALLS,
        "journal_bytes": len(recorded),
        "first_run_s": round(first, 3),
        "replay_of_1000_calls_s": round(replayed, 3),
    }


# Waiting


def measure_waiting(cloud: RunningCloud) -> dict[str, Any]:
    """Count, from outside, the worker processes that 200 waiting functions hold.

    While they come the queue is longer still, so that none is over before the last one waits.
    """
    with connected(cloud) as client, queue_of(cloud, 10 * QUEUE_S):
        client.deploy_function(Path(vqe_loop.__file__))
        jobs = [
            client.invoke("bench-vqe", {"steps": 1}, device=DEVICE, seed=number)
            for number in range(WAITING)
        ]
        try:
            waited = await_calls(jobs)
            # A call is on record a moment before its function lets go of its worker.
            settled = time.monotonic() + SETTLED_S
            while processes_at_work(cloud) and time.monotonic() < settled:
                time.sleep(LOOK_S)
            held = []
            until = time.monotonic() + WATCHED_S
            while time.monotonic() < until:
                held.append(processes_at_work(cloud))
                time.sleep(LOOK_S)
            unfinished = sum(not job.refresh().finished for job in jobs)
        finally:
            for job in jobs:
                job.cancel()
    return {
        "functions": WAITING,
        "waiting": unfinished,
        "queue_s_at_least": QUEUE_S,
        "seconds_until_all_waited": round(waited, 1),
        "looks": len(held),
        "warm_idle_workers": sum(each["state"] == "idle" for each in workers(cloud)),
        "worker_processes_held_by_200_waiting": max(held),
    }


@contextmanager
def queue_of(cloud: RunningCloud, seconds: float) -> Iterator[None]:
    """Let each task wait at the device for so long."""
    with cloud.emulator(REGION) as emulator:
        path = f"/_emulator/devices/{DEVICE}"
        before = emulator.put(path, json={}).json()["queue_delay_s"]
        emulator.put(path, json={"queue_delay_s": seconds}).raise_for_status()
        try:
            yield
        finally:
            emulator.put(path, json={"queue_delay_s": before}).raise_for_status()


def await_calls(jobs: Sequence[Job]) -> float:
    """Wait until each function has made its call; the seconds that took.

    Raises
    ------
    RuntimeError
        If one is over, or has not made it in time.
    """
    began = time.monotonic()
    left = list(jobs)
    while left:
        left = [job for job in left if not job.refresh().record.calls]
        if over := [job for job in jobs if job.finished]:
            raise RuntimeError(f"{over[0]} is over and was to wait: {over[0].error}")
        if time.monotonic() - began > PATIENCE_S:
            raise RuntimeError(f"{len(left)} functions have not made their call: {left[0]}")
    return time.monotonic() - began


def workers(cloud: RunningCloud) -> list[dict[str, Any]]:
    """The processes that run users' code, of both regions, as the hosts of Lambda list them."""
    import httpx

    found: list[dict[str, Any]] = []
    for offset in (0, 1):
        url = f"http://127.0.0.1:{cloud.port_base + offset}/_local/workers"
        found += httpx.get(url, timeout=30).raise_for_status().json()["workers"]
    return [each for each in found if WORKER in each["function"]]


def processes_at_work(cloud: RunningCloud) -> int:
    """Workers that are not idle, and processes of users' code that an idle one still has."""
    found = workers(cloud)
    return sum(1 if each["state"] != "idle" else _runs_of(each["pid"]) for each in found)


def _runs_of(pid: int) -> int:
    """The processes below a worker, but for the nursery that each keeps warm to fork them from."""
    try:
        worker = psutil.Process(pid)
        below = worker.children(recursive=True)
        return len(below) - sum(
            process.ppid() == pid and NURSERY in " ".join(process.cmdline()) for process in below
        )
    except psutil.NoSuchProcess:
        return 0


PARTS: dict[str, Callable[[RunningCloud], dict[str, Any]]] = {
    "replay": measure_replay,
    "loop": measure_loop,
    "waiting": measure_waiting,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 if every limit is met, else 1."""
    asked = _arguments(arguments)
    told: dict[str, Any] = {
        "machine": {
            "python": platform.python_version(),
            "processors": len(os.sched_getaffinity(0)),
        }
    }
    figures = {}
    with _cloud(asked.cloud) as cloud:
        for name in asked.parts or PARTS:
            print(f"measuring {name} …", file=sys.stderr)
            told[name] = PARTS[name](cloud)
            print(json.dumps(told[name]), file=sys.stderr)
            figures |= {
                figure: LIMITS[figure].judged(value)
                for figure, value in told[name].items()
                if figure in LIMITS
            }
    told["figures"] = figures
    told["met"] = all(figure["met"] for figure in figures.values())
    print(json.dumps(told, indent=2))
    return 0 if told["met"] else 1


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    limits = "\n".join(
        f"  {name} {'>=' if limit.at_least else '<='} {limit.limit:g}"
        for name, limit in LIMITS.items()
    )
    parser = argparse.ArgumentParser(
        prog="make bench-functions",
        description=(__doc__ or "").split("\n", maxsplit=1)[0],
        epilog=f"limits:\n{limits}\n\nExit status: 0 if all that was measured meets its limit.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them if none"
    )
    parser.add_argument(
        "--cloud",
        metavar="STATE_DIR:PORT_BASE",
        default=os.environ.get("BELLPAIR_TEST_CLOUD"),
        help="a local cloud that runs, in place of one of its own",
    )
    asked = parser.parse_args(given)
    if unknown := sorted(set(asked.parts) - set(PARTS)):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return asked


@contextmanager
def _cloud(running: str | None) -> Iterator[RunningCloud]:
    if running:
        state_dir, port_base = running.rsplit(":", 1)
        yield RunningCloud(Path(state_dir).name, int(port_base), Path(state_dir))
        return
    with tempfile.TemporaryDirectory(prefix="bellpair-bench-") as state:
        cloud = RunningCloud("bench", free_port_base(), Path(state))
        try:
            print("starting a local cloud …", file=sys.stderr)
            cloud.up()
            yield cloud
        finally:
            cloud.down()


if __name__ == "__main__":
    raise SystemExit(main())
