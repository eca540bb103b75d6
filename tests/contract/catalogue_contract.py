"""What every catalogue does; a test class inherits it and gives a fresh ``catalogue``.

The catalogue offers the devices of `DEVICE_NAMES`, in that order, and keeps `SNAPSHOTS_KEPT`
snapshots of each.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.calibration import Calibration, Drift, Medians
from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.tenant import Principal, Role, Tenant
from bellpair_core.ports import Catalogue
from tests.examples import ION_11, NOON, SV1

DEVICE_NAMES = ("sv1", "ion-11")
SNAPSHOTS_KEPT = 5


def snapshot(number: int, **changes: Any) -> Calibration:
    """A snapshot of ion-11; the higher its number, the newer it is."""
    values: dict[str, Any] = {
        "id": f"2026-01-01T12:00:00.{number:06}Z-0a1b2c3d4e5f",
        "device": "ion-11",
        "calibrated_at": NOON,
        "seen_at": NOON,
        "region": "us-east-1",
        "target": BlobRef.within(b"target"),
        "medians": Medians(two_qubit_error=0.01),
        "drift": Drift(baseline=7, edges={"0-1": 2.5}, qubits={3: -0.5}, dead_edges=("1-2",)),
        "notes": ("qubits without T2: 2",),
    }
    return Calibration(**values | changes)


class CatalogueContract:
    """Tenants, keys, devices and their calibrations."""

    def test_a_key_leads_to_its_bearer(self, catalogue: Catalogue) -> None:
        bearer = Principal(tenant="acme", key_id="0a1b2c3d", role=Role.TENANT_ADMIN)

        catalogue.add_principal("e" * 64, bearer)

        assert catalogue.principal("e" * 64) == bearer

    def test_an_unknown_key_leads_nowhere(self, catalogue: Catalogue) -> None:
        assert catalogue.principal("f" * 64) is None

    def test_a_key_is_disabled_by_its_id_and_no_other_is(self, catalogue: Catalogue) -> None:
        bearer = Principal(tenant="acme", key_id="0a1b2c3d", role=Role.USER)
        other = bearer.model_copy(update={"key_id": "ffffffff"})
        catalogue.add_principal("e" * 64, bearer)
        catalogue.add_principal("d" * 64, other)

        assert catalogue.disable_principal("acme", "0a1b2c3d")
        assert catalogue.disable_principal("acme", "0a1b2c3d")

        assert catalogue.principal("e" * 64) == bearer.model_copy(update={"disabled": True})
        assert catalogue.principal("d" * 64) == other

    def test_a_key_is_disabled_for_its_own_tenant_only(self, catalogue: Catalogue) -> None:
        bearer = Principal(tenant="acme", key_id="0a1b2c3d", role=Role.USER)
        catalogue.add_principal("e" * 64, bearer)

        assert not catalogue.disable_principal("blue", "0a1b2c3d")
        assert not catalogue.disable_principal("acme", "ffffffff")
        assert catalogue.principal("e" * 64) == bearer

    def test_a_tenant_is_stored_once(self, catalogue: Catalogue) -> None:
        acme = Tenant(name="acme", created_at=NOON)

        assert catalogue.tenant("acme") is None
        assert catalogue.add_tenant(acme)
        assert not catalogue.add_tenant(acme.model_copy(update={"created_at": NOON.max}))
        assert catalogue.tenant("acme") == acme

    def test_a_tenant_is_stored_anew(self, catalogue: Catalogue) -> None:
        acme = Tenant(name="acme", created_at=NOON)
        catalogue.add_tenant(acme)
        capped = acme.model_copy(update={"max_usd_per_month": 2.5})

        catalogue.put_tenant(capped)

        assert catalogue.tenant("acme") == capped

    def test_devices_come_in_configured_order_once_they_were_seen(
        self, catalogue: Catalogue
    ) -> None:
        assert list(catalogue.devices()) == []

        catalogue.put_device(SV1)
        catalogue.put_device(ION_11)

        assert list(catalogue.devices()) == [SV1, ION_11]

    def test_an_older_sight_of_a_device_changes_nothing(self, catalogue: Catalogue) -> None:
        offline = SV1.model_copy(
            update={"status": DeviceStatus.OFFLINE, "seen_at": SV1.seen_at + timedelta(seconds=1)}
        )
        catalogue.put_device(offline)

        catalogue.put_device(SV1)

        assert list(catalogue.devices()) == [offline]

    def test_a_device_seen_again_is_shown_as_last_seen(self, catalogue: Catalogue) -> None:
        catalogue.put_device(SV1)
        offline = SV1.model_copy(update={"status": DeviceStatus.OFFLINE})

        catalogue.put_device(offline)

        assert list(catalogue.devices()) == [offline]

    def test_snapshots_come_newest_first_and_no_more_than_asked_for(
        self, catalogue: Catalogue
    ) -> None:
        old, newest, middle = snapshot(1), snapshot(3), snapshot(2, refused="no", target=None)
        for one in (old, newest, middle):
            assert catalogue.put_calibration(one)
        catalogue.put_calibration(snapshot(9, device="ion-12"))

        assert list(catalogue.calibrations("ion-11", 9)) == [newest, middle, old]
        assert list(catalogue.calibrations("ion-11", 2)) == [newest, middle]
        assert list(catalogue.calibrations("sv1", 9)) == []

    def test_a_snapshot_is_found_by_its_id(self, catalogue: Catalogue) -> None:
        catalogue.put_calibration(snapshot(1))

        assert catalogue.calibration("ion-11", snapshot(1).id) == snapshot(1)
        assert catalogue.calibration("ion-11", snapshot(2).id) is None
        assert catalogue.calibration("sv1", snapshot(1).id) is None

    def test_a_snapshot_that_is_there_stays_as_it_is(self, catalogue: Catalogue) -> None:
        catalogue.put_calibration(snapshot(1))

        assert not catalogue.put_calibration(snapshot(1, region="us-west-2"))

        assert list(catalogue.calibrations("ion-11", 9)) == [snapshot(1)]

    def test_old_snapshots_give_way(self, catalogue: Catalogue) -> None:
        for number in range(SNAPSHOTS_KEPT + 2):
            catalogue.put_calibration(snapshot(number))

        kept = catalogue.calibrations("ion-11", SNAPSHOTS_KEPT + 2)

        assert len(kept) == SNAPSHOTS_KEPT
        assert kept[-1] == snapshot(2)
