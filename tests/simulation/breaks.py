"""Deliberate breaks of the protocol, each of which the simulation must find.

None is in the product: each wraps a port or stands in for a handler of one simulated world.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from bellpair_core.logic.jobs.repair_blobs import repair_marked
from bellpair_core.logic.jobs.submit_job import submit_job
from bellpair_core.logic.tasks.process_result import process_result
from bellpair_core.model.errors import CalibrationSuperseded, DeviceUnavailable, TransientFault
from bellpair_core.model.job import Job, Task
from bellpair_core.model.pair import OperationKind, PairRecord
from bellpair_core.ports.tasks import LaunchRefused

from .functions import HANDLERS, Handler, Process
from .plan import operate
from .wire import CALM
from .world import World

Break = Callable[[World], None]


def stages_do_not_look_at_the_epoch(world: World) -> None:
    """A stage acts for the job as it is now, whoever's it is."""

    def unfenced(handler: Handler) -> Handler:
        def handle(process: Process, event: dict[str, Any]) -> Any:
            job = world.ledger.jobs[event["job_id"]]
            return handler(process, {**event, "epoch": job.epoch, "attempt": job.attempt})

        return handle

    for name in ("transpile", "execute", "postprocess", "finish"):
        world.handlers[name] = unfenced(HANDLERS[name])


def writes_have_no_condition(world: World) -> None:
    """The last writer of a job's record wins."""
    _replace_where(world, lambda old, new: True)


def the_last_write_has_no_condition(world: World) -> None:
    """Whoever ends a job overwrites what is there."""
    _replace_where(world, lambda old, new: new.status.terminal)


def _replace_where(world: World, free: Callable[[Job, Job], bool]) -> None:
    conditional = world.ledger.replace

    def replace(old: Job, new: Job) -> None:
        stored = world.ledger.jobs[old.id]
        conditional(stored if free(old, new) else old, new)

    world.ledger.replace = replace  # type: ignore[method-assign]


def adoption_keeps_the_epoch(world: World) -> None:
    """A job changes hands and nobody is fenced."""
    conditional = world.ledger.replace

    def replace(old: Job, new: Job) -> None:
        conditional(old, new.model_copy(update={"epoch": old.epoch}))

    world.ledger.replace = replace  # type: ignore[method-assign]


def a_launch_runs_anew(world: World) -> None:
    """Each launch has a token of its own, so a repetition makes another task."""
    launches = 0

    def fresh(task: Task, job_id: str) -> str:
        nonlocal launches
        launches += 1
        return f"{task.client_token}-{launches}"

    _with_tokens(world, fresh)


def the_intent_is_not_recorded(world: World) -> None:
    """The token follows from the execution, which another one cannot know."""
    workers_die(world)

    def of_execution(task: Task, job_id: str) -> str:
        return world.ledger.jobs[job_id].execution_name

    _with_tokens(world, of_execution)


def _with_tokens(world: World, token: Callable[[Task, str], str]) -> None:
    for service in world.services.values():

        def launch(task: Task, job_id: str, program: str, inner: Any = service.launch) -> str:
            given = task.model_copy(update={"client_token": token(task, job_id)})
            answer: str = inner(given, job_id, program)
            return answer

        service.launch = launch  # type: ignore[method-assign]


def a_silent_device_is_given_up(world: World) -> None:
    """A launch without an answer sends the job back for a new task."""

    def execute(process: Process, event: dict[str, Any]) -> Any:
        try:
            return HANDLERS["execute"](process, event)
        except TransientFault as fault:
            job = process.ledger.job(event["job_id"])
            if job.task is None or job.attempt != event["attempt"] or job.epoch != event["epoch"]:
                raise
            process.ledger.replace(job, job.sent_back(process.clock(), "no answer"))
            raise DeviceUnavailable("no answer") from fault

    world.handlers["execute"] = execute


def a_form_is_given_up_whatever_was_promised(world: World) -> None:
    """A newer calibration has a job compiled again although it may have a task."""
    calibrations_change(world)

    def execute(process: Process, event: dict[str, Any]) -> Any:
        job = process.ledger.job(event["job_id"])
        if job is not None and job.task is not None and job.task.arn is None and job.compiled:
            newest = {device.name: device.calibration_id for device in process.devices()}
            if newest[job.device_used or job.device] != job.compiled.calibration_id:
                given_up = {"compiled": None, "task": None, "recompiles": job.recompiles + 1}
                process.ledger.replace(job, job.moved(process.clock(), **given_up))
                raise CalibrationSuperseded("it is never too late")
        return HANDLERS["execute"](process, event)

    world.handlers["execute"] = execute


def calibrations_change(world: World) -> None:
    """No break, but the weather in which one shows."""
    random = Random(f"changing calibrations of {world.seed}")
    world.wire.weather = CALM.but(late=0.15)
    for name in ("ion-11", "square-20"):
        world.add_client(name, starts=random.random() * 10, cancels=None)
        for at in range(1, 40):
            world.scheduler.at(
                at + random.random(), partial(world.calibrate, name, random, cramped=False)
            )


def every_refusal_is_taken_for_the_whole_truth(world: World) -> None:
    """A refused launch is withdrawn although an earlier request may have made the task."""
    qpus_come_and_go(world)
    for region in world.regions.values():

        def launch(task: Task, job_id: str, program: str, inner: Any = region.tasks.launch) -> Any:
            try:
                return inner(task, job_id, program)
            except LaunchRefused as refusal:
                raise LaunchRefused(str(refusal), conclusive=True) from refusal

        region.tasks.launch = launch


def qpus_come_and_go(world: World) -> None:
    """No break, but the weather in which one shows."""
    random, scheduler = world.random, world.scheduler
    world.wire.weather = CALM.but(late=0.15)
    for device in ("ion-11", "square-20", "square-20", "any-qpu"):
        world.add_client(device, starts=random.random() * 10, cancels=None)

    def turn(name: str, *, online: bool) -> None:
        if not world.calm:
            (world.bring_online if online else world.take_offline)(name)
            scheduler.after(random.random() * 6, lambda: turn(name, online=not online))

    for name in ("ion-11", "square-20"):
        scheduler.after(random.random() * 6, lambda name=name: turn(name, online=False))  # type: ignore[misc]


def workers_die(world: World) -> None:
    """No break: processes die more often."""
    world.wire.weather = world.wire.weather.but(death=0.06)


def a_planned_change_is_orphaned(world: World) -> None:
    """No break: the region that is to take over is lost in the middle of it."""
    random, scheduler = world.random, world.scheduler
    passive = world.regions[world.ledger.pair_record.passive]
    begins = random.random() * 10
    scheduler.at(begins, lambda: operate(world, OperationKind.SWITCHOVER))
    scheduler.at(begins + random.random() * 5, lambda: world.kill(passive))


def nobody_sweeps(world: World) -> None:
    """A job that was stopped stays where it is."""

    def sweep(process: Process, event: Any) -> Any:
        repair_marked(process.blobs, process.settings.region, process.settings.peer_region)
        return {}

    world.handlers["sweep"] = sweep


def nobody_watches(world: World) -> None:
    """A pause stays when the region that was to end it is lost."""
    a_planned_change_is_orphaned(world)
    world.handlers["sentinel"] = lambda process, event: None


def a_single_copy_is_not_marked(world: World) -> None:
    """Nobody can tell which blobs the other region lacks."""
    for region in world.regions.values():
        region.bucket.marks = _Forgetful()


class _Forgetful(dict[str, None]):
    def update(self, *marks: Any, **more: Any) -> None:
        return


def a_job_is_promised_before_it_is_written(world: World) -> None:
    """The answer goes out while the write is still on its way."""

    class Hasty:
        def __init__(self, process: Process) -> None:
            self._process = process

        def insert(self, job: Job) -> None:
            process = self._process

            def insert() -> None:
                try:
                    process.ledger.insert(job)
                except Exception:
                    return

            process.region.scheduler.spawn(process.region, "insert", insert)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._process.ledger, name)

    def submit(process: Process, request: dict[str, Any]) -> Any:
        return submit_job(
            request["principal"],
            request["submission"],
            request["key"],
            ledger=Hasty(process),
            **_around(process),
        )

    world.handlers["submit"] = submit


def _around(process: Process) -> dict[str, Any]:
    from .functions import spent

    return {
        "blobs": process.blobs,
        "wakeups": process.wakeups,
        "clock": process.clock,
        "region": process.settings.region,
        "trace_id": None,
        "pair": process.pair,
        "devices": process.devices,
        "spent": spent,
    }


def an_event_decides(world: World) -> None:
    """Whoever hears of a finished task keeps its result."""

    def complete(process: Process, detail: dict[str, Any]) -> Any:
        job_id = detail["directory"].split("/")[1]
        job = process.ledger.job(job_id)
        if job is None or job.status.terminal or detail["status"] != "COMPLETED":
            return HANDLERS["complete"](process, detail)
        return process_result(
            job.id,
            job.epoch,
            job.attempt,
            detail["arn"],
            ledger=process.ledger,
            blobs=process.blobs,
            tasks=process.tasks,
            clock=process.clock,
            devices=process.devices,
            breakers=process.breakers,
            renewal=process.renewal,
        )

    world.handlers["complete"] = complete


def a_promotion_has_no_condition(world: World) -> None:
    """The last writer of the pair record wins."""
    conditional = world.ledger.replace_pair

    def replace_pair(old: PairRecord, new: PairRecord) -> None:
        conditional(world.ledger.pair_record, new)

    world.ledger.replace_pair = replace_pair  # type: ignore[method-assign]


def the_passive_region_accepts(world: World) -> None:
    """A region takes itself for the active one, whatever the record says."""
    _believing_itself_active(world, "submit")


def the_passive_region_starts_jobs(world: World) -> None:
    """The dispatcher does not look who is active."""
    _believing_itself_active(world, "dispatch")


def _believing_itself_active(world: World, name: str) -> None:
    def handle(process: Process, event: Any) -> Any:
        read = process.pair

        def pair(*within: float) -> PairRecord:
            record: PairRecord = read(*within)
            mine = process.settings.region
            other = process.settings.peer_region
            return record.model_copy(update={"active": mine, "passive": other})

        process.pair = pair  # type: ignore[assignment]
        try:
            return HANDLERS[name](process, event)
        finally:
            process.pair = read

    world.handlers[name] = handle


BREAKS: tuple[Break, ...] = (
    stages_do_not_look_at_the_epoch,
    writes_have_no_condition,
    the_last_write_has_no_condition,
    adoption_keeps_the_epoch,
    a_launch_runs_anew,
    the_intent_is_not_recorded,
    a_silent_device_is_given_up,
    a_form_is_given_up_whatever_was_promised,
    every_refusal_is_taken_for_the_whole_truth,
    nobody_sweeps,
    nobody_watches,
    a_single_copy_is_not_marked,
    a_job_is_promised_before_it_is_written,
    an_event_decides,
    a_promotion_has_no_condition,
    the_passive_region_accepts,
    the_passive_region_starts_jobs,
)
