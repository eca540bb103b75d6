"""Why a job is where it is, as the service tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from bellpair.models import Answer


class ConsideredDevice(Answer):
    """One device, as it compared for a job.

    Attributes
    ----------
    verdict
        ``"chosen"``, ``"eligible"``, ``"waits"`` or ``"excluded"``.
    score
        0 to 1, the higher the better; only of a device that could take the job.
    expected_success
        Of the program on the device, 0 to 1; ``None`` where it is unknown.
    cost_usd, wait_s
        What the task would cost, US dollars, and how long it would wait there, seconds.
    """

    device: str
    verdict: str
    reason: str = ""
    score: float | None = None
    health: float | None = None
    expected_success: float | None = None
    cost_usd: float | None = None
    wait_s: float | None = None


class DeviceChoice(Answer):
    """How the devices compared, the best first."""

    at: datetime | None = None
    chosen: str | None = None
    considered: list[ConsideredDevice] = Field(default_factory=list)


class Reason(Answer):
    """One sentence of an explanation; ``at`` is ``None`` for what is so now."""

    at: datetime | None = None
    about: str = ""
    text: str = ""


class Why(Answer):
    """Why a job is on its device or waits, and what turned it on its way.

    Attributes
    ----------
    constraints, shape
        What the job asks of devices, and how much its program does.
    recompiles
        How often it was compiled anew because its device was calibrated meanwhile.
    avoided
        Devices that failed it.
    choice
        When it was last given to a device; while it waits, as it would be now.
    """

    job_id: str
    status: str
    device: str | None = None
    device_used: str | None = None
    constraints: dict[str, Any] | None = None
    shape: dict[str, int] | None = None
    recompiles: int = 0
    avoided: list[str] = Field(default_factory=list)
    choice: DeviceChoice | None = None
    reasons: list[Reason] = Field(default_factory=list)
