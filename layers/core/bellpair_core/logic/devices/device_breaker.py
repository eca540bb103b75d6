"""What devices did of late, and whether they may be given more to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bellpair_core.logic.recent import Recent
from bellpair_core.model.breaker import Breaker, BreakerState
from bellpair_core.model.device import Device, DeviceStatus
from bellpair_core.model.device_names import DEVICE_PREFIX
from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.job import Job
from bellpair_core.ports import Clock, Ledger, TaskService
from bellpair_core.settings import DeviceSetting

_TRIES = 5


def note_failure(
    ledger: Ledger,
    clock: Clock,
    device: str,
    reason: str,
    *,
    at_once: bool = False,
    away: bool = False,
) -> Breaker:
    """Hold a failure against the device; the breaker as it is now.

    A breaker that is open hears nothing new from a further failure, so that a crowd of jobs
    that meet the same outage writes it once.

    Parameters
    ----------
    reason
        For people: ``"device ion-11 is offline"``.
    at_once
        Whether this one failure is enough to open the breaker.
    away
        Whether the device was offline or out of reach, and did not fail a task.
    """
    return _changed(
        ledger,
        device,
        lambda breaker: (
            breaker
            if breaker.state is BreakerState.OPEN
            else breaker.failed(clock(), reason, at_once=at_once, away=away)
        ),
    )


def note_success(ledger: Ledger, clock: Clock, device: str) -> Breaker:
    """The device did what was asked of it: nothing is held against it any more."""
    return _changed(
        ledger, device, lambda breaker: breaker if breaker.clean else breaker.succeeded(clock())
    )


def breakers(ledger: Ledger, devices: Iterable[str]) -> dict[str, Breaker]:
    """The devices' breakers by name, as they are now."""
    return {device: ledger.breaker(device) for device in devices}


def unreachable_devices(
    ledger: Ledger,
    tasks: TaskService,
    clock: Clock,
    devices: Iterable[DeviceSetting],
    region: str,
) -> list[str]:
    """Open the breakers of the region's devices if their service does not answer.

    A region's devices share one service, so none is asked after the first that got no answer:
    a failover has no time to wait for each of them.

    Parameters
    ----------
    region
        The home of the devices to ask for. Those that are served in every region have none.

    Returns
    -------
    list of str
        The devices that are out of reach.
    """
    away: list[str] = []
    for device in devices:
        if device.region != region or (not away and _answers(tasks, device, region)):
            continue
        note_failure(ledger, clock, device.name, away_text(region), at_once=True, away=True)
        away.append(device.name)
    return away


def away_text(service: str) -> str:
    """How people are told that a device service, named by `service_of`, is out of reach."""
    return f"the device service of {service.removeprefix(DEVICE_PREFIX)} does not answer"


class Breakers:
    """The devices' breakers as a warm process knows them, at most a cache's age old.

    Parameters
    ----------
    ledger, clock
        Where they are read and written, and how old what was read may be.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._known: dict[str, Recent[Breaker]] = {}

    def __call__(self, device: str) -> Breaker:
        """The breaker, a little old at most."""
        if device not in self._known:
            self._known[device] = Recent(lambda: self._ledger.breaker(device), self._clock)
        return self._known[device]()

    def fresh(self, device: str) -> Breaker:
        """The breaker as it is now, wherever the one known has something against the device."""
        if not self(device).clean:
            del self._known[device]
        return self(device)

    def failed(
        self, device: str, reason: str, *, at_once: bool = False, away: bool = False
    ) -> Breaker:
        """As `note_failure`."""
        self._known.pop(device, None)
        return note_failure(self._ledger, self._clock, device, reason, at_once=at_once, away=away)

    def launched(self, device: str, job_id: str) -> None:
        """The device took the job's task, which is all that one that was away has to show.

        A result may be hours of queue from there. No read where the breaker was looked at
        before and was clean, however long ago: the launch itself looked.
        """
        seen = self._known[device].last if device in self._known else None
        if seen is not None and seen.clean:
            return

        def closed(breaker: Breaker) -> Breaker:
            tried = breaker.state is BreakerState.HALF_OPEN and breaker.probe == job_id
            return breaker.succeeded(self._clock()) if tried and breaker.away else breaker

        self._known.pop(device, None)
        _changed(self._ledger, device, closed)

    def succeeded(self, device: str) -> None:
        """As `note_success`, without a word to the ledger while nothing is held against it."""
        if not self(device).clean:
            del self._known[device]
            note_success(self._ledger, self._clock, device)

    def probed(self, device: str, job_id: str, seen: Breaker) -> bool:
        """Let the job be the one that tries the device; False where another one is.

        Parameters
        ----------
        seen
            The breaker by which the job was chosen.
        """
        self._known.pop(device, None)
        try:
            self._ledger.replace_breaker(seen, seen.probing(job_id, self._clock()))
        except LedgerConflict:
            return False
        return True


def barred(job: Job, device: Device | None, breakers: Breakers) -> str | None:
    """Why the job, which was given to the device, may not go there now; ``None`` if it may.

    Stricter than what the dispatcher asks: while a breaker is not closed, only its probe passes,
    and jobs that were on their way when it opened turn round.

    Parameters
    ----------
    device
        As the catalogue has it; ``None`` where it was never seen, which bars nothing here.
    """
    name = job.device_used or job.device
    if device is not None and device.status is not DeviceStatus.ONLINE:
        return f"device {name} is {device.status}"
    if name in job.avoid:
        return f"device {name} failed this job before"
    breaker = breakers.fresh(name)
    if breaker.state is BreakerState.CLOSED or breaker.probe == job.id:
        return None
    return breaker.reason


def _answers(tasks: TaskService, device: DeviceSetting, region: str) -> bool:
    try:
        tasks.health(device.arn, region)
    except TransientFault as fault:
        return fault.throttled
    return True


def _changed(ledger: Ledger, device: str, change: Callable[[Breaker], Breaker]) -> Breaker:
    """Write what ``change`` makes of the breaker; with many writers, one of them is enough."""
    breaker = ledger.breaker(device)
    for _ in range(_TRIES):
        new = change(breaker)
        if new is breaker:
            return breaker
        try:
            ledger.replace_breaker(breaker, new)
        except LedgerConflict:
            breaker = ledger.breaker(device)
        else:
            return new
    return breaker
