"""Bring a device in at an operator's word, and not only when its time has come."""

from __future__ import annotations

from bellpair_core.logic.tenants.authenticate import require
from bellpair_core.model.calibration import Ingested
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.ports import Ingestions
from bellpair_core.settings import Settings

from .see_calibration import require_offered


def ask_for_ingestion(
    ingestions: Ingestions, settings: Settings, principal: Principal, name: str
) -> Ingested:
    """Bring the device in now, in its own region; for operators.

    Raises
    ------
    BellpairError
        ``forbidden`` or ``device-unknown``.
    """
    require(principal, Role.OPERATOR)
    setting = require_offered(settings.devices, name)
    return ingestions.ingest(name, setting.region or settings.region)
