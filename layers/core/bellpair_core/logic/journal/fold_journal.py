"""What a journal's lines come to: the operations of the replay engine, and what is pending.

Operations have the shape of AWS's durable-execution API, times in milliseconds. What only time
brings about (a wait that is over, a step that may be tried again) is told by the clock and needs
no line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.journal import Call, CallResult, Launched, Line

SAMPLE = "bellpair.sample"
"""What a function invokes to have circuits run: a quantum call."""

CHECKPOINT = "bellpair.checkpoint"
"""What it invokes to keep its own state."""

CALL_FAILED = "CallFailed"
"""The type of error by which a function hears that a call failed."""

Operation = dict[str, Any]

_AFTER = {
    "START": "STARTED",
    "SUCCEED": "SUCCEEDED",
    "FAIL": "FAILED",
    "RETRY": "PENDING",
    "CANCEL": "CANCELLED",
}

_NO_CALLBACKS = {
    "ErrorMessage": "Callbacks from outside are not offered here. Use a step or a quantum call.",
    "ErrorType": "CallbackError",
}


@dataclass(frozen=True)
class PendingCall:
    """A call that has its intent and no result.

    Attributes
    ----------
    line
        Number of the line with the intent.
    launched
        What is known of its tasks; ``None`` where nobody has looked after it yet.
    """

    line: int
    call: Call
    launched: Launched | None = None


@dataclass
class Folded:
    """What lines came to, one after the other.

    Attributes
    ----------
    operations
        By id, in the order of their first lines. A succeeded call has no result text in it.
    values
        Where the results of succeeded calls are, by operation id.
    pending
        Calls without a result, by operation id.
    checkpoint, checkpoints
        The function's last checkpoint, and how many there were.
    end
        The last line.
    """

    operations: dict[str, Operation] = field(default_factory=dict)
    values: dict[str, BlobRef] = field(default_factory=dict)
    pending: dict[str, PendingCall] = field(default_factory=dict)
    checkpoint: BlobRef | None = None
    checkpoints: int = 0
    end: Line | None = None

    def take(self, line: Line) -> None:
        """Go on by one line."""
        if line.checkpoint is not None:
            # The function begins anew from its own state: nothing before is asked for again.
            self.operations, self.values, self.pending = {}, {}, {}
            self.checkpoint, self.checkpoints = line.checkpoint, line.checkpoints
        for update in line.updates:
            self._take_update(update, line.at)
        if line.call is not None:
            self._take_call(line.call, line)
        if line.launched is not None:
            self._take_launched(line.launched)
        if line.result is not None:
            self._take_result(line.result, line.at)
        self.end = line

    def at(self, now: datetime) -> list[Operation]:
        """The operations as they are at a time."""
        return [as_of(operation, now) for operation in self.operations.values()]

    def timers(self, after: datetime) -> list[datetime]:
        """When waits are over and steps may be tried again, later than ``after``; in order."""
        found = [_due(operation) for operation in self.operations.values()]
        return sorted(due for due in found if due is not None and due > after)

    @property
    def branches(self) -> bool:
        """Whether a context is open, so that more than one thing may go on at a time."""
        return any(
            operation["Type"] == "CONTEXT" and operation["Status"] == "STARTED"
            for operation in self.operations.values()
        )

    def _take_update(self, update: Mapping[str, Any], at: datetime) -> None:
        if update["Type"] == "EXECUTION":
            return
        before = self.operations.get(update["Id"])
        self.operations[update["Id"]] = updated(before, update, at)

    def _take_call(self, call: Call, line: Line) -> None:
        self.pending[call.operation] = PendingCall(line.number, call)
        if call.operation not in self.operations:
            self.operations[call.operation] = started_call(call, line.at)

    def _take_launched(self, launched: Launched) -> None:
        for operation, pending in self.pending.items():
            if pending.line == launched.call:
                self.pending[operation] = replace(pending, launched=launched)

    def _take_result(self, result: CallResult, at: datetime) -> None:
        self.pending.pop(result.operation, None)
        before = self.operations.get(result.operation)
        started = before or started_call(result, at)
        self.operations[result.operation] = ended_call(started, result, at)
        if result.value is not None:
            self.values[result.operation] = result.value


def fold(lines: Iterable[Line]) -> Folded:
    """What the lines come to; they begin with the last checkpoint's, or with the first."""
    folded = Folded()
    for line in lines:
        folded.take(line)
    return folded


def updated(before: Operation | None, update: Mapping[str, Any], at: datetime) -> Operation:
    """An operation after an update, as the durable-execution API words both."""
    operation: Operation = {
        "Id": update["Id"],
        "Type": update["Type"],
        "Status": _AFTER[update["Action"]],
        "StartTimestamp": before["StartTimestamp"] if before else millis(at),
    }
    for name in ("ParentId", "Name", "SubType"):
        if value := update.get(name) or (before or {}).get(name):
            operation[name] = value
    if operation["Status"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
        operation["EndTimestamp"] = millis(at)
    told = {
        key: update[name]
        for name, key in (("Payload", "Result"), ("Error", "Error"))
        if update.get(name) is not None
    }
    match update["Type"]:
        case "CONTEXT":
            details: dict[str, Any] = {"Result": None, **told}
            if (update.get("ContextOptions") or {}).get("ReplayChildren"):
                details["ReplayChildren"] = True
            operation["ContextDetails"] = details
        case "STEP":
            operation["StepDetails"] = _step(before, update, at) | told
        case "WAIT":
            seconds = (update.get("WaitOptions") or {}).get("WaitSeconds", 1)
            end = millis(at + timedelta(seconds=seconds))
            known = (before or {}).get("WaitDetails")
            operation["WaitDetails"] = known or {"ScheduledEndTimestamp": end}
        case "CALLBACK":
            operation["Status"] = "FAILED"
            operation["CallbackDetails"] = {"CallbackId": update["Id"], "Error": _NO_CALLBACKS}
    return operation


def _step(before: Operation | None, update: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    tried = ((before or {}).get("StepDetails") or {}).get("Attempt", 0)
    if update["Action"] != "RETRY":
        return {"Attempt": tried}
    seconds = (update.get("StepOptions") or {}).get("NextAttemptDelaySeconds", 0)
    due = millis(at + timedelta(seconds=seconds))
    return {"Attempt": tried + 1, "NextAttemptTimestamp": due}


def started_call(call: Call | CallResult, at: datetime) -> Operation:
    """A call that has no result yet."""
    return invoked(call.operation, call.name, call.parent, at)


def invoked(operation: str, name: str | None, parent: str | None, at: datetime) -> Operation:
    """Something that was invoked and has no result yet."""
    started: Operation = {
        "Id": operation,
        "Type": "CHAINED_INVOKE",
        "SubType": "ChainedInvoke",
        "Status": "STARTED",
        "StartTimestamp": millis(at),
        "ChainedInvokeDetails": {},
    }
    if name:
        started["Name"] = name
    if parent:
        started["ParentId"] = parent
    return started


def ended_call(
    started: Operation, result: CallResult, at: datetime, text: str | None = None
) -> Operation:
    """A call with what became of it; ``text`` is the result of one that succeeded."""
    details: dict[str, Any] = {} if text is None else {"Result": text}
    if result.error is not None:
        details = {
            "Error": {
                "ErrorMessage": result.error["message"],
                "ErrorType": CALL_FAILED,
                "ErrorData": result.error.get("remedy", ""),
            }
        }
    return started | {
        "Status": "FAILED" if result.error is not None else "SUCCEEDED",
        "EndTimestamp": millis(at),
        "ChainedInvokeDetails": details,
    }


def as_of(operation: Operation, now: datetime) -> Operation:
    """The operation as it is at a time: waits end and steps become ready by themselves."""
    due = _due(operation)
    if due is None or due > now:
        return operation
    if operation["Type"] == "WAIT":
        return operation | {"Status": "SUCCEEDED", "EndTimestamp": millis(due)}
    return operation | {"Status": "READY"}


def _due(operation: Operation) -> datetime | None:
    """When the operation goes on by itself; ``None`` where it does not."""
    if operation["Type"] == "WAIT" and operation["Status"] == "STARTED":
        return from_millis(operation["WaitDetails"]["ScheduledEndTimestamp"])
    if operation["Type"] == "STEP" and operation["Status"] == "PENDING":
        return from_millis(operation["StepDetails"]["NextAttemptTimestamp"])
    return None


def millis(at: datetime) -> int:
    """Milliseconds since 1970, as the durable-execution API tells times in JSON."""
    return round(at.timestamp() * 1000)


def from_millis(number: int) -> datetime:
    """The time of that many milliseconds since 1970."""
    return datetime.fromtimestamp(number / 1000, UTC)
