"""What the handlers of one process share."""

from __future__ import annotations

from datetime import datetime

from bellpair_core.composition import World
from tests.bad_input import DEVICES
from tests.examples import NOON
from tests.fakes import FakeWorld, MemoryCatalogue, MemoryLedger


class NoonWorld(World):
    """A world in which no time passes."""

    @staticmethod
    def clock() -> datetime:
        """Always noon."""
        return NOON


def test_what_a_process_remembers_is_read_once_for_all_who_ask() -> None:
    world = NoonWorld(FakeWorld().settings)
    ledger = MemoryLedger()
    world.ledger, world.catalogue = ledger, MemoryCatalogue(DEVICES)

    assert world.pair().active == "us-east-1"
    assert not world.breakers("sv1").failures
    before = ledger.reads
    world.pair()
    world.breakers("sv1")

    assert ledger.reads == before
    assert world.devices() is world.devices()
    assert [device.name for device in world.devices()] == [device.name for device in DEVICES]
