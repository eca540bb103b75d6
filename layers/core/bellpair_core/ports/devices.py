"""One device behind whatever service its maker runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from bellpair_core.model.device import DeviceKind, DeviceStatus, ProgramSets, TaskPrice
from bellpair_core.model.job import Task
from bellpair_core.settings import DeviceSetting

from .tasks import TaskState

ENTRY_POINT_GROUP = "bellpair.devices"
"""Where packages name their adapters; an entry point's value is an `OpenDevice`."""


class CalibrationDocument(BaseModel):
    """What a device says of its qubits, as it says it.

    Attributes
    ----------
    format
        Names the reader that makes a `DeviceTarget` of it, such as ``"bellpair.calibration/1"``.
    content
        The document itself; JSON.
    """

    model_config = ConfigDict(frozen=True)

    format: str
    content: dict[str, Any]


class DeviceDescription(BaseModel):
    """A device as its service describes it now.

    Attributes
    ----------
    shots_min, shots_max
        Shots that one task may ask for; of a program set, those of each of its programs.
    program_sets
        What the device takes of tasks that run several programs, ``None`` where a task runs one;
        its adapter then is a `TakesProgramSets`.
    queue_depth
        Tasks that wait at the device, ``None`` where the service does not say.
    price
        What a task costs, ``None`` where the service does not say.
    calibration
        The calibration, from a service that tells of it in the same breath; ``None`` where it
        has to be asked for.
    """

    model_config = ConfigDict(frozen=True)

    status: DeviceStatus
    kind: DeviceKind
    provider: str
    shots_min: int = 1
    shots_max: int = 100_000
    program_sets: ProgramSets | None = None
    queue_depth: int | None = None
    price: TaskPrice | None = None
    calibration: CalibrationDocument | None = None


class DeviceHealth(BaseModel):
    """Whether a device takes tasks now.

    Attributes
    ----------
    detail
        Why not, for people.
    """

    model_config = ConfigDict(frozen=True)

    status: DeviceStatus
    detail: str = ""


class DeviceAdapter(Protocol):
    """All that Bellpair asks of one device.

    An adapter speaks of tasks by the ids of its own service, in which nothing is assumed but
    that they are printable and at most `TASK_ID_MAX` characters long. It keeps no state that
    another process would need: each process opens its own.

    Every method raises `TransientFault` when a repetition may succeed (no answer in time, too
    many requests, a fault of the service) and returns or raises within three quarters of a minute.
    """

    def describe(self, *, patient: bool = True) -> DeviceDescription:
        """The device as it is now.

        Parameters
        ----------
        patient
            False gives up within about 6 s on a service that does not answer.
        """
        ...

    def calibration(self) -> CalibrationDocument:
        """What the device was last measured to be."""
        ...

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """Make the task, or find the one made with its client token before; its id.

        However often and from wherever it is repeated, one ``task.client_token`` makes one task.

        Parameters
        ----------
        program
            OpenQASM 3, as compiled for the device's calibration.

        Raises
        ------
        ProgramRefused
            When the device does not take the program.
        LaunchRefused
            When the device takes no tasks now.
        """
        ...

    def poll(self, task_id: str) -> TaskState:
        """The task's state now, ``arn`` being the id.

        Raises
        ------
        TaskUnknown
            When the service does not know the task.
        """
        ...

    def cancel(self, task_id: str) -> None:
        """Ask for the task to be cancelled; nothing happens if it is over, or not known."""
        ...

    def result(self, state: TaskState) -> Mapping[str, Any]:
        """What was measured, in the shape that `counts_of` reads.

        ``measuredQubits`` names the qubits; ``measurements`` has a row of 0 and 1 for each shot,
        or ``measurementCounts`` a number of shots by text of 0 and 1, both with a place for each
        of ``measuredQubits``, in that order.

        Raises
        ------
        ResultMissing
            When it is not there, or cannot be understood.
        """
        ...

    def health(self) -> DeviceHealth:
        """Whether the device takes tasks now; gives up within about 6 s."""
        ...

    def queue(self) -> int | None:
        """Tasks that wait at the device; ``None`` where the service does not say."""
        ...

    def price(self) -> TaskPrice | None:
        """What a task costs; ``None`` where the service does not say."""
        ...


@runtime_checkable
class TakesProgramSets(Protocol):
    """What an adapter has besides, whose device takes tasks that run several programs."""

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        """As `DeviceAdapter.launch`, for several programs: see `TaskService.launch_set`.

        `DeviceAdapter.result` then gives ``{"programs": […]}``, as `TaskService.result` says.
        """
        ...


class Secrets(Protocol):
    """What must not be written down in a stage's parameters."""

    def __call__(self, reference: str, *, anew: bool = False) -> str:
        """The secret that the reference names.

        Parameters
        ----------
        anew
            Whether to read it again, where one read before is not good any more.

        Raises
        ------
        TransientFault
            When it cannot be read now.
        """
        ...


@dataclass(frozen=True)
class DeviceSurroundings:
    """What an adapter is given besides its device's setting.

    Attributes
    ----------
    stage, region
        Where this process runs.
    result_buckets
        By region, the bucket in which a service may leave results.
    secrets
        Reads secrets by reference.
    is_public
        Whether an address (an IP) is one of the public Internet: an adapter that calls out calls
        no other, so that no setting and no name server leads it inside.
    """

    stage: str
    region: str
    result_buckets: Mapping[str, str]
    secrets: Secrets
    is_public: Callable[[str], bool]


OpenDevice = Callable[[DeviceSetting, DeviceSurroundings], DeviceAdapter]
"""Opens the adapter of one device. Opening asks nobody anything; only the methods do."""
