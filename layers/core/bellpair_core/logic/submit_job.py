"""Accept a job: check it, keep its program, write it once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import ANY_QPU, SHARED_QUEUES, Job, JobEvent, job_id
from bellpair_core.model.limits import (
    CHECK_AFTER,
    IDEMPOTENCY_KEY_CHARACTERS_MAX,
    INLINE_BLOB_BYTES_MAX,
    JOB_DEADLINE,
    NAME_CHARACTERS_MAX,
    RESULT_BITS_MAX,
    SHOTS_MAX,
    SHOTS_MIN,
    SOURCE_BYTES_MAX,
    TAG_KEY_CHARACTERS_MAX,
    TAG_VALUE_CHARACTERS_MAX,
    TAGS_MAX,
)
from bellpair_core.model.tenant import Principal
from bellpair_core.model.usage import Usage
from bellpair_core.openqasm import (
    ProblemKind,
    ProgramError,
    ProgramFacts,
    ProgramLimits,
    check_program,
)
from bellpair_core.ports import Blobs, Clock, JobExists, Ledger, Wakeups

from .pair_gate import PairReading, require_accepting, require_active

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

TagKey = Annotated[
    str, StringConstraints(min_length=1, max_length=TAG_KEY_CHARACTERS_MAX, pattern=_PRINTABLE)
]
TagValue = Annotated[
    str, StringConstraints(max_length=TAG_VALUE_CHARACTERS_MAX, pattern=_PRINTABLE)
]


class Submission(BaseModel):
    """What a client asks for. Each description also tells what a wrong value should be."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="Submission"
    )

    source: str = Field(
        min_length=1, description="the OpenQASM 2 or 3 program, a text of at most 1 MiB in UTF-8"
    )
    language: Literal["openqasm"] = Field("openqasm", description='"openqasm"')
    shots: int = Field(
        ge=SHOTS_MIN,
        le=SHOTS_MAX,
        description=f"a whole number from {SHOTS_MIN} to {SHOTS_MAX}: how often the circuit is run",
    )
    device: str = Field(
        min_length=1,
        max_length=64,
        description='the name of a device as in GET /v1/devices, "any", or "any-qpu"',
    )
    name: str | None = Field(
        None,
        max_length=NAME_CHARACTERS_MAX,
        pattern=_PRINTABLE,
        description=f"a text of at most {NAME_CHARACTERS_MAX} printable characters",
    )
    tags: dict[TagKey, TagValue] = Field(
        default_factory=dict,
        max_length=TAGS_MAX,
        description=f"at most {TAGS_MAX} tags, keys of 1 to {TAG_KEY_CHARACTERS_MAX} and values of"
        f" at most {TAG_VALUE_CHARACTERS_MAX} printable characters",
    )

    @property
    def digest(self) -> str:
        """Tells whether two submissions ask for the same."""
        asked = [
            self.source,
            self.language,
            self.shots,
            self.device,
            self.name,
            sorted(self.tags.items()),
        ]
        return hashlib.sha256(json.dumps(asked, ensure_ascii=True).encode()).hexdigest()


class Accepted(NamedTuple):
    """The job, and whether an earlier submission with the same key had made it."""

    job: Job
    replayed: bool


def submit_job(
    principal: Principal,
    submission: Submission,
    idempotency_key: str | None,
    *,
    ledger: Ledger,
    blobs: Blobs,
    wakeups: Wakeups,
    clock: Clock,
    region: str,
    trace_id: str | None,
    pair: PairReading,
    devices: Callable[[], Sequence[Device]],
    spent: Callable[[], Usage],
) -> Accepted:
    """Accept a submission as a job that nothing will lose any more.

    The job's id follows from tenant and key, so the one conditional write that stores it also
    is what makes a repetition harmless. Nothing at all is stored for a refused submission.

    Parameters
    ----------
    idempotency_key
        The client's, or ``None`` for a submission that is new in any case.
    region
        This region.
    trace_id
        The trace of this submission, which the job's later stages name in their logs.
    pair, devices
        The pair record and the devices, both a little old at most.
    spent
        What this invocation consumed until now; goes on the job's account.

    Raises
    ------
    BellpairError
        With the reason of the refusal and its remedy.
    TransientFault
        When ledger or blobs could not be reached; a repetition with the same key is safe.
    """
    require_active(pair, region)
    key = _checked_key(idempotency_key)
    facts = _checked_program(submission.source)
    _require_fetchable(submission.shots, facts.num_bits)
    digest = submission.digest
    wanted = job_id(principal.tenant, key or secrets.token_hex(16))
    try:
        record = require_accepting(pair, region)
        _require_device(devices(), submission, facts.num_qubits)
    except BellpairError:
        # The world may have changed since the job was accepted; its repetition is still good.
        stored = ledger.job(wanted) if key is not None else None
        if stored is None or stored.request_digest != digest:
            raise
        return Accepted(stored, replayed=True)
    source = submission.source.encode()
    if key is not None and len(source) > INLINE_BLOB_BYTES_MAX:
        # What would not live in the job itself is not to be left behind by a refusal.
        stored = ledger.job(wanted)
        if stored is not None:
            return _replayed(stored, digest, wakeups)
    program = blobs.put(source)
    now = clock()
    job = Job(
        id=wanted,
        tenant=principal.tenant,
        key_id=principal.key_id,
        trace_id=trace_id,
        name=submission.name,
        tags=submission.tags,
        request_digest=digest,
        program=program,
        language_version=facts.version,
        num_qubits=facts.num_qubits,
        num_bits=facts.num_bits,
        shots=submission.shots,
        device=submission.device,
        epoch=record.epoch,
        region=region,
        accepted_at=now,
        deadline=now + JOB_DEADLINE,
        check_at=now + CHECK_AFTER,
        usage=spent() + Usage(queue_requests=1),
        events=(
            JobEvent(
                at=now,
                type="queued",
                region=region,
                epoch=record.epoch,
                message=f"accepted for device {submission.device}",
            ),
        ),
    )
    try:
        ledger.insert(job)
    except JobExists as found:
        return _replayed(found.existing, digest, wakeups)
    wakeups.wake(job.device)
    return Accepted(job, replayed=False)


def _replayed(stored: Job, digest: str, wakeups: Wakeups) -> Accepted:
    if stored.request_digest != digest:
        raise BellpairError(
            ErrorCode.IDEMPOTENCY_CONFLICT,
            f"This Idempotency-Key made job {stored.id} from another request body.",
            job_id=stored.id,
        ) from None
    if not stored.status.terminal:
        wakeups.wake(stored.device)
    return Accepted(stored, replayed=True)


def _checked_key(key: str | None) -> str | None:
    if key is None:
        return None
    good = 0 < len(key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX and key.isascii() and key.isprintable()
    if not good:
        problem = (
            f"must be 1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable ASCII characters;"
            f" it has {len(key)} characters"
        )
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            f"The header Idempotency-Key {problem}.",
            remedy="Make a key such as a UUID for each new job.",
            errors=[{"header": "Idempotency-Key", "detail": problem}],
        )
    return key


_LIMITS = ProgramLimits()

_NOT_YET = frozenset(
    {
        ProblemKind.UNSUPPORTED,
        ProblemKind.TOO_DEEP,
        ProblemKind.TOO_LARGE,
        ProblemKind.TOO_MANY_BITS,
        ProblemKind.UNBOUNDED_LOOP,
    }
)
"""Programs that may be good OpenQASM, but not for us."""


def _checked_program(source: str) -> ProgramFacts:
    # A character takes one byte at least, so most sources need no encoding to be measured.
    if len(source) > SOURCE_BYTES_MAX or len(source.encode()) > SOURCE_BYTES_MAX:
        raise BellpairError(
            ErrorCode.SOURCE_TOO_LARGE,
            f"The source has {len(source.encode())} bytes; the limit is {SOURCE_BYTES_MAX}.",
            pointer="#/source",
            limit_bytes=SOURCE_BYTES_MAX,
        )
    try:
        facts = check_program(source, _LIMITS)
    except ProgramError as error:
        if error.kind is ProblemKind.TOO_MANY_QUBITS:
            code = ErrorCode.PROGRAM_TOO_WIDE
        elif error.kind in _NOT_YET:
            code = ErrorCode.PROGRAM_UNSUPPORTED
        else:
            code = ErrorCode.PROGRAM_INVALID
        raise BellpairError(
            code,
            f"Line {error.line}, column {error.column}: {error.message}.",
            remedy=error.remedy,
            pointer="#/source",
            line=error.line,
            column=error.column,
            problem=error.kind.value,
        ) from None
    if facts.obstacle is not None:
        message, line, column, remedy = facts.obstacle
        raise BellpairError(
            ErrorCode.PROGRAM_UNSUPPORTED,
            f"Line {line}, column {column}: {message}.",
            remedy=remedy,
            pointer="#/source",
            line=line,
            column=column,
            problem=ProblemKind.UNSUPPORTED.value,
        )
    return facts


def _require_fetchable(shots: int, num_bits: int) -> None:
    if shots * num_bits > RESULT_BITS_MAX:
        raise BellpairError(
            ErrorCode.RESULT_TOO_LARGE,
            f"{shots} shots of {num_bits} bits each make a result of up to {shots * num_bits} bits;"
            f" the limit is {RESULT_BITS_MAX}.",
            remedy=f"Ask for at most {RESULT_BITS_MAX // num_bits} shots, or measure into fewer"
            " bits; several jobs can share the shots.",
            pointer="#/shots",
            shots=shots,
            num_bits=num_bits,
            limit_bits=RESULT_BITS_MAX,
        )


def _require_device(devices: Sequence[Device], asked: Submission, num_qubits: int) -> None:
    if asked.device in SHARED_QUEUES:
        _require_some_device(devices, asked, num_qubits)
        return
    device = next((device for device in devices if device.name == asked.device), None)
    if device is None:
        names = [device.name for device in devices if device.status is not DeviceStatus.RETIRED]
        raise _refused(
            ErrorCode.DEVICE_UNKNOWN,
            f"There is no device of this name; the devices are {_listed(names)}.",
            devices=names,
        )
    if device.status is DeviceStatus.RETIRED:
        raise _refused(ErrorCode.DEVICE_RETIRED, f"Device {device.name} is retired.")
    if num_qubits > device.num_qubits:
        fitting = [d.name for d in _usable(devices) if d.num_qubits >= num_qubits]
        raise _too_wide(
            f"The program needs {num_qubits} qubits; device {device.name} has {device.num_qubits}.",
            num_qubits,
            fitting,
        )
    _require_shots(device, asked.shots)
    if device.status is DeviceStatus.OFFLINE:
        raise _refused(
            ErrorCode.DEVICE_OFFLINE, f"Device {device.name} is offline.", retry_after_s=60
        )


def _require_some_device(devices: Sequence[Device], asked: Submission, num_qubits: int) -> None:
    only_qpus, shots = asked.device == ANY_QPU, asked.shots
    what = "QPU" if only_qpus else "device"
    usable = [
        device for device in _usable(devices) if device.kind is DeviceKind.QPU or not only_qpus
    ]
    if not usable:
        raise _refused(ErrorCode.DEVICE_OFFLINE, f"No {what} is online.", retry_after_s=60)
    wide = [device for device in usable if device.num_qubits >= num_qubits]
    if not wide:
        widest = max(usable, key=lambda device: device.num_qubits)
        raise _too_wide(
            f"The program needs {num_qubits} qubits; the widest {what} that is online,"
            f" {widest.name}, has {widest.num_qubits}.",
            num_qubits,
            [],
        )
    if not any(device.shots_min <= shots <= device.shots_max for device in wide):
        _require_shots(max(wide, key=lambda device: device.shots_max), shots)


def _require_shots(device: Device, shots: int) -> None:
    if not device.shots_min <= shots <= device.shots_max:
        raise BellpairError(
            ErrorCode.SHOTS_OUT_OF_RANGE,
            f"Device {device.name} takes {device.shots_min} to {device.shots_max} shots;"
            f" {shots} were asked for.",
            pointer="#/shots",
            shots_min=device.shots_min,
            shots_max=device.shots_max,
        )


def _usable(devices: Sequence[Device]) -> list[Device]:
    return [device for device in devices if device.status is DeviceStatus.ONLINE]


def _too_wide(detail: str, num_qubits: int, fitting: list[str]) -> BellpairError:
    fits = f" These fit: {_listed(fitting)}." if fitting else " No device that is online fits."
    return _refused(
        ErrorCode.PROGRAM_TOO_WIDE,
        detail + fits,
        remedy=None if fitting else "Use fewer qubits.",
        num_qubits=num_qubits,
        devices=fitting,
    )


def _refused(code: ErrorCode, detail: str, **members: Any) -> BellpairError:
    return BellpairError(code, detail, pointer="#/device", **members)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
