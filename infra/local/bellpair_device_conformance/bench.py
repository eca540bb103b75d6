"""What the checks have to work with."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from bellpair_core.logic.devices.calibration_readers import read_document
from bellpair_core.logic.devices.calibration_reading import target_of
from bellpair_core.logic.devices.findings import CalibrationRefused, Findings
from bellpair_core.logic.tasks.counts import counts_of
from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.errors import JobFailed
from bellpair_core.model.job import Task
from bellpair_core.ports.devices import (
    DeviceAdapter,
    DeviceDescription,
    DeviceSurroundings,
    OpenDevice,
)
from bellpair_core.ports.tasks import TaskState, TaskStatus
from bellpair_core.settings import DeviceSetting

from .probes import Probe, asymmetric


class Broken(Exception):
    """The adapter does not keep what is checked; says what it did."""


class Skipped(Exception):
    """The check cannot be made here; says why, and how it could."""


ANSWER_WITHIN_S = 45.0
"""Within this time each method of an adapter returns or raises, whatever its service does."""


@dataclass
class Bench:
    """A device, and what may be done to it.

    Parameters
    ----------
    open_device, setting, surroundings
        The adapter: `open` opens it, as often as processes would.
    shots
        What tasks are made with: enough for the likeliest text to stand out.
    patience_s
        How long a task is waited for, in seconds.
    answer_within_s
        How long a method is waited for whose service does not answer, in seconds.
    switch
        Takes the device offline (False) and brings it back (True); ``None`` where that cannot be
        done, and what depends on it is skipped.
    """

    open_device: OpenDevice
    setting: DeviceSetting
    surroundings: DeviceSurroundings
    shots: int = 200
    patience_s: float = 300.0
    answer_within_s: float = ANSWER_WITHIN_S
    switch: Callable[[bool], None] | None = None
    sleep: Callable[[float], None] = time.sleep
    _tokens: str = field(default_factory=lambda: uuid.uuid4().hex)
    _last: int = 0

    @cached_property
    def device(self) -> DeviceAdapter:
        """The adapter that most checks use."""
        return self.open()

    def open(self, **changes: Any) -> DeviceAdapter:
        """An adapter as another process would open it; with changes to the device's setting."""
        return self.open_device(self.setting.model_copy(update=changes), self.surroundings)

    @cached_property
    def description(self) -> DeviceDescription:
        """What the device said of itself."""
        return self.device.describe()

    @cached_property
    def target(self) -> DeviceTarget:
        """What the device's calibration gives a compiler.

        Raises
        ------
        Broken
            When it is refused.
        """
        document = self.description.calibration or self.device.calibration()
        findings = Findings()
        reading = read_document(document.format, document.content, findings)
        try:
            return target_of(
                self.setting.name, self.description.kind, reading, findings, datetime.now(UTC)
            )
        except CalibrationRefused as refusal:
            raise Broken(f"the calibration is refused: {refusal}") from refusal

    @cached_property
    def probe(self) -> Probe:
        """A program whose counts are not symmetric."""
        try:
            return asymmetric(self.target)
        except JobFailed as failed:
            raise Broken(f"nothing compiles for the device: {failed}") from failed

    @cached_property
    def other_probe(self) -> Probe:
        """A program whose counts are others."""
        return asymmetric(self.target, shift=2)

    @cached_property
    def finished(self) -> TaskState:
        """A task that was completed."""
        state = self.until_over(self.launch(self.task()))
        if state.status is not TaskStatus.COMPLETED:
            raise Broken(f"a task of a good program is {state.status}: {state.failure_reason}")
        return state

    def task(self, shots: int | None = None) -> Task:
        """An intent with a client token of its own."""
        self._last += 1
        return Task(
            generation=self._last,
            client_token=f"conformance-{self._tokens}-{self._last}"[:64],
            device_arn=self.setting.arn,
            region=self.setting.region or self.surroundings.region,
            digest="0" * 64,
            shots=shots or min(self.shots, self.description.shots_max),
        )

    def launch(self, task: Task, *, program: str | None = None) -> str:
        """Launch the probe, or another program, under the task's token."""
        return self.device.launch(task, self.job, program or self.probe.program)

    @property
    def job(self) -> str:
        """The job that tasks are made for."""
        return f"job-conformance-{self._tokens}"

    def until_over(self, task_id: str) -> TaskState:
        """The task's last state.

        Raises
        ------
        Broken
            When it does not come in time.
        """
        deadline = time.monotonic() + self.patience_s
        pause = 0.02
        while not (state := self.device.poll(task_id)).status.terminal:
            if time.monotonic() > deadline:
                raise Broken(f"task {task_id} is still {state.status} after {self.patience_s:g} s")
            self.sleep(pause)
            pause = min(pause * 1.5, 5.0)
        return state

    def counts(self, document: Mapping[str, Any], probe: Probe | None = None) -> dict[str, int]:
        """The counts of the probe, or of another one, as a job's result has them.

        Raises
        ------
        Broken
            When the document is not of the form that is asked for.
        """
        try:
            return counts_of(document, (probe or self.probe).bits)
        except (KeyError, TypeError, ValueError, IndexError, JobFailed) as error:
            raise Broken(f"the result cannot be read: {error!r}") from error

    @contextmanager
    def offline(self) -> Iterator[None]:
        """The device takes no tasks for a while."""
        if self.switch is None:
            raise Skipped(
                "nobody can take the device offline here; give --offline-command and "
                "--online-command"
            )
        self.switch(False)
        try:
            yield
        finally:
            self.switch(True)
