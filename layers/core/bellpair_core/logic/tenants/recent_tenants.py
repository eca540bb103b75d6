"""Tenants as a warm process knows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bellpair_core.logic.recent import Recent
from bellpair_core.model.tenant import Tenant
from bellpair_core.ports import Clock

_OLD_S = 60.0


class RecentTenants:
    """Reads a tenant again once what is known of it is a minute old.

    Parameters
    ----------
    read
        Reads a tenant by its name.
    clock
        Tells how old what was read is.
    """

    def __init__(self, read: Callable[[str], Tenant | None], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[str, Recent[Tenant | None]] = {}

    def __call__(self, name: str) -> Tenant | None:
        """The tenant, a minute old at most."""
        if name not in self._known:
            self._known[name] = Recent(partial(self._read, name), self._clock)
        return self._known[name](_OLD_S)
