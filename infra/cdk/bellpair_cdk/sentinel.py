"""The sentinel: each region gives signs of life, and the passive one watches the active one."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from bellpair_cdk.beat import Beat
from bellpair_cdk.function import Workbench
from bellpair_cdk.jobs_api import GATEWAY_STAGE


class Sentinel(Construct):
    """The sentinel function and its beat, which comes shortly before the last watch ends.

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
                *(accesses.read_ledger(), accesses.find_jobs(), accesses.beat()),
                *(accesses.write_canaries(), accesses.wake_peers_dispatcher()),
                *(accesses.know_devices(), accesses.know_watch(), accesses.start_failover()),
                accesses.know_api(rest_api_id, GATEWAY_STAGE),
            ],
        )
        Beat(self, "Beat", every=Duration.minutes(1), wakes=sentinel.function)
