"""Sweeping: jobs that nothing has moved for a while are looked after."""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from bellpair_cdk.access import Accesses
from bellpair_cdk.beat import Beat
from bellpair_cdk.function import PlatformFunction, SharedLayers, Workshop
from bellpair_cdk.names import Names


class Sweeping(Construct):
    """The sweeper and its beat."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        workshop: Workshop,
        layers: SharedLayers,
        accesses: Accesses,
    ) -> None:
        super().__init__(scope, id)
        sweep = PlatformFunction(
            self,
            "Sweep",
            name="sweep",
            names=names,
            workshop=workshop,
            layers=[layers["core"]],
            accesses=[
                accesses.write_ledger(),
                accesses.know_devices(),
                accesses.follow_tasks(),
                accesses.cancel_tasks(),
                accesses.know_results(),
                accesses.start_jobs(),
                accesses.follow_jobs(),
                accesses.answer_jobs(),
                accesses.wake_dispatcher(),
            ],
        )
        Beat(self, "Beat", every=Duration.minutes(1), wakes=sweep.function)
