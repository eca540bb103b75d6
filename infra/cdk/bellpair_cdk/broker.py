"""The broker: all that a running function can reach of the platform, for its own job alone."""

from __future__ import annotations

from constructs import Construct

from bellpair_cdk.access import BREAKERS, JOBS, QUALITIES, SLOTS, SPENDING
from bellpair_cdk.function import Workbench


class Broker(Construct):
    """The function that makes quantum calls for others, and writes their journals."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        accesses = bench.accesses
        bench.function(
            self,
            "Broker",
            name="broker",
            layers=("core", "quantum"),
            accesses=[
                accesses.read_ledger(JOBS, BREAKERS, SLOTS, SPENDING, QUALITIES),
                *(accesses.write_jobs(), accesses.write_qualities(), accesses.announce()),
                *(accesses.read_journals(), accesses.write_journals(), accesses.spend()),
                *(accesses.write_breakers(), accesses.hold_slots(), accesses.wake_dispatcher()),
                *(accesses.read_devices_of_catalogue(), accesses.know_devices()),
                *(accesses.read_tenants(), accesses.read_devices()),
                *(accesses.read_blobs(), accesses.write_blobs(), accesses.reuse_forms()),
                *accesses.launch_tasks(),
                *(accesses.follow_tasks(), accesses.cancel_tasks(), accesses.read_results()),
                accesses.be_patient(),
            ],
        )
