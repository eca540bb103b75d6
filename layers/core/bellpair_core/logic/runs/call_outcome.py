"""What becomes of a call once its tasks are over: its result or its failure, and its cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bellpair_core.logic.tasks.counts import BIT_ORDER, counts_of
from bellpair_core.model.errors import ErrorCode, JobFailed
from bellpair_core.model.journal import Call, CallProgram, CallResult, SetProgram
from bellpair_core.ports import TaskState, TaskStatus
from bellpair_core.ports.tasks import ProgramSetRefused

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
    run
        Names the call to who observes devices.
    """

    desk: CallDesk
    line: int
    call: Call
    places: Sequence[TaskPlace]
    programs: Callable[[], Sequence[CallProgram]]
    run: str

    def succeeded(self) -> CallResult:
        """The counts of all programs, whose results are all here; a failure where they make no
        sense.

        Of a partial call, a circuit without a result has its error instead.

        Raises
        ------
        TransientFault
            When the result could not be stored, or what was run could not be read.
        """
        programs = self.programs()
        found: dict[int, dict[str, Any]] = {}
        for place in self.places:
            for number, one in enumerate(place.runs):
                try:
                    found[one.place] = self._result_of(place, number, one, programs[one.place])
                except JobFailed as error:
                    return self.failed(*JobFailed.parse(str(error)))
                except (KeyError, TypeError, ValueError, IndexError) as error:
                    text = f"The result of task {place.arn} is not a gate-model result: {error!r}"
                    return self.failed(ErrorCode.RESULT_MISSING, text)
        results = [found[number] for number in range(len(programs))]
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
        kept = self.desk.blobs.put(text.encode())
        measured = [(one["metrics"] or {}, one["counts"]) for one in results if "counts" in one]
        self.desk.observe(self.run, self.call.device, measured)
        return self._result(cost, value=kept)

    def _result_of(
        self, place: TaskPlace, number: int, one: SetProgram, made: CallProgram
    ) -> dict[str, Any]:
        """The result of the program at ``number`` of a task; of a partial call, or its error.

        Raises
        ------
        JobFailed
            When there is none, and the call is not partial, or it makes no sense.
        """
        if self.call.partial and place.failed:
            return {"error": self._error_of(place, number)}
        document = place.document_of(number)
        reason = document.get("failure")
        if reason is not None:
            name = self.call.device
            text = f"Device {name} failed a program of task {place.arn}: {reason}"
            if not self.call.partial:
                raise JobFailed(ErrorCode.TASK_FAILED, text)
            return {"error": _error(ErrorCode.TASK_FAILED, text)}
        counts = counts_of(document, one.bits)
        return {
            "counts": counts,
            "shots": sum(counts.values()),
            "bits": len(one.bits),
            "qubits": one.bits,
            "readout": made.readout,
            "metrics": made.metrics,
        }

    def _with_refused(self, results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The results of the tasks, and at their places the errors of circuits without one."""
        rest = iter(results)
        return [
            {"error": self.call.refused[number]} if number in self.call.refused else next(rest)
            for number in range(len(results) + len(self.call.refused))
        ]

    def _error_of(self, place: TaskPlace, number: int) -> dict[str, Any]:
        """Why the program at ``number`` of a task that failed has no result."""
        if isinstance(place.fault, ProgramSetRefused) and place.fault.programs:
            if number in place.fault.programs:
                return _error(ErrorCode.DEVICE_REFUSED, place.fault.programs[number])
            text = f"Device {self.call.device} refused another program of the same task."
            again = "Make the call again without the circuit that was refused."
            return _error(ErrorCode.DEVICE_REFUSED, text, again) | {"again": True}
        if isinstance(place.fault, JobFailed):
            return _error(*JobFailed.parse(str(place.fault)))
        assert place.state is not None
        return _error(*self._why_failed(place.state))

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
        return self._result(self._cost(), error=_error(code, text, remedy))

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
                total += device.price.of(task.shots_in_all, place.seconds)
        return round(total, 9)


def _error(code: ErrorCode, text: str, remedy: str | None = None) -> dict[str, Any]:
    return {"code": code.value, "message": text, "remedy": remedy or code.remedy}
