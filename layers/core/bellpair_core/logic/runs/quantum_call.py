"""From what a function asks for to the intent of a quantum call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.logic.jobs.checked_program import checked_program
from bellpair_core.logic.jobs.choose_device import (
    DeviceLoad,
    Need,
    choose_device,
    need_of,
    unsuitable,
)
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.model.choice import ProgramShape
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus, DeviceTarget
from bellpair_core.model.errors import BellpairError, ErrorCode, JobFailed, NoRoom, TransientFault
from bellpair_core.model.job import ANY_QPU, SHARED_QUEUES, Job
from bellpair_core.model.journal import Call, CallProgram, call_token, packed_programs
from bellpair_core.model.limits import (
    CALL_COMPILE_TIME,
    CALL_GENERATIONS_MAX,
    CALL_PROGRAM_BYTES_MAX,
    CALL_TRANSFORMS_MAX,
    CALL_VALUES_MAX,
    PROGRAMS_PER_CALL_MAX,
    RESULT_BITS_MAX,
    SHOTS_MAX,
    SHOTS_MIN,
)
from bellpair_core.openqasm import ProgramFacts
from bellpair_core.openqasm.inputs import bound_program
from bellpair_core.ports import Blobs, Clock, CompileRequest
from bellpair_core.settings import Settings

from .bind_programs import BoundProgram, ProgramBinder, Remembered, digest
from .program_sets import tasks_of
from .spending import known_cost

_CHECKED_MAX = 2048
_TARGETS_MAX = 16

_MANY_SOURCES = 60
"""Different circuits of one call up to which each is compiled with all candidates."""

_COMPARISONS_TOLD = 20
"""Different circuits of one call whose candidates its result tells, each once."""

_HASTY_S = 0.0
"""Seconds for the candidates of each of more circuits: one is made of each."""


class CallRefused(Exception):
    """The call cannot be made; the function hears of it as a failed call.

    Attributes
    ----------
    error
        ``{"code", "message", "remedy"}``.
    """

    def __init__(self, code: ErrorCode, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.error = {"code": code.value, "message": message, "remedy": remedy or code.remedy}


class _Program(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    source: str = Field(min_length=1)
    shots: int = Field(ge=SHOTS_MIN, le=SHOTS_MAX, strict=True)
    values: tuple[FiniteFloat, ...] | None = Field(None, max_length=CALL_VALUES_MAX)
    transforms: tuple[dict[str, Any], ...] = Field((), max_length=CALL_TRANSFORMS_MAX)


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    programs: tuple[_Program, ...] = Field(min_length=1, max_length=PROGRAMS_PER_CALL_MAX)
    device: str | None = None
    partial: bool = False

    def with_programs(self, programs: Sequence[_Program]) -> _Asked:
        """The call with these programs."""
        return self.model_copy(update={"programs": tuple(programs)})


TAKES = ("values", "partial")
"""What calls may have beside circuits and shots; a run is told of it when it begins."""

Refusals = dict[int, dict[str, str]]
"""The errors of circuits that cannot be made, by their places in the call."""


@dataclass(frozen=True)
class Prepared:
    """A call that is ready to be promised.

    Attributes
    ----------
    programs
        The compiled programs; ``call.programs`` keeps them.
    """

    call: Call
    programs: Sequence[CallProgram]


class CallPlanner:
    """Checks calls, chooses their devices and compiles them.

    Parameters
    ----------
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.
    forms
        Compiles, each source once; what has values or transforms is then bound.
    """

    def __init__(
        self,
        blobs: Blobs,
        clock: Clock,
        settings: Settings,
        devices: Callable[[], Sequence[Device]],
        breakers: Breakers,
        forms: FormMaker,
    ) -> None:
        self._blobs = blobs
        self._clock = clock
        self._settings = settings
        self._devices = devices
        self._breakers = breakers
        self._binder = ProgramBinder(forms, clock)
        self._facts: Remembered[ProgramFacts] = Remembered(_CHECKED_MAX)
        self._targets: Remembered[DeviceTarget] = Remembered(_TARGETS_MAX)

    def prepare(self, job: Job, update: Mapping[str, Any], index: int) -> Prepared:
        """The intent of a call, but for its tasks, which its place in the journal will name.

        Parameters
        ----------
        update
            The replay engine's, with the payload
            ``{"programs": [{"source", "shots", "values"?, "transforms"?}], "device",
            "partial"?}``. In a partial call, a circuit that cannot be made is left out, with its
            error in ``call.refused``.
        index
            Which call of the job it is, from 0.

        Raises
        ------
        CallRefused
            When it can never be made like this.
        TransientFault
            When what it needs is out of reach now.
        """
        whole = _parsed(update.get("Payload"))
        refused: Refusals = {}
        found = self._readable(whole, refused)
        asked = whole.with_programs([program for program, _ in found.values()])
        facts = [fact for _, fact in found.values()]
        _require_fetchable(asked, facts)
        device, bound = self._made(asked, job, facts)
        made: list[BoundProgram] = []
        shots: list[int] = []
        for number, program, one in zip(found, asked.programs, bound, strict=True):
            if isinstance(one, CallRefused):
                refused[number] = one.error
            else:
                made.append(one)
                shots.append(program.shots)
        if not made:
            raise next(one for one in bound if isinstance(one, CallRefused))
        setting = self._settings.device(device.name)
        region = setting.region if setting is not None else device.region
        programs = [one.program for one in made]
        tasks = tasks_of(made, shots, device.program_sets)
        call = Call(
            operation=update["Id"],
            index=index,
            name=str(update.get("Name") or ""),
            parent=update.get("ParentId"),
            programs=self._blobs.put(packed_programs(programs)),
            device=device.name,
            device_arn=setting.arn if setting is not None else device.arn,
            region=region or self._settings.region,
            calibration_id=self._target(device).calibration_id,
            tasks=tasks,
            reserved_usd=known_cost(device.price, [task.shots_in_all for task in tasks]),
            partial=whole.partial,
            refused=refused,
        )
        return Prepared(call, programs)

    def _readable(
        self, asked: _Asked, refused: Refusals
    ) -> dict[int, tuple[_Program, ProgramFacts]]:
        """Each program by its place, with what is known of it; those refused go to ``refused``."""
        found: dict[int, tuple[_Program, ProgramFacts]] = {}
        last: CallRefused | None = None
        for number, program in enumerate(asked.programs):
            try:
                found[number] = self._read(program)
            except CallRefused as refusal:
                if not asked.partial:
                    raise
                refused[number], last = refusal.error, refusal
        if not found and last is not None:
            raise last
        return found

    def _read(self, program: _Program) -> tuple[_Program, ProgramFacts]:
        """The program; with its values written in where more than angles follow from them."""
        try:
            return program, self._checked(program)
        except CallRefused:
            if program.values is None:
                raise
            try:
                text = bound_program(program.source, program.values)
            except ValueError:
                text = program.source
            if text == program.source:
                raise
            written = program.model_copy(update={"source": text, "values": None})
            return written, self._checked(written)

    def _checked(self, program: _Program) -> ProgramFacts:
        source, inputs = program.source, program.values is not None
        key = f"{digest(source)} {inputs}"
        try:
            return self._facts.get(key, lambda: checked_program(source, inputs=inputs))
        except BellpairError as error:
            raise CallRefused(error.code, error.detail, error.remedy) from None

    def _made(
        self, asked: _Asked, job: Job, facts: Sequence[ProgramFacts]
    ) -> tuple[Device, list[BoundProgram | CallRefused]]:
        """The programs for the best device that has room for them."""
        refusals: list[str] = []
        devices = self._chosen(asked, job, facts)
        for device in devices:
            last = device is devices[-1]
            try:
                return device, self._compiled_all(asked, facts, device, last=last)
            except NoRoom as refusal:
                refusals.append(str(refusal))
        raise _no_room(" ".join(refusals))

    def _chosen(self, asked: _Asked, job: Job, facts: Sequence[ProgramFacts]) -> Sequence[Device]:
        """The devices that the call may go to, whether or not they take tasks just now; first
        those that do."""
        wanted = asked.device or job.device
        qubits = max(fact.num_qubits for fact in facts)
        shots = [program.shots for program in asked.programs]
        devices = self._devices()
        if not devices:
            raise TransientFault("no device has been seen yet")
        able = [
            device
            for device in devices
            if _able(device, wanted, qubits, shots) and _suits(device, job)
        ]
        if able:
            return self._ranked(able, wanted, job, facts, max(shots))
        try:
            for taken in {min(shots), max(shots)}:
                require_device(devices, wanted, num_qubits=qubits, shots=taken)
        except BellpairError as error:
            raise CallRefused(error.code, error.detail, error.remedy) from None
        raise CallRefused(
            ErrorCode.DEVICE_UNKNOWN,
            f"No one device runs all {len(shots)} circuits of the call.",
            "Put circuits with very different shots into calls of their own.",
        )

    def _ranked(
        self,
        able: Sequence[Device],
        wanted: str,
        job: Job,
        facts: Sequence[ProgramFacts],
        shots: int,
    ) -> list[Device]:
        """The devices as they suit the call's largest circuit, the best first."""
        largest = max(facts, key=lambda fact: (fact.shape.two_qubit_gates, fact.num_qubits))
        need = Need(
            job_id=job.id,
            asked=wanted,
            num_qubits=largest.num_qubits,
            shots=shots,
            shape=ProgramShape(**largest.shape._asdict()),
        )
        loads = [DeviceLoad(device, breaker=self._breakers(device.name)) for device in able]
        choice = choose_device(need, loads, self._clock())
        places = {one.device: place for place, one in enumerate(choice.considered)}
        return sorted(able, key=lambda device: places[device.name])

    def _target(self, device: Device) -> DeviceTarget:
        ref = device.target
        if ref is None:
            raise TransientFault(f"device {device.name} has no calibration yet")
        return self._targets.get(
            ref.sha256, lambda: DeviceTarget.model_validate_json(self._blobs.get(ref))
        )

    def _compiled_all(
        self, asked: _Asked, facts: Sequence[ProgramFacts], device: Device, *, last: bool
    ) -> list[BoundProgram | CallRefused]:
        """All programs for a device; in a partial call, the refusals of those that have none.

        Raises
        ------
        CallRefused
            When one has none, and the call is not partial.
        NoRoom
            When one has no room, and the call may go to another device; or when none has room.
        """
        target = self._target(device)
        made: list[BoundProgram | CallRefused] = []
        rooms: list[NoRoom] = []
        began = self._clock()
        many = len({program.source for program in asked.programs}) > _MANY_SOURCES
        compared: set[str] = set()
        for program, fact in zip(asked.programs, facts, strict=True):
            # Stopped in the midst of it, the broker could tell nobody why.
            if self._clock() - began >= CALL_COMPILE_TIME:
                raise CallRefused(
                    ErrorCode.LIMIT_EXCEEDED,
                    f"Compiling the call took longer than {CALL_COMPILE_TIME.total_seconds():g} s,"
                    f" which is the limit: {len(made)} of its {len(facts)} circuits were compiled.",
                    "Put fewer circuits into one call, or smaller ones.",
                )
            request = CompileRequest(
                program.source, fact.version, budget_s=_HASTY_S if many else None
            )
            try:
                one = self._binder.bound(
                    request, device, target, program.values or (), program.transforms
                )
            except JobFailed as error:
                refusal = CallRefused(*JobFailed.parse(str(error)))
                if not asked.partial:
                    raise refusal from None
                made.append(refusal)
                continue
            except NoRoom as error:
                rooms.append(error)
                if not (asked.partial and last):
                    raise
                made.append(_no_room(str(error)))
                continue
            # They are the same for all programs of one source, and long.
            told = program.source not in compared and len(compared) < _COMPARISONS_TOLD
            made.append(one if told else one.without("candidates"))
            compared.add(program.source)
        if rooms and len(rooms) == len(made):
            raise rooms[0]
        return made


def at_line(call: Call, stage: str, job_id: str, line: int) -> Call:
    """The call with its tasks' client tokens, which follow from its place in the journal."""
    tasks = tuple(
        task.model_copy(
            update={"client_token": call_token(stage, job_id, line, call.generation, place)}
        )
        for place, task in enumerate(call.tasks)
    )
    return call.model_copy(update={"tasks": tasks})


def relocated(call: Call, region: str) -> Call | None:
    """A simulator's call anew, for another region; ``None`` after too many sets of tasks."""
    if call.generation >= CALL_GENERATIONS_MAX:
        return None
    return call.model_copy(update={"generation": call.generation + 1, "region": region})


def _parsed(payload: object) -> _Asked:
    text = payload if isinstance(payload, str) else ""
    if len(text) > 2 * CALL_PROGRAM_BYTES_MAX:
        raise _too_large(len(text))
    try:
        asked = _Asked.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(str(part) for part in first["loc"])
        raise CallRefused(
            ErrorCode.CALL_FAILED, f"The call is not valid at {where or 'its root'}: {first['msg']}"
        ) from None
    size = sum(len(program.source.encode()) for program in asked.programs)
    if size > CALL_PROGRAM_BYTES_MAX:
        raise _too_large(size)
    return asked


def _no_room(text: str) -> CallRefused:
    # What is worth waiting for, and what else might do, the function alone knows.
    return CallRefused(
        ErrorCode.COMPILE_FAILED,
        f"{text} A function's call does not wait for the device's next calibration.",
        "Name another device or any-qpu; or catch the error, let runtime.context.wait(…) pass the"
        " time, and call again.",
    )


def _too_large(size: int) -> CallRefused:
    return CallRefused(
        ErrorCode.LIMIT_EXCEEDED,
        f"The programs of the call have {size} bytes together; the limit is"
        f" {CALL_PROGRAM_BYTES_MAX}.",
        "Make several calls of it.",
    )


def _require_fetchable(asked: _Asked, facts: Sequence[ProgramFacts]) -> None:
    bits = sum(
        program.shots * fact.num_bits for program, fact in zip(asked.programs, facts, strict=True)
    )
    if bits > RESULT_BITS_MAX:
        raise CallRefused(
            ErrorCode.RESULT_TOO_LARGE,
            f"The shots of the call make a result of up to {bits} bits; the limit is"
            f" {RESULT_BITS_MAX}.",
            "Ask for fewer shots or circuits, or measure into fewer bits.",
        )


def _suits(device: Device, job: Job) -> bool:
    """Whether the device is what the constraints of a circuit's job ask for."""
    return job.constraints is None or unsuitable(need_of(job), device) is None


def _able(device: Device, wanted: str, qubits: int, shots: Sequence[int]) -> bool:
    if wanted not in (device.name, *SHARED_QUEUES) or device.status is DeviceStatus.RETIRED:
        return False
    if wanted == ANY_QPU and device.kind is not DeviceKind.QPU:
        return False
    in_range = device.shots_min <= min(shots) and max(shots) <= device.shots_max
    return qubits <= device.num_qubits and in_range
