"""The job workflow: the state machine that takes one job from its claim to its end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from constructs import Construct

from bellpair_cdk.access import BREAKERS, JOBS, QUALITIES, Access
from bellpair_cdk.function import PlatformFunction, Workbench
from bellpair_cdk.stage import Stage
from bellpair_cdk.state_machine import state_machine
from bellpair_core.model.limits import JOB_DEADLINE

_SLACK = timedelta(hours=1)
"""How much longer an execution lives than its job's deadline, so that it can end the job."""

LIFE = JOB_DEADLINE + _SLACK
"""How long an execution may live."""


def numbers(stage: Stage) -> dict[str, int]:
    """Return the times and counts of the definition, in seconds and attempts."""
    life = int(LIFE.total_seconds())
    slowest = max(stage.size(name).timeout for name in ("transpile", "postprocess", "finish"))
    return {
        "JobSeconds": life,
        # A little more than Lambda's own limit, which gives the better error.
        "StageSeconds": slowest + 30,
        "PollSeconds": stage.poll_seconds,
        "PollAttempts": life // stage.poll_seconds,
    }


class JobWorkflow(Construct):
    """The state machine ``job`` and the functions of its stages.

    Attributes
    ----------
    finish
        The function that ends every job.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bench: Workbench,
        definition: Path,
    ) -> None:
        super().__init__(scope, id)
        names, accesses = bench.names, bench.accesses
        stage = names.stage

        def function(id: str, name: str, *granted: Access, heavy: bool = False) -> PlatformFunction:
            layers = ("core", "quantum") if heavy else ("core",)
            return bench.function(self, id, name=name, accesses=granted, layers=layers)

        stages = {
            "Transpile": function(
                "Transpile",
                "transpile",
                accesses.read_ledger(JOBS, BREAKERS),
                accesses.write_jobs(),
                accesses.read_devices_of_catalogue(),
                accesses.know_devices(),
                accesses.reuse_forms(),
                accesses.read_blobs(),
                accesses.write_blobs(),
                heavy=True,
            ),
            "Execute": function(
                "Execute",
                "execute",
                accesses.read_ledger(JOBS, BREAKERS),
                accesses.write_jobs(),
                accesses.write_breakers(),
                accesses.read_devices_of_catalogue(),
                accesses.know_devices(),
                accesses.read_blobs(),
                accesses.answer_jobs(),
                accesses.read_devices(),
                accesses.ask_for_ingestion(),
                *accesses.launch_tasks(),
                accesses.follow_tasks(),
                accesses.cancel_tasks(),
            ),
            "PostProcess": function(
                "PostProcess",
                "postprocess",
                accesses.read_ledger(JOBS, BREAKERS, QUALITIES),
                accesses.write_jobs(),
                accesses.write_breakers(),
                accesses.write_qualities(),
                accesses.announce(),
                accesses.read_devices_of_catalogue(),
                accesses.know_devices(),
                accesses.read_blobs(),
                accesses.write_blobs(),
                accesses.follow_tasks(),
                accesses.read_results(),
                accesses.ask_for_ingestion(),
            ),
            "Finish": function(
                "Finish",
                "finish",
                accesses.read_ledger(JOBS),
                accesses.write_jobs(),
                accesses.hold_slots(),
                accesses.know_devices(),
                accesses.know_results(),
                accesses.cancel_tasks(),
                accesses.wake_dispatcher(),
                accesses.read_journals(),
                accesses.write_journals(),
                accesses.tell_ends(),
            ),
        }
        self.finish = stages["Finish"]
        self.state_machine = state_machine(
            self,
            name=names.state_machine,
            names=names,
            definition=definition,
            numbers=numbers(stage),
            functions=stages,
            # What goes in and out is the tenant's; the log tells the course only.
            log_data=False,
        )
