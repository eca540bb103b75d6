"""What it takes to look after calls: a process has one, for all the calls that it meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.devices.observe_quality import QualityWatch
from bellpair_core.model.device import Device, DeviceKind
from bellpair_core.ports import Blobs, Clock, Ledger, TaskService, Wakeups
from bellpair_core.settings import Settings

Value = TypeVar("Value")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class CallDesk:
    """What it takes to look after calls.

    Attributes
    ----------
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.
    quality
        Learns of devices from calls' results.
    threads
        How many of a call's tasks are seen to at a time; 1 keeps to the caller's thread.
    """

    ledger: Ledger
    blobs: Blobs
    tasks: TaskService
    wakeups: Wakeups
    clock: Clock
    settings: Settings
    devices: Callable[[], Sequence[Device]]
    breakers: Breakers
    quality: QualityWatch | None = None
    threads: int = 16

    def device(self, name: str) -> Device | None:
        """The device as the catalogue has it."""
        return next((device for device in self.devices() if device.name == name), None)

    def observe(
        self,
        run: str,
        device: str,
        measured: Sequence[tuple[Mapping[str, Any], Mapping[str, float]]],
    ) -> None:
        """Learn of the device from a call's result, as `QualityWatch.of_call`."""
        known = self.device(device)
        if self.quality is not None and known is not None:
            self.quality.of_call(run, device, known.kind, measured)

    def simulates(self, name: str) -> bool:
        """Whether the device is a simulator; what is not known to be one counts as a QPU."""
        device = self.device(name)
        return device is not None and device.kind is DeviceKind.SIMULATOR

    def each(self, do: Callable[[Value], Answer], values: Sequence[Value]) -> list[Answer]:
        """``do`` of each of the values, in order; of several at a time, where there are threads."""
        if len(values) <= 1 or self.threads <= 1:
            return [do(value) for value in values]
        return list(self._pool.map(do, values))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        # Kept, since a call should not have to wait for the making of threads.
        return ThreadPoolExecutor(self.threads, thread_name_prefix="call")
