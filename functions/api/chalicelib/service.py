"""What the views use."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.composition import World
from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.recent import Recent
from bellpair_core.logic.tenants.authenticate import Authenticator


class Service:
    """The world, and what a warm process remembers of it.

    Attributes
    ----------
    pair, devices, breakers
        The pair record, the devices and what is held against them, a little old at most.
    bearer_of
        Finds the bearer of an ``Authorization`` header.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.pair = Recent(world.ledger.pair, world.clock)
        self.devices = Recent(world.catalogue.devices, world.clock)
        self.breakers = Breakers(world.ledger, world.clock)
        self.bearer_of = Authenticator(world.catalogue, world.clock)


Services = Callable[[], Service]
"""Gives the process's one `Service`, building it at the first call."""
