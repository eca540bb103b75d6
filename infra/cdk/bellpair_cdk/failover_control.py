"""Failover control: the state machine by which the pair's active region changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from constructs import Construct

from bellpair_cdk.access import BEATS, BREAKERS, JOBS, PAIR
from bellpair_cdk.function import Workbench
from bellpair_cdk.stage import Stage
from bellpair_cdk.state_machine import state_machine
from bellpair_core.adapters.ledger_table import OPEN

_LIFE = timedelta(hours=2)
"""How long one operation may take: the longest drain, and the adoption of very many jobs."""

_STEP_SECONDS = 10
"""When a step that hangs is asked anew. Each is a few single-item calls; that an abandoned one
may still come to its end is harmless, since every write is conditional."""


def numbers(stage: Stage) -> dict[str, int]:
    """Return the times of the definition, in seconds."""
    return {
        "OperationSeconds": int(_LIFE.total_seconds()),
        "StepSeconds": _STEP_SECONDS,
        # A little more than Lambda's own limit, which gives the better error.
        "DevicesSeconds": stage.size("failover").timeout + 5,
        "AdoptSeconds": stage.size("adopt").timeout + 5,
    }


class FailoverControl(Construct):
    """The state machine ``failover`` and its functions.

    The function ``failover`` is the only one that may write the pair record.
    """

    def __init__(self, scope: Construct, id: str, *, bench: Workbench, definition: Path) -> None:
        super().__init__(scope, id)
        names, accesses = bench.names, bench.accesses
        functions = {
            "Failover": bench.function(
                self,
                "Failover",
                name="failover",
                accesses=[
                    *(accesses.read_ledger(PAIR, BEATS, BREAKERS), accesses.find_jobs(OPEN)),
                    *(accesses.write_pair(), accesses.write_breakers()),
                    *(accesses.know_devices(), accesses.read_devices()),
                    *(accesses.wake_dispatcher(), accesses.announce(), accesses.know_watch()),
                ],
            ),
            "Adopt": bench.function(
                self,
                "Adopt",
                name="adopt",
                accesses=[
                    *(accesses.read_ledger(PAIR, JOBS), accesses.find_jobs(OPEN)),
                    accesses.write_jobs(),
                    *(accesses.start_jobs(), accesses.wake_dispatcher()),
                ],
            ),
        }
        self.state_machine = state_machine(
            self,
            name=names.failover_machine,
            names=names,
            definition=definition,
            numbers=numbers(names.stage),
            functions=functions,
            # Nothing of a tenant's goes through it, and who asked for what is to be found.
            log_data=True,
        )
