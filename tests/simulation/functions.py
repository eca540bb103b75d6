"""The functions' handlers, as thin as those under ``functions/``, over a region's ports.

A `Process` is one warm execution environment: what it remembers of the pair and of the devices
may be old, as in Lambda, and is gone when it dies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.jobs.adopt_jobs import adopt_jobs
from bellpair_core.logic.jobs.cancel_job import cancel_job
from bellpair_core.logic.jobs.dispatch_jobs import dispatch_jobs, queues_of
from bellpair_core.logic.jobs.finish_job import finish_job
from bellpair_core.logic.jobs.repair_blobs import repair_marked
from bellpair_core.logic.jobs.submit_job import submit_job
from bellpair_core.logic.jobs.sweep_jobs import sweep_jobs
from bellpair_core.logic.pair.failover_steps import FailoverSteps
from bellpair_core.logic.pair.health import health
from bellpair_core.logic.pair.keep_watch import keep_watch
from bellpair_core.logic.pair.operate_pair import PairChange, operate_pair
from bellpair_core.logic.pair.watch_peer import Watch, probe
from bellpair_core.logic.recent import Recent
from bellpair_core.logic.runs.broker import Broker
from bellpair_core.logic.runs.call_desk import CallDesk
from bellpair_core.logic.runs.quantum_call import CallPlanner
from bellpair_core.logic.runs.resume_function import Resumption
from bellpair_core.logic.runs.spending import Spending
from bellpair_core.logic.tasks.compile_job import compile_job
from bellpair_core.logic.tasks.launch_task import launch_task
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.logic.tasks.process_result import process_result
from bellpair_core.logic.tasks.renewal import Renewal
from bellpair_core.logic.tasks.task_changed import task_changed
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.pair import Order
from bellpair_core.model.usage import Usage
from bellpair_core.ports import TaskStatus
from tests.fakes import FakeCompiler, FakeIngestions

from .function_stages import FUNCTION_HANDLERS

if TYPE_CHECKING:
    from .region import Region

NOTHING = Usage()
LOOK_SECONDS = 0.7
PATIENCE_SECONDS = 2.0
"""How often, and for how long, a function's call is looked at before the function is suspended."""


def spent() -> Usage:
    """What an invocation consumed: nothing that matters here."""
    return NOTHING


class Process:
    """One execution environment of one region's functions."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.settings = region.settings
        self.ledger = region.ledger
        self.journal = region.journal
        self.blobs = region.blobs
        self.tasks = region.tasks
        self.workflows = region.workflows
        self.wakeups = region.wakeups
        self.clock = region.clock
        self.pair = Recent(self.ledger.pair, self.clock)
        self.devices = Recent(region.catalogue.devices, self.clock)
        self.breakers = Breakers(self.ledger, self.clock)
        self.watch = Watch(self.settings.sentinel)
        self.forms = FormMaker(FakeCompiler(), region.forms, self.blobs)

    @cached_property
    def renewal(self) -> Renewal:
        """What asks devices for their calibrations out of turn: they have no newer ones."""
        catalogue = self.region.catalogue
        known = {device.name: device.calibration_id for device in catalogue.devices()}
        return Renewal(
            FakeIngestions(known.get), catalogue.devices, self.blobs, self.clock, self.settings
        )

    @cached_property
    def desk(self) -> CallDesk:
        """What looks after functions' calls."""
        return CallDesk(
            self.ledger,
            self.blobs,
            self.tasks,
            self.wakeups,
            self.clock,
            self.settings,
            self.devices,
            self.breakers,
            threads=1,
        )

    @cached_property
    def spending(self) -> Spending:
        """What holds functions to their caps."""
        return Spending(self.journal, self.clock, self.region.world.tenant)

    @cached_property
    def broker(self) -> Broker:
        """What answers functions' runs."""
        return Broker(
            ledger=self.ledger,
            journal=self.journal,
            blobs=self.blobs,
            clock=self.clock,
            settings=self.settings,
            planner=CallPlanner(
                self.blobs, self.clock, self.settings, self.devices, self.breakers, self.forms
            ),
            desk=self.desk,
            spending=self.spending,
            # Looking more often would only cost steps.
            pause=lambda seconds: self.region.scheduler.sleep(max(seconds, LOOK_SECONDS)),
            patience_s=PATIENCE_SECONDS,
        )

    @cached_property
    def resumption(self) -> Resumption:
        """What says what comes next for a function."""
        return Resumption(
            ledger=self.ledger,
            journal=self.journal,
            workflows=self.workflows,
            clock=self.clock,
            settings=self.settings,
            desk=self.desk,
            spending=self.spending,
            new_ticket=self.region.world.new_ticket,
        )


Handler = Callable[[Process, Any], Any]


def submit(process: Process, request: dict[str, Any]) -> Any:
    """POST /v1/jobs"""
    return submit_job(
        request["principal"],
        request["submission"],
        request["key"],
        ledger=process.ledger,
        blobs=process.blobs,
        wakeups=process.wakeups,
        clock=process.clock,
        region=process.settings.region,
        trace_id=None,
        pair=process.pair,
        devices=process.devices,
        spent=spent,
    )


def cancel(process: Process, request: dict[str, Any]) -> Any:
    """DELETE /v1/jobs/{id}"""
    return cancel_job(
        request["principal"],
        request["job_id"],
        ledger=process.ledger,
        tasks=lambda: process.tasks,
        clock=process.clock,
        region=process.settings.region,
        pair=process.pair,
        spent=spent,
        journal=lambda: process.journal,
    )


def operate(process: Process, request: dict[str, Any]) -> Any:
    """POST /v1/pair/{kind}"""
    return operate_pair(
        request["principal"],
        request["kind"],
        PairChange(reason="simulated", drain_seconds=request["drain_seconds"]),
        ledger=process.ledger,
        operations=process.region.operations,
        clock=process.clock,
        settings=process.settings,
        token=lambda: str(request["token"]),
    )


def ask_health(process: Process, request: dict[str, Any]) -> Any:
    """GET /v1/health"""
    return health(process.ledger, process.settings.region)


def transpile(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/transpile``."""
    return compile_job(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        ledger=process.ledger,
        devices=process.devices,
        breakers=process.breakers,
        newest=process.region.catalogue.devices,
        blobs=process.blobs,
        clock=process.clock,
        forms=process.forms,
        spent=spent,
    )


def execute(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/execute``."""
    launch_task(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event["task_token"],
        ledger=process.ledger,
        blobs=process.blobs,
        tasks=process.tasks,
        workflows=process.workflows,
        clock=process.clock,
        settings=process.settings,
        devices=process.devices,
        breakers=process.breakers,
        renewal=process.renewal,
        spent=spent,
    )
    return {}


def postprocess(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/postprocess``."""
    return process_result(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event["task_arn"],
        ledger=process.ledger,
        blobs=process.blobs,
        tasks=process.tasks,
        clock=process.clock,
        devices=process.devices,
        breakers=process.breakers,
        renewal=process.renewal,
    )


def finish(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/finish``."""
    status = finish_job(
        event["job_id"],
        event["epoch"],
        event["attempt"],
        event.get("error"),
        NOTHING,
        ledger=process.ledger,
        tasks=process.tasks,
        wakeups=process.wakeups,
        clock=process.clock,
        settings=process.settings,
        journal=process.journal,
    )
    return {"status": status}


def complete(process: Process, detail: dict[str, Any]) -> Any:
    """As ``functions/complete``."""
    return task_changed(
        process.ledger,
        process.workflows,
        process.journal,
        process.settings.region,
        detail["arn"],
        TaskStatus(detail["status"]),
        detail["bucket"],
        detail["directory"],
        process.settings.result_buckets.values(),
        spent,
    )


def dispatch(process: Process, messages: list[dict[str, str]]) -> Any:
    """As ``functions/dispatch``."""
    return dispatch_jobs(
        ledger=process.ledger,
        journal=process.journal,
        workflows=process.workflows,
        clock=process.clock,
        region=process.settings.region,
        pair=process.pair,
        devices=process.devices,
        breakers=process.breakers,
        spent=spent,
        queues=queues_of(messages),
    )


def sweep(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/sweep``."""
    done = sweep_jobs(
        ledger=process.ledger,
        tasks=process.tasks,
        workflows=process.workflows,
        wakeups=process.wakeups,
        clock=process.clock,
        settings=process.settings,
        journal=process.journal,
    )
    repair_marked(process.blobs, process.settings.region, process.settings.peer_region)
    if done["failed"]:
        raise TransientFault(f"{done['failed']} jobs could not be looked after")
    return done


def adopt(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/adopt``."""
    return adopt_jobs(
        event["shard"],
        event["epoch"],
        ledger=process.ledger,
        workflows=process.workflows,
        wakeups=process.wakeups,
        clock=process.clock,
        region=process.settings.region,
    )


def failover(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/failover``."""
    steps = FailoverSteps(
        process.ledger,
        process.wakeups,
        process.clock,
        process.settings,
        peers=lambda: process.region.peers,
        tasks=lambda: process.tasks,
        announcements=lambda: process.region.announcements,
    )
    order = Order.model_validate(event["operation"])
    return steps.take(event["step"], order, event.get("result") or {})


def sentinel(process: Process, event: dict[str, Any]) -> Any:
    """As ``functions/sentinel``."""
    region = process.region
    return keep_watch(
        process.watch,
        lambda: probe(
            process.watch,
            ledger=process.ledger,
            peers=region.peers,
            operations=region.operations,
            wakeups=region.peer_wakeups,
            clock=process.clock,
            monotonic=region.monotonic,
            at_once=region.at_once,
            settings=process.settings,
        ),
        process.settings.sentinel,
        remaining_s=80.0,
        monotonic=region.monotonic,
        sleep=region.scheduler.sleep,
        heard=lambda seen: region.history.note("watched", f"{seen.verdict} {seen.held_back}"),
    )


HANDLERS: dict[str, Handler] = {
    **FUNCTION_HANDLERS,
    "submit": submit,
    "cancel": cancel,
    "health": ask_health,
    "operate": operate,
    "transpile": transpile,
    "execute": execute,
    "postprocess": postprocess,
    "finish": finish,
    "complete": complete,
    "dispatch": dispatch,
    "sweep": sweep,
    "adopt": adopt,
    "failover": failover,
    "sentinel": sentinel,
}

SHARED = dict.fromkeys(("submit", "invoke", "cancel", "go-on", "health", "operate"), "api")
"""Which handlers are one function, whose processes they share."""
