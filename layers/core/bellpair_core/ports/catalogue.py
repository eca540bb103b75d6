"""Tenants, API keys and devices: the eventually consistent table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bellpair_core.model.calibration import Calibration
from bellpair_core.model.device import Device
from bellpair_core.model.tenant import Principal, Tenant


class Catalogue(Protocol):
    """What changes seldom and may be seen about a second late in the other region."""

    def principal(self, key_hash: str) -> Principal | None:
        """The bearer of the API key with this hash."""
        ...

    def add_principal(self, key_hash: str, principal: Principal) -> None:
        """Store a key's bearer under its hash; the key itself is never stored."""
        ...

    def disable_principal(self, tenant: str, key_id: str) -> bool:
        """Disable the tenant's key of this id; False when there is none."""
        ...

    def tenant(self, name: str) -> Tenant | None:
        """The tenant of this name."""
        ...

    def add_tenant(self, tenant: Tenant) -> bool:
        """Store a new tenant; False, and nothing stored, when the name is taken."""
        ...

    def put_tenant(self, tenant: Tenant) -> None:
        """Store a tenant over what is stored of it."""
        ...

    def devices(self) -> Sequence[Device]:
        """Every device that this stage offers and that has been seen, in configured order."""
        ...

    def put_device(self, device: Device) -> None:
        """Store a device as seen, unless it was seen later already."""
        ...

    def calibrations(self, device: str, limit: int) -> Sequence[Calibration]:
        """The newest snapshots of a device, newest first, refused ones among them.

        Parameters
        ----------
        limit
            How many at most.
        """
        ...

    def calibration(self, device: str, id: str) -> Calibration | None:
        """The snapshot of this id."""
        ...

    def put_calibration(self, calibration: Calibration) -> bool:
        """Store a snapshot unless it is there; False, and nothing stored, when it is.

        The oldest of its device give way, so that `CALIBRATIONS_KEPT` remain.
        """
        ...
