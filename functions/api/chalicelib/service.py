"""What the views use."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.composition import World
from bellpair_core.logic.tenants.authenticate import Authenticator


class Service:
    """The world, and who is calling.

    Attributes
    ----------
    bearer_of
        Finds the bearer of an ``Authorization`` header.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        # Built now, as a process that starts has more CPU than one that answers.
        self._ready = (world.pair, world.devices, world.breakers)
        self.bearer_of = Authenticator(world.catalogue, world.clock)


Services = Callable[[], Service]
"""Gives the process's one `Service`, building it at the first call."""
