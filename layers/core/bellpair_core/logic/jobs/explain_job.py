"""Explain a job: why it is on its device, or waits, and why it took the way that it did."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bellpair_core.logic.devices.device_breaker import Breakers
from bellpair_core.model.builtin import SAMPLING
from bellpair_core.model.choice import Choice, Considered, Constraints, Verdict
from bellpair_core.model.device import Device
from bellpair_core.model.job import SHARED_QUEUES, Job, JobStatus
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import Blobs, Clock, Ledger

from .choose_device import choose_device, fidelity_text, need_of
from .device_loads import load_of
from .get_job import own_job
from .why_waiting import why_waiting

_PLAIN = (
    frozenset(status.value for status in JobStatus) - {JobStatus.QUEUED, JobStatus.FAILED}
) | {"compiled", "launched", "polled"}
"""Events that say only that a job went on as every job does."""


class Reason(NamedTuple):
    """One sentence of an explanation.

    Attributes
    ----------
    at
        When it came to be so; ``None`` for what is so now.
    about
        ``"request"``, ``"choice"``, ``"waiting"``, ``"compilation"`` or the type of an event.
    """

    at: datetime | None
    about: str
    text: str


class Explanation(NamedTuple):
    """Why a job is where it is.

    Attributes
    ----------
    choice
        How the devices compared when the job was last given to one; while it waits, how they
        compare now.
    """

    job: Job
    choice: Choice | None
    reasons: tuple[Reason, ...]


def explain_job(
    principal: Principal,
    job_id: str,
    *,
    ledger: Ledger,
    blobs: Blobs,
    devices: Callable[[], Sequence[Device]],
    breakers: Breakers,
    clock: Clock,
) -> Explanation:
    """Tell why the job is on its device or waits, and what turned it on its way.

    Parameters
    ----------
    devices, breakers
        The catalogue's devices and what is held against them, a little old at most.

    Raises
    ------
    BellpairError
        ``job-not-found``, as in `own_job`.
    TransientFault
        When what `sampling` returned for a circuit with options could not be read now.
    """
    job, now = own_job(ledger, principal, job_id), clock()
    waits = job.status is JobStatus.QUEUED and job.function is None
    choice = _compared(job, ledger, devices(), breakers, now) if waits else job.choice
    reasons = [Reason(job.accepted_at, "request", _asked(job))]
    reasons += _told_by_events(job)
    if choice is not None:
        reasons += _told_by_choice(choice)
    if (form := _form_of(job, blobs)) is not None:
        reasons += _told_by_compilation(form)
    waiting_for = why_waiting(job, devices(), breakers, now) if waits else job.waiting_for
    if waiting_for and not job.status.terminal:
        reasons.append(Reason(None, "waiting", waiting_for))
    elif waits:
        reasons.append(Reason(None, "waiting", "it waits for its turn in the queue"))
    if job.error is not None:
        reasons.append(Reason(job.finished_at, "failed", job.error.message))
    return Explanation(job, choice, tuple(reasons))


def asked_text(limits: Constraints) -> str:
    """Constraints for people."""
    parts = []
    if limits.kind is not None:
        parts.append(f"kind {limits.kind.value}")
    if limits.min_fidelity is not None:
        parts.append(f"an expected success of {limits.min_fidelity:g} or more")
    if limits.max_cost_usd is not None:
        parts.append(f"at most {limits.max_cost_usd:g} USD")
    if limits.max_wait_s is not None:
        parts.append(f"a wait of at most {limits.max_wait_s:g} s")
    return ", ".join(parts)


def _compared(
    job: Job, ledger: Ledger, devices: Sequence[Device], breakers: Breakers, now: datetime
) -> Choice:
    loads = [
        load_of(device, ledger, breakers)
        for device in devices
        if job.device in SHARED_QUEUES or job.device == device.name
    ]
    return choose_device(need_of(job), loads, now)


def _asked(job: Job) -> str:
    if job.function is not None and job.asks_for_function:
        return f"it runs function {job.function.name}, version {job.function.version}"
    limits = f", with {asked_text(job.constraints)}" if job.constraints is not None else ""
    named = ", ".join(str(option["name"]) for option in job.options)
    options = f", and for {named}, so {SAMPLING} runs it" if named else ""
    return f"it asked for device {job.device}{limits}{options}"


def _told_by_events(job: Job) -> list[Reason]:
    """What the event log says beyond the ordinary; its first line is the acceptance."""
    return [
        Reason(event.at, event.type, event.message)
        for event in job.events[1:]
        if event.message and event.type not in _PLAIN and event.type != JobStatus.FAILED
    ]


def _told_by_choice(choice: Choice) -> list[Reason]:
    reasons = [
        Reason(choice.at, "choice", f"{one.device} {_verdict(one)}: {one.reason}")
        for one in choice.considered
    ]
    if choice.chosen is None:
        reasons.append(Reason(choice.at, "choice", "no device can take it now"))
    return reasons


def _verdict(one: Considered) -> str:
    score = "" if one.score is None else f" with score {one.score:.3g}"
    return {
        Verdict.CHOSEN: f"is the best{score}",
        Verdict.ELIGIBLE: f"would do{score}",
        Verdict.WAITS: "is not ready",
        Verdict.EXCLUDED: "is left out",
    }[one.verdict]


class _Form(NamedTuple):
    """What is told of a compiled form."""

    device: str | None
    calibration_id: str
    metrics: Mapping[str, Any]


def _form_of(job: Job, blobs: Blobs) -> _Form | None:
    """What is known of the form that was compiled, from the record or what `sampling` returned."""
    if job.compiled is not None:
        return _Form(job.device_used, job.compiled.calibration_id, job.compiled.metrics)
    if not job.options or job.status is not JobStatus.SUCCEEDED or job.result is None:
        return None
    (sampled,) = json.loads(blobs.get(job.result))["results"]
    return _Form(sampled["device"], sampled["calibration_id"], sampled.get("metrics") or {})


def _told_by_compilation(form: _Form) -> list[Reason]:
    metrics = form.metrics
    text = f"compiled for {form.device} against calibration {form.calibration_id}"
    candidates = metrics.get("candidates")
    if isinstance(candidates, Sequence) and len(candidates) > 1:
        text += f", the best of {len(candidates)} candidates"
    success = metrics.get("estimated_success")
    if isinstance(success, float):
        text += f", estimated success {fidelity_text(success)}"
    reasons = [Reason(None, "compilation", text)]
    if fallback := metrics.get("fallback"):
        reasons.append(
            Reason(None, "compilation", f"the calibration's error rates were not used: {fallback}")
        )
    return reasons
