"""Watching devices: they are brought into the catalogue, and tried where an operator pays."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from bellpair_cdk.access import BREAKERS, MIRRORS, PAIR, QUALITIES
from bellpair_cdk.function import Workbench
from bellpair_cdk.task_watch import DEVICE_CHANGED, SOURCE
from bellpair_cdk.timetable import Timetable


class DeviceWatch(Construct):
    """The calibration function, woken when a device changes and by a schedule."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        calibration = bench.function(
            self,
            "Calibration",
            name="calibration",
            accesses=[
                bench.accesses.read_ledger(QUALITIES),
                bench.accesses.read_devices(),
                bench.accesses.know_devices(),
                bench.accesses.read_devices_of_catalogue(),
                bench.accesses.write_devices_of_catalogue(),
                bench.accesses.read_calibrations(),
                bench.accesses.keep_calibrations(),
                bench.accesses.read_blobs(),
                bench.accesses.write_blobs(),
            ],
        )
        events.Rule(
            self,
            "DeviceChanged",
            description="A Braket device went on- or offline",
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=DEVICE_CHANGED),
            targets=[targets.LambdaFunction(calibration.callee, retry_attempts=2)],
        )
        every = Duration.minutes(bench.names.stage.calibration_minutes)
        Timetable(self, "Timetable", every=every, wakes=calibration.callee)


class DeviceTrial(Construct):
    """What leaves circuits with a known answer for QPUs; without a schedule unless it is paid."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        observe = bench.function(
            self,
            "Observe",
            name="observe",
            accesses=[
                bench.accesses.read_ledger(PAIR, BREAKERS, MIRRORS),
                bench.accesses.write_mirrors(),
                bench.accesses.read_devices_of_catalogue(),
                bench.accesses.know_devices(),
                bench.accesses.wake_dispatcher(),
                bench.accesses.try_devices(),
            ],
        )
        if quality := bench.names.stage.quality:
            every = Duration.minutes(quality.minutes)
            Timetable(self, "Timetable", every=every, wakes=observe.callee)
