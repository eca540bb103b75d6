"""The catalogue in an eventually consistent DynamoDB global table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.device import Device
from bellpair_core.model.tenant import Principal, Tenant

from .aws import client, error_code, table_faults
from .meter import Meter


class DynamoDbCatalogue:
    """`Catalogue` over one table.

    Parameters
    ----------
    table
        The table's name; the same in both regions.
    region
        The region whose replica is used.
    device_names
        The devices that the stage offers.
    meter
        Counts consumed units.
    """

    def __init__(self, table: str, region: str, device_names: Sequence[str], meter: Meter) -> None:
        self._table = table
        self._device_names = tuple(device_names)
        self._meter = meter
        self._dynamodb = client("dynamodb", region)

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
            self._put(
                f"TENANT#{tenant.name}",
                "TENANT",
                tenant.model_dump_json(),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def put_tenant(self, tenant: Tenant) -> None:
        """See `Catalogue.put_tenant`."""
        self._put(f"TENANT#{tenant.name}", "TENANT", tenant.model_dump_json())

    def devices(self) -> Sequence[Device]:
        """See `Catalogue.devices`."""
        if not self._device_names:
            return []
        keys = [_key(f"DEVICE#{name}", "DEVICE") for name in self._device_names]
        with table_faults("reading the catalogue"):
            answer = self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": keys}}, ReturnConsumedCapacity="TOTAL"
            )
        self._meter.read(answer)
        found = {
            device.name: device
            for item in answer["Responses"].get(self._table, ())
            for device in [Device.model_validate_json(item["doc"]["S"])]
        }
        return [found[name] for name in self._device_names if name in found]

    def put_device(self, device: Device) -> None:
        """See `Catalogue.put_device`."""
        seen_at = {"S": device.seen_at.isoformat()}
        try:
            self._put(
                f"DEVICE#{device.name}",
                "DEVICE",
                device.model_dump_json(),
                {"seen_at": seen_at},
                ConditionExpression="attribute_not_exists(pk) OR seen_at <= :seen_at",
                ExpressionAttributeValues={":seen_at": seen_at},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def _doc(self, pk: str, sk: str) -> str | None:
        with table_faults("reading the catalogue"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=_key(pk, sk), ReturnConsumedCapacity="TOTAL"
            )
        self._meter.read(answer)
        item = answer.get("Item")
        return item["doc"]["S"] if item else None

    def _put(
        self, pk: str, sk: str, doc: str, more: Mapping[str, Any] | None = None, **parameters: Any
    ) -> None:
        with table_faults("writing the catalogue"):
            answer = self._dynamodb.put_item(
                TableName=self._table,
                Item={**_key(pk, sk), "doc": {"S": doc}, **(more or {})},
                ReturnConsumedCapacity="TOTAL",
                **parameters,
            )
        self._meter.write(answer)


def _key_by_id(tenant: str, key_id: str) -> str:
    return f"KEY#ID#{tenant}#{key_id}"


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
