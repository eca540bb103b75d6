"""A function's journal: a log that only grows, by which its run goes on anywhere.

Each line is one item, written on condition that its number is free. A run begins with a line of
its own, so whoever ran the function before finds its next number taken and is fenced: the log's
end is compared and moved in one write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from .blob import BlobRef
from .job import Task
from .limits import CALL_GENERATIONS_MAX, PROGRAMS_PER_CALL_MAX
from .usage import Usage

_PLACES = PROGRAMS_PER_CALL_MAX
_GENERATIONS = CALL_GENERATIONS_MAX + 1


class SetProgram(BaseModel):
    """One program of a task that runs several.

    Attributes
    ----------
    place
        Which of the call's programs it is, from 0.
    bits
        As `CompiledProgram.bits`.
    """

    model_config = ConfigDict(frozen=True)

    place: int
    bits: tuple[int | None, ...]


class CallTask(BaseModel):
    """One Braket task of a call: what is needed to make it, or to find it again.

    Attributes
    ----------
    client_token
        Derived from job, line and place in the call, so that a repetition gives the same task.
    shots
        Of each of its programs.
    bits
        As `CompiledProgram.bits`, of the one program of the task, which has the task's place among
        the call's programs. ``None`` in a call that has tasks of several programs: so a version
        of the platform that knows no such tasks cannot read the call, and leaves it alone.
    programs
        The programs of the task in their order, in a call that has tasks of several.
    """

    model_config = ConfigDict(frozen=True)

    client_token: str
    shots: int
    bits: tuple[int | None, ...] | None = None
    programs: tuple[SetProgram, ...] = ()

    def runs(self, number: int) -> tuple[SetProgram, ...]:
        """What the task runs, where it is the call's task of this number."""
        return self.programs or (SetProgram(place=number, bits=self.bits or ()),)

    @property
    def shots_in_all(self) -> int:
        """The shots of all its programs together."""
        return self.shots * max(1, len(self.programs))


class CallProgram(BaseModel):
    """One compiled program of a call.

    Attributes
    ----------
    program
        OpenQASM 3 as the device takes it.
    readout
        For each classical bit, bit 0 first, the chances that its qubit is read as 1 where it is
        0, and as 0 where it is 1; ``None`` where the calibration does not tell.
    metrics
        What the compiler tells of it, ready for JSON.
    """

    model_config = ConfigDict(frozen=True)

    program: str
    readout: tuple[tuple[float, float] | None, ...] | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)


class Call(BaseModel):
    """The intent of a quantum call, written before any of its tasks is made.

    Attributes
    ----------
    operation, parent
        The replay engine's ids of the call, and of the context that it is made in.
    index
        Which call of the job it is, from 0.
    name
        Kind and fingerprint of the call, as the replay engine compares them.
    programs
        The compiled programs, as `packed_programs` gives them.
    reserved_usd
        What the tasks may cost at most, as far as that is known before.
    month
        The month that it counts for among what the tenant spends, ``"2026-11"``; ``None`` where
        the tenant had no cap, so that nothing is counted.
    generation
        Counts the sets of tasks made for this call.
    partial
        Whether a circuit that fails leaves the others alone, and its result is its error.
    refused
        The errors, ``{"code", "message", "remedy"}``, of circuits that could not be made, by their
        places among those asked for; programs and tasks are those of the others.
    """

    model_config = ConfigDict(frozen=True)

    operation: str
    index: int
    name: str
    programs: BlobRef
    device: str
    device_arn: str
    region: str
    calibration_id: str
    tasks: tuple[CallTask, ...]
    parent: str | None = None
    reserved_usd: float = 0.0
    month: str | None = None
    generation: int = 1
    partial: bool = False
    refused: dict[int, dict[str, str]] = Field(default_factory=dict)


class CallResult(BaseModel):
    """What became of a call.

    Attributes
    ----------
    call
        Number of the line with the intent; 0 for a call that was refused before it had one.
    value
        JSON of the result; ``None`` for a failed call.
    error
        ``{"code", "message", "remedy"}`` of a failed call.
    """

    model_config = ConfigDict(frozen=True)

    call: int
    operation: str
    name: str
    parent: str | None = None
    value: BlobRef | None = None
    error: dict[str, str] | None = None
    cost_usd: float = 0.0


_PROGRAMS = TypeAdapter(list[CallProgram])
_PACKED = TypeAdapter(list[CallProgram | str])


class Launched(BaseModel):
    """Where a call's tasks are, kept for who looks after a call that takes its time.

    A client token finds a task again soon after a crash, but no service promises that it does so
    days later; an ARN does.

    Attributes
    ----------
    call
        Number of the line with the intent.
    arns
        One for each of the call's tasks; ``None`` where it was not made yet.
    """

    model_config = ConfigDict(frozen=True)

    call: int
    arns: tuple[str | None, ...]


class Progress(BaseModel):
    """How far a function says that it is."""

    model_config = ConfigDict(frozen=True)

    fraction: float = Field(ge=0, le=1)
    message: str = ""


class Line(BaseModel):
    """One line of a journal. It may hold several things that came together.

    Attributes
    ----------
    number
        Its place, from 1.
    epoch, attempt
        Of the execution that began the last run; what settles a call or ends a job carries them
        along.
    run
        Number of the line that began the last run.
    base
        Number of the last line with a checkpoint, 0 where there is none; no reader needs what
        is before it.
    nonce
        Tells a repeated write of one line from another writer's.
    ticket
        SHA-256 of the run's ticket, on the line that begins a run.
    updates
        What the replay engine recorded beside quantum calls (steps, waits, contexts), as AWS's
        durable-execution API words it.
    checkpoint
        The function's own state, by which it begins anew.
    checkpoints
        How many checkpoints there were up to here.
    calls, spent_usd
        How many calls the job has made, and what they cost and reserve, up to here.
    usage
        What the platform consumed for the function up to here, as far as its writers knew; the
        devices' part is ``spent_usd``.
    turn
        Which turn of its execution began the run, on the line that begins it.
    steps
        How many lines up to here tell of something that was done.
    idle
        Of the last run: how many before it came to nothing in a row.
    printed
        How many characters the function printed up to here, those not kept included.
    output
        What the function printed since the line before, as far as it is kept.
    progress
        How far the function last said that it is.
    ended
        Set on the last line; nothing follows it. ``"finished"`` or ``"failed"`` by the function,
        or the status that the job ended with otherwise.
    returned
        What the function returned, as JSON, on the last line of one that finished.
    failure
        The message of the `JobFailed` that ends the job, on the last line of one that failed.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    at: datetime
    epoch: int
    attempt: int
    run: int
    base: int = 0
    nonce: str = ""
    ticket: str | None = None
    call: Call | None = None
    result: CallResult | None = None
    updates: tuple[dict[str, Any], ...] = ()
    launched: Launched | None = None
    checkpoint: BlobRef | None = None
    checkpoints: int = 0
    calls: int = 0
    spent_usd: float = 0.0
    usage: Usage = Usage()
    turn: int = 0
    steps: int = 0
    idle: int = 0
    printed: int = 0
    output: str = ""
    progress: Progress | None = None
    ended: str | None = None
    returned: BlobRef | None = None
    failure: str | None = None


def packed_programs(programs: Sequence[CallProgram]) -> bytes:
    """The programs of a call as the payload that its intent names."""
    return _PROGRAMS.dump_json(list(programs), exclude_defaults=True)


def unpacked_programs(data: bytes) -> list[CallProgram]:
    """What `packed_programs` made ``data`` of; plain texts too, which calls had at first."""
    return [
        CallProgram(program=one) if isinstance(one, str) else one
        for one in _PACKED.validate_json(data)
    ]


def call_token(stage: str, job: str, line: int, generation: int, place: int) -> str:
    """The Braket ``clientToken`` of one task of a call."""
    return hashlib.sha256(f"{stage}/{job}/{line}/{generation}/{place}".encode()).hexdigest()


def call_task(call: Call, place: int, line: int) -> Task:
    """The task at ``place`` of the call whose intent is on ``line``, as the task service takes it.

    Its number says where the device is to leave the result; `place_of` reads it back.
    """
    task = call.tasks[place]
    return Task(
        generation=(line * _GENERATIONS + call.generation) * _PLACES + place,
        client_token=task.client_token,
        device_arn=call.device_arn,
        region=call.region,
        digest=call.programs.sha256,
        shots=task.shots_in_all,
    )


def place_of(generation: int) -> tuple[int, int, int]:
    """Line, generation and place of a call's task, from the number that `call_task` gave it."""
    rest, place = divmod(generation, _PLACES)
    line, made = divmod(rest, _GENERATIONS)
    return line, made, place
