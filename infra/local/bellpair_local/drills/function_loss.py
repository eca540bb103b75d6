"""A region lost in the middle of a function's loop, which must go on in the other one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bellpair import Client
from bellpair.errors import BellpairError
from bellpair.job import Job
from bellpair_local import outages
from bellpair_local.assembly import repository
from bellpair_local.drills.awaiting import settle
from bellpair_local.drills.function_account import FunctionRun, LostRun
from bellpair_local.drills.load import submitted
from bellpair_local.drills.records import Invoked, Request, Submission
from bellpair_local.drills.region_drills import bring_back, kill_active
from bellpair_local.drills.rehearsal import Rehearsal
from bellpair_local.failures import LocalCloudError

RUN_SECONDS = 300.0
"""So long a run may take. One that goes on in another region waits for its first sweep."""
BEFORE_LOSS = 1 / 3
"""Of the calls of the undisturbed run, the part that is made before the region is lost."""
QUICK_SECONDS = 3.0
LOOK_SECONDS = 0.05
DRAWS = "let simulators draw as before"


class NoSuchExample(LocalCloudError):
    """There is no function of this name among the examples."""


def example(name: str) -> Path:
    """The file of an example, by its function's name.

    Raises
    ------
    NoSuchExample
        If there is none.
    """
    folder = repository() / "examples" / "functions"
    files = {
        file.stem.replace("_", "-"): file
        for file in sorted(folder.glob("*.py"))
        if "@quantum_function" in file.read_text()
    }
    if name in files:
        return files[name]
    raise NoSuchExample(
        f"There is no example {name!r}.", f"Choose a function of {folder}: {', '.join(files)}."
    )


def lose_region_during(name: str) -> Callable[[Rehearsal], None]:
    """The drill that runs this example undisturbed, runs it again, and kills its region then."""
    file = example(name)

    def hold(drill: Rehearsal) -> None:
        drill.observe()
        simulators = _draw_by_program(drill)
        with drill.site.client(drill.plan.chance("function"), lambda error, pause: None) as client:
            deployed = client.deploy_function(file)
            drill.tell(f"running {deployed.name} undisturbed")
            reference = _undisturbed(drill, client, deployed.name)
            drill.begin()
            drill.leave_out(reference.job_id)
            job = _invoked(drill, client, deployed.name)
            calls = _until_calls(drill, job, round(reference.calls * BEFORE_LOSS))
            region, lost_at = kill_active(drill)
            run = _finished(drill, job)
        drill.lost_run = LostRun(
            deployed.name, reference, run, region, lost_at, calls, frozenset(simulators)
        )
        drill.until_submitted()
        drill.waiting_at_loss = settle(drill)
        drill.mark(f"only what waits for {region} is left: {drill.waiting_at_loss} jobs")
        bring_back(drill, region)

    return hold


def _draw_by_program(drill: Rehearsal) -> list[str]:
    """Have simulators give a program the same counts whenever and wherever it runs."""
    cloud = drill.site.cloud
    simulators = drill.simulators()
    before = {name: outages.device(cloud, name) for name in simulators}

    def as_before() -> None:
        for name, homes in before.items():
            for region, told in homes.items():
                kept = {"sampling": told["sampling"], "seed": told["seed"]}
                outages.device(cloud, name, region=region, **kept)

    drill.breaks(DRAWS, as_before)
    for name in simulators:
        outages.device(cloud, name, sampling="by-program", seed=drill.plan.seed)
    return simulators


def _undisturbed(drill: Rehearsal, client: Client, name: str) -> FunctionRun:
    """Run it to its end.

    Raises
    ------
    BellpairError
        If it fails, or takes too long.
    """
    job = submitted(client, _request(drill, name, "undisturbed"))
    history = job.output(RUN_SECONDS).get("history")
    drill.tell(f"{job.record.calls} calls, {len(history or ())} steps")
    return FunctionRun(job.id, history, job.record.calls or 0)


def _invoked(drill: Rehearsal, client: Client, name: str) -> Job:
    """Invoke it once more, as a part of the account."""
    made = Submission(_request(drill, name, "lost"), began=time.time())
    job = submitted(client, made.request)
    made.job_id, made.region, made.epoch = job.id, job.record.region, job.record.epoch
    made.acked_at = time.time()
    drill.load.include(made)
    drill.mark(f"{name} begins")
    return job


def _request(drill: Rehearsal, name: str, run: str) -> Request:
    seed = drill.plan.seed
    key = f"{drill.site.run}-{seed}-{name}-{run}"
    return Request(-1, key, "", 0, "", Invoked(name, seed))


def _until_calls(drill: Rehearsal, job: Job, calls: int) -> int:
    """Wait until the run has made so many calls, or is over; how many it has made."""
    drill.tell(f"the region is lost after {calls} calls")
    deadline = time.monotonic() + RUN_SECONDS
    while not job.finished and (job.record.calls or 0) < calls and time.monotonic() < deadline:
        drill.progress(f"{job.record.calls or 0} calls")
        time.sleep(LOOK_SECONDS)
        job.refresh(QUICK_SECONDS)
    return job.record.calls or 0


def _finished(drill: Rehearsal, job: Job) -> FunctionRun:
    """Wait for the run's end in the other region; how it ended is for the account to tell."""
    history = None
    try:
        output = job.output(RUN_SECONDS, lambda job: drill.progress(f"{job.record.calls} calls"))
        history = output.get("history")
    except BellpairError as error:
        drill.mark(f"the function did not finish: {error}")
    else:
        drill.mark("the function is finished")
    return FunctionRun(job.id, history, job.record.calls or 0)
