"""The sentinel: each region gives signs of life, and the passive one watches the active one."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from bellpair_cdk.access import BEATS, BREAKERS, CANARIES, PAIR
from bellpair_cdk.function import Workbench
from bellpair_cdk.jobs_api import GATEWAY_STAGE
from bellpair_cdk.timetable import Timetable
from bellpair_core.adapters.ledger_table import OPEN


class Sentinel(Construct):
    """The sentinel function and its schedule, which wakes it shortly before the last watch ends.

    It may leave beats (signs of life), try the platform with jobs of its own and start the failover
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
                *(accesses.read_ledger(PAIR, BEATS, BREAKERS, CANARIES), accesses.find_jobs(OPEN)),
                *(accesses.beat(), accesses.write_canaries(), accesses.wake_peers_dispatcher()),
                *(accesses.know_devices(), accesses.know_watch(), accesses.start_failover()),
                accesses.know_api(rest_api_id, GATEWAY_STAGE),
            ],
        )
        Timetable(self, "Timetable", every=Duration.minutes(1), wakes=sentinel.callee)
