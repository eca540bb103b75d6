"""How a run may end, as the state machine hears it."""

from __future__ import annotations

import json

from .broker import Refused, Unreachable
from .faults import Fault, fault
from .frames import Message

FINISHED: Message = {"outcome": "finished"}
SUSPENDED: Message = {"outcome": "suspended"}
YIELDED: Message = {"outcome": "yielded"}

FAILURES = frozenset(
    {
        "function-failed",
        "function-crashed",
        "function-timed-out",
        "function-invalid",
        "inputs-invalid",
        "output-invalid",
        "non-deterministic-function",
        "limit-exceeded",
        "call-failed",
    }
)
"""The codes of what may be a function's own fault."""

_REMEDIES = {
    "function-failed": "`bellpair jobs logs` shows what it printed; correct it and deploy it.",
    "function-crashed": "Keep within the worker's memory, processes and time, and do not leave "
    "the interpreter.",
    "function-timed-out": "Make shorter stretches between two calls, or use runtime.checkpoint.",
    "function-invalid": "Correct the module as the message says, and deploy it again.",
}


def failed(error: Fault) -> Message:
    """The function failed for good; the shape is that of a stage that raised ``JobFailed``."""
    code, message = error["code"], error["message"].replace("|", "/")
    remedy = error.get("remedy") or _REMEDIES.get(code, "See the job's log.")
    cause = {"errorType": "JobFailed", "errorMessage": f"{code}|{message}|{remedy}"}
    return {"outcome": "failed", "error": {"Error": "JobFailed", "Cause": json.dumps(cause)}}


def crashed(kind: str, cause: str) -> Message:
    """The run came to nothing; another one may do better."""
    return {"outcome": "crashed", "crash": {"Error": kind, "Cause": cause}}


def unanswered(error: Unreachable) -> Message:
    """The broker did not answer. Where it failed at this one request, so may the next run's."""
    if error.fault.failed:
        # Only the name: the text of an error of the platform's own may hold anything.
        return crashed("broker-failed", error.fault.kind)
    return crashed("broker-unreachable", str(error))


def refused(refusal: Refused) -> Message:
    """The broker ended the run: the job's record says what comes next."""
    said = {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}
    return {**YIELDED, "refused": said}


def failure_of(refusal: Refused) -> Fault | None:
    """The function's failure that a refusal means, or ``None`` where it means none."""
    if refusal.code not in FAILURES:
        return None
    return fault(refusal.code, refusal.message, refusal.remedy)
