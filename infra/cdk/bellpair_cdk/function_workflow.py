"""The function workflow: the state machine that takes a function from turn to turn to its end."""

from __future__ import annotations

from pathlib import Path

from constructs import Construct

from bellpair_cdk.access import BREAKERS, JOBS, QUALITIES, SLOTS, SPENDING
from bellpair_cdk.function import PlatformFunction, Workbench
from bellpair_cdk.job_workflow import LIFE
from bellpair_cdk.stage import Stage
from bellpair_cdk.state_machine import state_machine


def numbers(stage: Stage) -> dict[str, int]:
    """Return the times of the definition, in seconds."""
    # Each a little more than Lambda's own limit, which gives the better error.
    return {
        "JobSeconds": int(LIFE.total_seconds()),
        "StageSeconds": max(stage.size(name).timeout for name in ("resume", "park", "finish")) + 30,
        "RunSeconds": max(worker.timeout for worker in stage.workers.values()) + 30,
        "PollSeconds": stage.poll_seconds,
    }


class FunctionWorkflow(Construct):
    """The state machine ``hybrid`` and the functions between two runs.

    Parameters
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
        finish: PlatformFunction,
    ) -> None:
        super().__init__(scope, id)
        names, accesses = bench.names, bench.accesses
        stages = {
            "Resume": bench.function(
                self,
                "Resume",
                name="resume",
                accesses=[
                    accesses.read_ledger(JOBS, BREAKERS, SLOTS, SPENDING, QUALITIES),
                    *(accesses.write_jobs(), accesses.write_qualities(), accesses.announce()),
                    *(accesses.read_journals(), accesses.write_journals()),
                    *(accesses.write_breakers(), accesses.hold_slots()),
                    *(accesses.spend(), accesses.read_tenants()),
                    *(accesses.read_devices_of_catalogue(), accesses.know_devices()),
                    *(accesses.read_blobs(), accesses.write_blobs(), accesses.read_devices()),
                    *accesses.launch_tasks(),
                    *(accesses.follow_tasks(), accesses.cancel_tasks(), accesses.read_results()),
                    *(accesses.know_workers(), accesses.start_turns(), accesses.wake_dispatcher()),
                ],
            ),
            "Park": bench.function(
                self,
                "Park",
                name="park",
                accesses=[
                    *(accesses.read_ledger(JOBS), accesses.write_jobs()),
                    *(accesses.read_journals(), accesses.note_tasks()),
                    *(accesses.follow_tasks(), accesses.answer_turns()),
                    # A function that waits leaves its place to another.
                    *(accesses.hold_slots(), accesses.wake_dispatcher()),
                ],
            ),
            "Finish": finish,
        }
        self.state_machine = state_machine(
            self,
            name=names.hybrid_machine,
            names=names,
            definition=definition,
            numbers=numbers(names.stage),
            functions=stages,
            also_calls=names.worker_arns,
            # What goes in and out is the tenant's; the log tells the course only.
            log_data=False,
        )
