"""A catalogue in dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bellpair_core.model.calibration import Calibration
from bellpair_core.model.device import Device
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.limits import CALIBRATIONS_KEPT
from bellpair_core.model.tenant import Principal, Tenant


class MemoryCatalogue:
    """Tenants, keys and devices, without a lag.

    Attributes
    ----------
    reads
        How many reads there were, so that a test can see what a cache spares.
    reachable
        False makes every call a `TransientFault`.
    """

    def __init__(self, devices: Iterable[Device] = (), kept: int = CALIBRATIONS_KEPT) -> None:
        self._devices = {device.name: device for device in devices}
        self._principals: dict[str, Principal] = {}
        self._tenants: dict[str, Tenant] = {}
        self._calibrations: dict[str, list[Calibration]] = {}
        self._kept = kept
        self.reads = 0
        self.reachable = True

    def principal(self, key_hash: str) -> Principal | None:
        """The bearer of the API key with this hash."""
        self._read()
        return self._principals.get(key_hash)

    def add_principal(self, key_hash: str, principal: Principal) -> None:
        """Store a key's bearer under its hash."""
        self._reach()
        self._principals[key_hash] = principal

    def disable_principal(self, tenant: str, key_id: str) -> bool:
        """Disable the tenant's key of this id; False when there is none."""
        self._reach()
        for key_hash, bearer in self._principals.items():
            if (bearer.tenant, bearer.key_id) == (tenant, key_id):
                self._principals[key_hash] = bearer.model_copy(update={"disabled": True})
                return True
        return False

    def tenant(self, name: str) -> Tenant | None:
        """The tenant of this name."""
        self._read()
        return self._tenants.get(name)

    def add_tenant(self, tenant: Tenant) -> bool:
        """Store a new tenant; False when the name is taken."""
        self._reach()
        return self._tenants.setdefault(tenant.name, tenant) is tenant

    def put_tenant(self, tenant: Tenant) -> None:
        """Store a tenant over what is stored of it."""
        self._reach()
        self._tenants[tenant.name] = tenant

    def devices(self) -> Sequence[Device]:
        """Every device, in the order in which they were first put."""
        self._read()
        return tuple(self._devices.values())

    def put_device(self, device: Device) -> None:
        """Store a device as seen now."""
        self._reach()
        stored = self._devices.get(device.name)
        if stored is None or stored.seen_at <= device.seen_at:
            self._devices[device.name] = device

    def calibrations(self, device: str, limit: int) -> Sequence[Calibration]:
        """The newest snapshots of a device, newest first."""
        self._read()
        return tuple(self._calibrations.get(device, ())[:limit])

    def calibration(self, device: str, id: str) -> Calibration | None:
        """The snapshot of this id."""
        self._read()
        kept = self._calibrations.get(device, ())
        return next((one for one in kept if one.id == id), None)

    def put_calibration(self, calibration: Calibration) -> bool:
        """Store a snapshot unless it is there."""
        self._reach()
        kept = self._calibrations.setdefault(calibration.device, [])
        if any(one.id == calibration.id for one in kept):
            return False
        kept.append(calibration)
        kept.sort(key=lambda one: one.id, reverse=True)
        del kept[self._kept :]
        return True

    @property
    def key_hashes(self) -> frozenset[str]:
        """What is stored of the keys."""
        return frozenset(self._principals)

    def _read(self) -> None:
        self.reads += 1
        self._reach()

    def _reach(self) -> None:
        if not self.reachable:
            raise TransientFault("the catalogue cannot be reached")
