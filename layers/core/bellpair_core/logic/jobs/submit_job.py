"""Accept a job: check it, keep its program, write it once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.logic.pair.pair_gate import PairReading, require_accepting, require_active
from bellpair_core.model.builtin import BUILTIN_PACKAGE, SAMPLING
from bellpair_core.model.choice import AskedConstraints
from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import Job, JobEvent, job_id
from bellpair_core.model.limits import (
    CHECK_AFTER,
    JOB_DEADLINE,
    RESULT_BITS_MAX,
    SHOTS_MAX,
    SHOTS_MIN,
)
from bellpair_core.model.tenant import Principal
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, Clock, Ledger, Wakeups

from .accept_job import (
    Accepted,
    JobName,
    Tags,
    accept,
    accepted_before,
    accepted_large,
    checked_key,
)
from .asked_options import asked_options
from .checked_program import AcceptedProgram, Language, accepted_program, unsupported
from .choose_device import Need
from .require_suitable import require_mid_circuit, require_own_device, require_suitable
from .sampled_job import require_room_for_counts, sampling_inputs, sampling_invocation


class Submission(BaseModel):
    """What a client asks for. Each description also tells what a wrong value should be."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="Submission"
    )

    source: str = Field(
        min_length=1,
        description="the program, a text of at most 1 MiB in UTF-8: OpenQASM 2 or 3, or a QPY file"
        " in base64",
    )
    language: Language = Field(
        "openqasm",
        description='"openqasm", or "qpy" for a file that qiskit.qpy.dump wrote with one circuit',
    )
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
    constraints: AskedConstraints = Field(
        default_factory=AskedConstraints,
        description="a JSON object with what a device must offer: min_fidelity, max_cost_usd,"
        " max_wait_s, kind",
    )
    options: list[str | dict[str, JsonValue]] | None = Field(
        None,
        description="a list of execution options in the order in which they wrap the device, each"
        " a name, or an object of a name and parameters",
    )
    level: int | None = Field(
        None,
        ge=0,
        le=3,
        description="a whole number from 0 to 3: a sensible stack of options, in place of options",
    )
    name: JobName = None
    tags: Tags = Field(default_factory=dict)

    @property
    def stack(self) -> tuple[dict[str, Any], ...]:
        """The options with all their parameters, those of a level too.

        Raises
        ------
        BellpairError
            ``option-invalid``.
        """
        return asked_options(SAMPLING, self.options, self.level)

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
        if (limits := self.constraints.stored()) is not None:
            asked.append({"constraints": limits.model_dump(mode="json", exclude_none=True)})
        if self.options or self.level:
            asked.append({"options": self.options or self.level})
        return hashlib.sha256(json.dumps(asked, ensure_ascii=True).encode()).hexdigest()


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
    marks: Mapping[str, str] | None = None,
) -> Accepted:
    """Accept a submission as a job that nothing will lose any more.

    The job's id follows from tenant and key, so the one conditional write that stores it also
    is what makes a repetition harmless. Nothing at all is stored for a refused submission. A
    circuit with options is run by the built-in function `sampling`; a plain one goes to its
    device by itself.

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
    marks
        Tags of the platform's own, which no submission may give.

    Raises
    ------
    BellpairError
        With the reason of the refusal and its remedy.
    TransientFault
        When ledger or blobs could not be reached; a repetition with the same key is safe.
    """
    require_active(pair, region)
    key = checked_key(idempotency_key)
    facts = accepted_program(submission.source, submission.language)
    require_fetchable(submission.shots, facts.num_bits)
    options = submission.stack
    if options:
        _require_plain(submission.language, facts)
        require_room_for_counts(submission.shots, facts.num_bits)
    digest = submission.digest
    constraints = submission.constraints.stored()
    wanted = job_id(principal.tenant, key or secrets.token_hex(16))
    try:
        record = require_accepting(pair, region)
        offered = devices()
        require_device(
            offered, submission.device, num_qubits=facts.num_qubits, shots=submission.shots
        )
        require_own_device(facts.native, submission.device, offered)
        require_mid_circuit(facts.mid_circuit, submission.device, offered)
        require_suitable(
            Need(
                job_id=wanted,
                asked=submission.device,
                num_qubits=facts.num_qubits,
                shots=submission.shots,
                constraints=constraints,
                shape=facts.shape,
            ),
            offered,
        )
    except BellpairError:
        # The world may have changed since the job was accepted; its repetition is still good.
        if key is None or (earlier := accepted_before(ledger, wanted, digest)) is None:
            raise
        return earlier
    payload = submission.source.encode()
    if options:
        payload = sampling_inputs(submission.source, submission.shots, options)
    if key is not None and (known := accepted_large(ledger, wanted, digest, payload, wakeups)):
        return known
    function = None
    if options:
        cap = constraints.max_cost_usd if constraints is not None else None
        function = sampling_invocation(wanted, payload, blobs, cap)
    program = BUILTIN_PACKAGE if options else blobs.put(payload)
    now = clock()
    job = Job(
        id=wanted,
        tenant=principal.tenant,
        key_id=principal.key_id,
        trace_id=trace_id,
        name=submission.name,
        tags={**submission.tags, **(marks or {})},
        request_digest=digest,
        program=program,
        language_version=facts.version,
        num_qubits=facts.num_qubits,
        num_bits=facts.num_bits,
        shots=submission.shots,
        device=submission.device,
        constraints=constraints,
        shape=facts.shape,
        function=function,
        options=options,
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
    return accept(job, ledger, wakeups)


def _require_plain(language: Language, program: AcceptedProgram) -> None:
    """Let pass what execution options can be done to."""
    if (special := program.native or program.mid_circuit) is not None:
        raise unsupported(
            special,
            "Leave the options out: they are for compiled programs that measure at their end.",
        )
    if language != "openqasm":
        raise BellpairError(
            ErrorCode.PROGRAM_UNSUPPORTED,
            "Execution options are for programs in OpenQASM.",
            remedy="Send the circuit as qiskit.qasm3.dumps writes it, or leave the options out.",
            pointer="#/language",
        )


def require_fetchable(shots: int, num_bits: int) -> None:
    """Let pass what has a result that can be fetched.

    Raises
    ------
    BellpairError
        ``result-too-large``.
    """
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
