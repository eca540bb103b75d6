"""Watching devices: their state and calibrations are brought into the catalogue."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from bellpair_cdk.access import Accesses
from bellpair_cdk.beat import Beat
from bellpair_cdk.function import PlatformFunction, SharedLayers, Workshop
from bellpair_cdk.names import Names
from bellpair_cdk.task_watch import DEVICE_CHANGED, SOURCE


class DeviceWatch(Construct):
    """The calibration function, woken when a device changes and by a beat."""

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
        calibration = PlatformFunction(
            self,
            "Calibration",
            name="calibration",
            names=names,
            workshop=workshop,
            layers=[layers["core"]],
            accesses=[
                accesses.read_devices(),
                accesses.know_devices(),
                accesses.know_results(),
                accesses.read_catalogue(),
                accesses.write_catalogue("DEVICE#*", "CALIBRATION#*"),
                accesses.write_blobs(),
            ],
        )
        events.Rule(
            self,
            "DeviceChanged",
            description="A Braket device went on- or offline",
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=DEVICE_CHANGED),
            targets=[targets.LambdaFunction(calibration.function, retry_attempts=2)],
        )
        every = Duration.minutes(names.stage.calibration_minutes)
        Beat(self, "Beat", every=every, wakes=calibration.function)
