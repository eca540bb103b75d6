"""What drills take for granted of the local cloud's stage is what its configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellpair_cdk.stage import Stage, load
from bellpair_local.drills.device_drills import QPUS
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.readiness import COOL_DOWN_SECONDS
from bellpair_local.drills.rehearsal import WARM_UP_DEVICES

CONFIGURATION = Path(__file__).parents[3] / "samplesconfig.toml"
ANY = {"any", "any-qpu"}


@pytest.fixture(scope="module")
def stage() -> Stage:
    """The stage that a local cloud is deployed as."""
    return load("local", CONFIGURATION)


def test_the_qpus_are_the_devices_that_have_a_region(stage: Stage) -> None:
    assert set(QPUS) == {name for name, device in stage.devices.items() if device.region}


def test_a_drill_waits_until_a_sentinel_may_promote_again(stage: Stage) -> None:
    assert stage.sentinel.cool_down_seconds < COOL_DOWN_SECONDS


def test_drills_submit_to_devices_that_there_are(stage: Stage) -> None:
    asked = {request.device for request in Plan(200, 5.0, 7).requests("run")}
    assert (asked | set(WARM_UP_DEVICES)) - ANY <= set(stage.devices)
