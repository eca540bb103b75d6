"""What becomes of a call once its tasks are over: its result or its failure, and its cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bellpair_core.logic.tasks.counts import BIT_ORDER, counts_of
from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_core.model.journal import Call, CallProgram, CallResult
from bellpair_core.ports import TaskState, TaskStatus

from .call_desk import CallDesk
from .task_place import TaskPlace


@dataclass(frozen=True)
class CallOutcome:
    """Makes the result of one call.

    Attributes
    ----------
    line
        Number of the journal's line with the call's intent.
    places
        The call's tasks.
    programs
        What they run.
    """

    desk: CallDesk
    line: int
    call: Call
    places: Sequence[TaskPlace]
    programs: Callable[[], Sequence[CallProgram]]

    def succeeded(self) -> CallResult:
        """The counts of all tasks, whose results are all here; a failure where they make no sense.

        Of a partial call, a circuit without a result has its error instead.

        Raises
        ------
        TransientFault
            When the result could not be stored, or what was run could not be read.
        """
        results: list[dict[str, Any]] = []
        for place, task, made in zip(self.places, self.call.tasks, self.programs(), strict=True):
            if self.call.partial and place.failed:
                results.append({"error": self._error_of(place)})
                continue
            assert place.document is not None
            try:
                counts = counts_of(place.document, task.bits)
            except JobFailed as error:
                return self.failed(*JobFailed.parse(str(error)))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                text = f"The result of task {place.arn} is not a gate-model result: {error!r}"
                return self.failed(ErrorCode.RESULT_MISSING, text)
            shots = sum(counts.values())
            results.append(
                {
                    "counts": counts,
                    "shots": shots,
                    "bits": len(task.bits),
                    "qubits": task.bits,
                    "readout": made.readout,
                    "metrics": made.metrics,
                }
            )
        self.desk.breakers.succeeded(self.call.device)
        cost = self._cost()
        value = {
            "results": self._with_refused(results),
            "bit_order": BIT_ORDER,
            "device": self.call.device,
            "calibration_id": self.call.calibration_id,
            "cost_usd": cost,
        }
        text = json.dumps(value, separators=(",", ":"))
        return self._result(cost, value=self.desk.blobs.put(text.encode()))

    def _with_refused(self, results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The results of the tasks, and at their places the errors of circuits without one."""
        rest = iter(results)
        return [
            {"error": self.call.refused[number]} if number in self.call.refused else next(rest)
            for number in range(len(results) + len(self.call.refused))
        ]

    def _error_of(self, place: TaskPlace) -> dict[str, str]:
        if isinstance(place.fault, JobFailed):
            code, text, remedy = JobFailed.parse(str(place.fault))
        else:
            assert place.state is not None
            code, text = self._why_failed(place.state)
            remedy = None
        return {"code": code.value, "message": text, "remedy": remedy or code.remedy}

    def _why_failed(self, state: TaskState) -> tuple[ErrorCode, str]:
        name = self.call.device
        if state.status is TaskStatus.FAILED:
            reason = state.failure_reason or "no reason given"
            return ErrorCode.TASK_FAILED, f"Device {name} failed task {state.arn}: {reason}."
        return ErrorCode.TASK_CANCELLED, f"Task {state.arn} on device {name} was cancelled."

    def task_failed(self, state: TaskState) -> CallResult:
        """The failure of a call one of whose tasks failed or was cancelled."""
        name = self.call.device
        if state.status is TaskStatus.FAILED:
            reason = state.failure_reason or "no reason given"
            self.desk.breakers.failed(name, f"device {name} failed a task: {reason}")
        return self.failed(*self._why_failed(state))

    def failed(self, code: ErrorCode, text: str, remedy: str | None = None) -> CallResult:
        """The failure of the call; what else it had made is cancelled, as well as that goes."""
        for place in self.places:
            place.give_up()
        error = {"code": code.value, "message": text, "remedy": remedy or code.remedy}
        return self._result(self._cost(), error=error)

    def _result(self, cost: float, **content: Any) -> CallResult:
        return CallResult(
            call=self.line,
            operation=self.call.operation,
            name=self.call.name,
            parent=self.call.parent,
            cost_usd=cost,
            **content,
        )

    def _cost(self) -> float:
        """What the tasks cost that are not known to have come to nothing, US dollars."""
        device = self.desk.device(self.call.device)
        if device is None:
            return self.call.reserved_usd
        total = 0.0
        for place, task in zip(self.places, self.call.tasks, strict=True):
            if place.arn is not None and not place.unwell:
                total += device.price.of(task.shots, place.seconds)
        return round(total, 9)
