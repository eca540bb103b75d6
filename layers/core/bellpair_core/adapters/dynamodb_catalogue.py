"""The catalogue in an eventually consistent DynamoDB global table.

A device's snapshots are the items of one partition, ``CALIBRATIONS#<device>``, under their ids and
so in the order of their times. An id says what a snapshot is of and when it was measured, so two
regions that bring the same properties in write the same item, and take the same ones away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bellpair_core.model.calibration import Calibration
from bellpair_core.model.device import Device
from bellpair_core.model.limits import CALIBRATIONS_KEPT
from bellpair_core.model.tenant import Principal, Tenant

from .catalogue_items import CatalogueItems
from .dynamodb_table import ConditionFailed, DynamoDbTable, absent, item_key


class DynamoDbCatalogue:
    """`Catalogue` over the catalogue's table.

    Parameters
    ----------
    device_names
        The devices that the stage offers.
    kept
        How many snapshots of a device stay.
    """

    def __init__(
        self, table: DynamoDbTable, device_names: Sequence[str], kept: int = CALIBRATIONS_KEPT
    ) -> None:
        self._table = table
        self._items = CatalogueItems(table)
        self._device_names = tuple(device_names)
        self._kept = kept

    def principal(self, key_hash: str) -> Principal | None:
        """See `Catalogue.principal`."""
        doc = self._doc(f"KEY#{key_hash}", "KEY")
        return Principal.model_validate_json(doc) if doc else None

    def add_principal(self, key_hash: str, principal: Principal) -> None:
        """See `Catalogue.add_principal`."""
        # The way from the id to the key comes first: no key works that could not be disabled.
        self._put(_key_by_id(principal.tenant, principal.key_id), "KEY", key_hash)
        self._put(f"KEY#{key_hash}", "KEY", principal.model_dump_json())

    def disable_principal(self, tenant: str, key_id: str) -> bool:
        """See `Catalogue.disable_principal`."""
        key_hash = self._doc(_key_by_id(tenant, key_id), "KEY")
        bearer = self.principal(key_hash) if key_hash else None
        if bearer is None:
            return False
        disabled = bearer.model_copy(update={"disabled": True})
        self._put(f"KEY#{key_hash}", "KEY", disabled.model_dump_json())
        return True

    def tenant(self, name: str) -> Tenant | None:
        """See `Catalogue.tenant`."""
        doc = self._doc(f"TENANT#{name}", "TENANT")
        return Tenant.model_validate_json(doc) if doc else None

    def add_tenant(self, tenant: Tenant) -> bool:
        """See `Catalogue.add_tenant`."""
        try:
            self._put(f"TENANT#{tenant.name}", "TENANT", tenant.model_dump_json(), **absent())
        except ConditionFailed:
            return False
        return True

    def put_tenant(self, tenant: Tenant) -> None:
        """See `Catalogue.put_tenant`."""
        self._put(f"TENANT#{tenant.name}", "TENANT", tenant.model_dump_json())

    def devices(self) -> Sequence[Device]:
        """See `Catalogue.devices`."""
        if not self._device_names:
            return []
        keys = [item_key(f"DEVICE#{name}", "DEVICE") for name in self._device_names]
        table = self._table.name
        answer = self._table.read("batch_get_item", RequestItems={table: {"Keys": keys}})
        found = {
            device.name: device
            for item in answer["Responses"].get(table, ())
            for device in [Device.model_validate_json(item["doc"]["S"])]
        }
        return [found[name] for name in self._device_names if name in found]

    def put_device(self, device: Device) -> None:
        """See `Catalogue.put_device`."""
        seen_at = {"S": device.seen_at.isoformat()}
        with suppress(ConditionFailed):
            self._put(
                f"DEVICE#{device.name}",
                "DEVICE",
                device.model_dump_json(),
                {"seen_at": seen_at},
                ConditionExpression="attribute_not_exists(pk) OR seen_at <= :seen_at",
                ExpressionAttributeValues={":seen_at": seen_at},
            )

    def calibrations(self, device: str, limit: int) -> Sequence[Calibration]:
        """See `Catalogue.calibrations`."""
        return [
            Calibration.model_validate_json(item["doc"]["S"])
            for item in self._items.items(_snapshots(device), newest_first=True, limit=limit)
        ]

    def calibration(self, device: str, id: str) -> Calibration | None:
        """See `Catalogue.calibration`."""
        doc = self._doc(_snapshots(device), id)
        return Calibration.model_validate_json(doc) if doc else None

    def put_calibration(self, calibration: Calibration) -> bool:
        """See `Catalogue.put_calibration`."""
        pk = _snapshots(calibration.device)
        key = item_key(pk, calibration.id)
        if not self._items.put(key, {"doc": {"S": calibration.model_dump_json()}}, **absent()):
            return False
        for old in list(self._items.items(pk, newest_first=True))[self._kept :]:
            self._items.delete(item_key(pk, old["sk"]["S"]))
        return True

    def _doc(self, pk: str, sk: str) -> str | None:
        item = self._table.item(pk, sk, consistent=False)
        return item["doc"]["S"] if item else None

    def _put(
        self, pk: str, sk: str, doc: str, more: Mapping[str, Any] | None = None, **parameters: Any
    ) -> None:
        item = {**item_key(pk, sk), "doc": {"S": doc}, **(more or {})}
        self._table.write("put_item", Item=item, **parameters)


def _key_by_id(tenant: str, key_id: str) -> str:
    return f"KEY#ID#{tenant}#{key_id}"


def _snapshots(device: str) -> str:
    return f"CALIBRATIONS#{device}"
