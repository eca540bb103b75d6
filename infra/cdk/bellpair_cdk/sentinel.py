"""The sentinel: each region gives signs of life, and the passive one watches the active one."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from bellpair_cdk.beat import Beat
from bellpair_cdk.function import Workbench
from bellpair_cdk.jobs_api import GATEWAY_STAGE
from bellpair_cdk.stage import WATCH_SECONDS


class Sentinel(Construct):
    """The sentinel function and its beat, which comes when the last watch ends.

    It may leave beats, try the platform with jobs of its own and start the failover
    machine of its region. It may not promote by itself.

    Parameters
    ----------
    rest_api_id
        The region's own API, which it asks how it is.
    """

    def __init__(self, scope: Construct, id: str, *, bench: Workbench, rest_api_id: str) -> None:
        super().__init__(scope, id)
        accesses = bench.accesses
        sentinel = bench.function(
            self,
            "Sentinel",
            name="sentinel",
            accesses=[
                *(accesses.read_ledger(), accesses.beat(), accesses.write_canaries()),
                *(accesses.know_devices(), accesses.wake_dispatcher()),
                *(accesses.start_failover(), accesses.watch_peer()),
                accesses.know_api(rest_api_id, GATEWAY_STAGE),
            ],
        )
        Beat(self, "Beat", every=Duration.seconds(WATCH_SECONDS), wakes=sentinel.function)
