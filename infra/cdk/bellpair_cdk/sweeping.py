"""Sweeping: jobs that nothing has moved for a while are looked after."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from bellpair_cdk.access import BREAKERS, JOBS, PAIR
from bellpair_cdk.function import Workbench
from bellpair_cdk.timetable import Timetable
from bellpair_core.adapters.ledger_table import OPEN


class Sweeping(Construct):
    """The sweeper and its schedule."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        sweep = bench.function(
            self,
            "Sweep",
            name="sweep",
            accesses=[
                bench.accesses.read_ledger(PAIR, JOBS, BREAKERS),
                bench.accesses.find_jobs(OPEN),
                bench.accesses.write_jobs(),
                bench.accesses.hold_slots(),
                bench.accesses.know_devices(),
                bench.accesses.read_devices(),
                bench.accesses.know_results(),
                bench.accesses.follow_tasks(),
                bench.accesses.cancel_tasks(),
                bench.accesses.read_journals(),
                bench.accesses.read_blobs(),
                bench.accesses.write_blobs(),
                bench.accesses.settle_blobs(),
                bench.accesses.start_jobs(),
                bench.accesses.follow_jobs(),
                bench.accesses.wake_dispatcher(),
                bench.accesses.tell_ends(),
            ],
        )
        Timetable(self, "Timetable", every=Duration.minutes(1), wakes=sweep.callee)
