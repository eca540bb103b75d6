"""What a client does with devices' calibrations: look at them, have them brought in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from bellpair.device_models import Calibration, IngestedDevice, Snapshot

if TYPE_CHECKING:
    from bellpair.transport import Transport


class DeviceClient:
    """The part of a `bellpair.Client` that knows of calibrations."""

    _transport: Transport

    def calibration(self, device: str) -> Calibration:
        """What a device's programs are compiled by, qubit by qubit and edge by edge.

        Raises
        ------
        BellpairError
            If there is no such device.
        NotFound
            If it never had a calibration that could be used.
        """
        return Calibration.read(self._transport.request("GET", f"{_path(device)}/calibration"))

    def calibrations(self, device: str, limit: int | None = None) -> list[Snapshot]:
        """A device's calibrations, newest first, refused ones among them.

        Parameters
        ----------
        limit
            At most so many; as many as the service gives at once when not given.

        Raises
        ------
        BellpairError
            If there is no such device.
        """
        params = None if limit is None else {"limit": str(limit)}
        body = self._transport.request("GET", f"{_path(device)}/calibrations", params=params)
        return [Snapshot.read(one) for one in body.get("calibrations", ())]

    def ingest_calibration(self, device: str) -> IngestedDevice:
        """Have a device's state and calibration brought in at once; needs an operator's key.

        Raises
        ------
        AuthError
            If this client's key is not an operator's.
        BellpairError
            If there is no such device.
        """
        answer = self._transport.request("POST", f"{_path(device)}/calibration")
        return IngestedDevice.read(answer)


def _path(device: str) -> str:
    return f"/v1/devices/{quote(device, safe='')}"
