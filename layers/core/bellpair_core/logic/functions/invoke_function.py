"""Invoke a function: accept a job that runs it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.logic.jobs.accept_job import (
    Accepted,
    JobName,
    Tags,
    accept,
    accepted_before,
    accepted_large,
    checked_key,
)
from bellpair_core.logic.pair.pair_gate import PairReading, require_accepting, require_active
from bellpair_core.logic.primitives.check_pubs import check_pubs
from bellpair_core.logic.primitives.estimated_cost import require_within_cap
from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import FunctionVersion, Invocation, seed_of
from bellpair_core.model.job import ANY_DEVICE, Job, JobEvent, job_id
from bellpair_core.model.limits import (
    CHECK_AFTER,
    FUNCTION_SECONDS_MAX,
    JOB_DEADLINE,
    NAME_CHARACTERS_MAX,
)
from bellpair_core.model.tenant import Principal
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, CallbackBook, Clock, Functions, Ledger, Wakeups

from .check_inputs import checked_inputs
from .function_target import find_version, read_target


class InvocationRequest(BaseModel):
    """What a client asks of a function; each description also tells what should be there."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, title="Invocation"
    )

    inputs: dict[str, JsonValue] = Field(
        default_factory=dict, description="a JSON object with the function's inputs by name"
    )
    device: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description='the name of a device as in GET /v1/devices, "any", or "any-qpu"; for the'
        " quantum calls that name none, in place of the function's own",
    )
    name: Annotated[
        JobName,
        Field(
            description=f"a text of at most {NAME_CHARACTERS_MAX} printable characters; without"
            " it, the function's name and version, such as vqe-h2:3"
        ),
    ] = None
    tags: Tags = Field(default_factory=dict)
    max_cost_usd: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="the cost cap, US dollars: before a task would pass it, the job is paused",
    )
    seed: int | None = Field(
        None,
        ge=0,
        lt=1 << 53,
        description="a whole number from 0 to 2^53-1: the seed of the function's randomness",
    )
    timeout_s: int | None = Field(
        None,
        ge=1,
        le=FUNCTION_SECONDS_MAX,
        description=f"a whole number from 1 to {FUNCTION_SECONDS_MAX}: seconds within which the"
        " function is to be finished, in place of its own",
    )
    callback: str | None = Field(
        None, max_length=64, description="the id of a callback as in GET /v1/callbacks"
    )

    def digest(self, target: str) -> str:
        """Tells whether two requests to invoke ``target`` ask for the same."""
        asked = [
            "function",
            target,
            self.inputs,
            self.device,
            self.name,
            self.tags,
            self.max_cost_usd,
            self.seed,
            self.timeout_s,
            self.callback,
        ]
        text = json.dumps(asked, ensure_ascii=True, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def invoke_function(
    principal: Principal,
    target: str,
    request: InvocationRequest,
    idempotency_key: str | None,
    *,
    ledger: Ledger,
    blobs: Blobs,
    functions: Functions,
    callbacks: CallbackBook,
    wakeups: Wakeups,
    clock: Clock,
    region: str,
    trace_id: str | None,
    pair: PairReading,
    devices: Callable[[], Sequence[Device]],
    spent: Callable[[], Usage],
    trigger: str | None = None,
    marks: Mapping[str, str] | None = None,
) -> Accepted:
    """Accept a job that runs a function, which nothing will lose any more.

    As with `bellpair_core.logic.jobs.submit_job.submit_job`, the job's id follows from tenant and
    key, and nothing is stored for a refused request. Which version a weighted alias gives follows
    from that id, so a repetition means the same one.

    Parameters
    ----------
    target
        ``"name"``, ``"name:alias"`` or ``"name:version"``, of the principal's tenant.
    idempotency_key
        The client's, or ``None`` for an invocation that is new in any case.
    region
        This region.
    trace_id
        The trace of this request, which the job's later stages name in their logs.
    pair, devices
        The pair record and the devices, both a little old at most.
    spent
        What this invocation consumed until now; goes on the job's account.
    trigger
        Name of the trigger that asks.
    marks
        Tags of the platform's own, which no request may give.

    Raises
    ------
    BellpairError
        With the reason of the refusal and its remedy.
    TransientFault
        When ledger, catalogue or blobs could not be reached; a repetition with the same key is
        safe.
    """
    require_active(pair, region)
    key = checked_key(idempotency_key)
    named = read_target(target)
    digest = request.digest(target)
    wanted = job_id(principal.tenant, key or secrets.token_hex(16))
    try:
        record = require_accepting(pair, region)
        version = find_version(functions, principal.tenant, named, wanted)
        inputs = checked_inputs(request.inputs, version.inputs)
        device = request.device or version.device or ANY_DEVICE
        if version.builtin:
            load = check_pubs(version.name, request.inputs)
            for shots in {load.shots_least, load.shots_most}:
                require_device(devices(), device, num_qubits=load.num_qubits, shots=shots)
            require_within_cap(load, devices(), device, request.max_cost_usd)
        else:
            require_device(devices(), device)
        _require_callback(callbacks, principal.tenant, request.callback)
    except BellpairError:
        # The function may have changed since the job was accepted; its repetition is still good.
        if key is None or (earlier := accepted_before(ledger, wanted, digest)) is None:
            raise
        return earlier
    if key is not None and (known := accepted_large(ledger, wanted, digest, inputs, wakeups)):
        return known
    now = clock()
    timeout_s = request.timeout_s or version.timeout_s
    job = Job(
        id=wanted,
        tenant=principal.tenant,
        key_id=principal.key_id,
        trace_id=trace_id,
        name=request.name or f"{version.name}:{version.version}",
        tags={**request.tags, **(marks or {})},
        request_digest=digest,
        program=version.package,
        language_version="",
        num_qubits=0,
        num_bits=0,
        shots=0,
        device=device,
        function=Invocation(
            name=version.name,
            version=version.version,
            alias=named.alias,
            worker=version.worker,
            entry=version.entry,
            inputs=blobs.put(inputs),
            options=version.options,
            seed=seed_of(wanted) if request.seed is None else request.seed,
            timeout_s=timeout_s,
            max_cost_usd=request.max_cost_usd,
            callback=request.callback,
            trigger=trigger,
        ),
        epoch=record.epoch,
        region=region,
        accepted_at=now,
        deadline=now + min(JOB_DEADLINE, timedelta(seconds=timeout_s)),
        check_at=now + CHECK_AFTER,
        usage=spent() + Usage(queue_requests=1),
        events=(
            JobEvent(
                at=now,
                type="queued",
                region=region,
                epoch=record.epoch,
                message=_accepted_text(version, trigger),
            ),
        ),
    )
    return accept(job, ledger, wakeups)


def _accepted_text(version: FunctionVersion, trigger: str | None) -> str:
    by = f" by trigger {trigger}" if trigger else ""
    return f"accepted{by} for function {version.name}:{version.version}"


def _require_callback(callbacks: CallbackBook, tenant: str, callback: str | None) -> None:
    if callback is not None and callbacks.callback(tenant, callback) is None:
        raise BellpairError(
            ErrorCode.CALLBACK_NOT_FOUND,
            "This tenant has no callback of this id.",
            remedy="Register the URL with POST /v1/callbacks; GET lists the ids there are.",
            pointer="#/callback",
        )
