"""Watches functions' journals and the tasks of their calls, and says what must never be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bellpair_core.logic.jobs.let_go import job_of_holder
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import TaskPrice
from bellpair_core.model.errors import ErrorCode
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.journal import Call, Line, place_of
from bellpair_core.model.limits import CALL_GENERATIONS_MAX, RUNS_WITHOUT_PROGRESS_MAX
from tests.fakes import MemoryJournal

from .device_service import RunTask
from .function_worker import ASTRAY

PRICE = TaskPrice(per_task_usd=0.3, per_shot_usd=0.01)
"""Of each device."""

FUNCTION_STAGES = (
    "function queued",
    "function claimed",
    "function running",
    "call intended",
    "call launched",
    "call over",
    "function paused",
    "function returned",
)
"""How far a job that runs a function can be when something happens to its region."""

_ITS_OWN = frozenset({ErrorCode.FUNCTION_FAILED})
_ROUNDING = 1e-6


class CallReferee:
    """Judges what functions' jobs do beside their records.

    Parameters
    ----------
    violated
        Told of what was broken.
    job, active_at, tasks
        A job's record, the active region of an epoch, and a job's tasks, as they really are.

    Attributes
    ----------
    left_paused
        Jobs that are paused and whose owners leave it at that.
    """

    def __init__(
        self,
        violated: Callable[[str], None],
        job: Callable[[str], Job],
        active_at: Mapping[int, str],
        tasks: Callable[[str], list[RunTask]],
    ) -> None:
        self.left_paused: set[str] = set()
        self.journal = MemoryJournal()
        self._violated = violated
        self._job = job
        self._active_at = active_at
        self._tasks = tasks
        self._judged: dict[str, list[Line]] = {}
        self._seen: dict[tuple[str, int], Any] = {}
        self._killed: Counter[str] = Counter()
        self._silent: set[tuple[str, str]] = set()

    # The journal

    def appended(self, job_id: str, writer: str) -> None:
        """A region had a line written, or says that it had."""
        judged = self._judged.setdefault(job_id, [])
        for line in self.journal.logs[job_id][len(judged) :]:
            self._judge_line(job_id, judged[-1] if judged else None, line, writer)
            judged.append(line)

    def _judge_line(self, job_id: str, before: Line | None, line: Line, writer: str) -> None:
        where = f"line {line.number} of {job_id}"
        if line.number != (before.number if before else 0) + 1:
            self._violated(f"{where} follows on line {before.number if before else 0}")
        # What settles a call or ends a job carries the last run's epoch along.
        of_run = line.number == line.run or line.nonce.startswith(f"{line.run}-")
        acting = {region for epoch, region in self._active_at.items() if epoch >= line.epoch}
        if writer not in ({self._active_at.get(line.epoch)} if of_run else acting):
            self._violated(
                f"{writer} wrote {where} at epoch {line.epoch}, at which"
                f" {self._active_at.get(line.epoch)} is active"
            )
        if before is not None:
            if before.ended is not None:
                self._violated(f"{where} was written behind the journal's end")
            if (line.epoch, line.attempt) < (before.epoch, before.attempt):
                self._violated(f"{where} is of an execution before that of the line before it")
            if line.run not in (line.number, before.run):
                self._violated(f"run {line.run} wrote {where}, and run {before.run} has begun")
        if line.call is not None:
            self._judge_intent(job_id, line, line.call)
        if line.result is not None and any(
            one.result is not None and one.result.operation == line.result.operation
            for one in self._judged[job_id]
        ):
            self._violated(f"{where} gives call {line.result.operation} a second result")

    def _judge_intent(self, job_id: str, line: Line, call: Call) -> None:
        made = sum(
            one.call is not None and one.call.operation == call.operation
            for one in self._judged[job_id]
        )
        if call.generation != made + 1:
            self._violated(
                f"line {line.number} of {job_id} makes call {call.operation} of generation"
                f" {call.generation}, and there were {made}"
            )
        cap = self._cap(job_id)
        if cap is not None and line.spent_usd > cap + _ROUNDING:
            self._violated(f"{job_id} reserved {line.spent_usd} USD, and its cap is {cap}")

    def _cap(self, job_id: str) -> float | None:
        function = self._job(job_id).function
        return function.max_cost_usd if function else None

    def fenced(self, job_id: str, run: int) -> bool:
        """Whether another run of the job has begun, or it is over."""
        last = self.journal.logs[job_id][-1]
        return last.run != run or last.ended is not None

    # Tasks

    def unanswered(self, region: str, service: str) -> None:
        """A region's request to a device service came to nothing, as far as it knows."""
        self._silent.add((region, service))

    def created(self, task: RunTask, monthly_cap: float | None) -> None:
        """A device service runs a task of a call from now on."""
        number, generation, place = place_of(task.generation)
        lines = self.journal.logs.get(task.job_id, [])
        call = lines[number - 1].call if 0 < number <= len(lines) else None
        if call is None or call.generation != generation:
            self._violated(f"{task.job_id} got a task for line {number}, which is no intent of it")
        elif call.tasks[place].client_token != task.token:
            self._violated(f"{task.job_id} got a task by another token than its intent's")
        if any(ASTRAY in program for program in task.programs):
            self._violated(f"{task.job_id} got a task that no run may ask for")
        if call is not None and place < len(call.tasks):
            intended = [one.place for one in call.tasks[place].runs(place)]
            if [int(number) for _, number in map(_circuit, task.programs)] != intended:
                self._violated(f"{task.job_id} got a task of other circuits than its intent's")
        mine = self._tasks(task.job_id)
        self._judge_repetition(task, [one for one in mine if one is not task])
        cost = sum(_cost(one) for one in mine)
        cap = self._cap(task.job_id)
        if cap is not None and cost > cap + _ROUNDING:
            self._violated(f"{task.job_id} costs {cost:.2f} USD, and its cap is {cap:.2f}")
        if monthly_cap is not None and cost > monthly_cap + _ROUNDING:
            self._violated(f"{task.job_id} costs {cost:.2f} USD, the tenant's cap {monthly_cap}")

    def _judge_repetition(self, task: RunTask, others: list[RunTask]) -> None:
        """A circuit of a call may have another task only when a simulator was lost."""
        for circuit in map(_circuit, task.programs):
            same = [one for one in others if circuit in map(_circuit, one.programs)]
            if same:
                self._judge_second(task, circuit, same)

    def _judge_second(self, task: RunTask, circuit: tuple[str, ...], same: list[RunTask]) -> None:
        what = f"call {circuit} of {task.job_id}"
        if "/qpu/" in task.device or any("/qpu/" in one.device for one in same):
            self._violated(f"{what} got a second task, and a QPU ran the first")
        if len(same) >= CALL_GENERATIONS_MAX:
            self._violated(f"{what} got {len(same) + 1} tasks")
        for one in same:
            if place_of(one.generation)[:2] == place_of(task.generation)[:2]:
                self._violated(f"{what} got two tasks by one intent")
            if one.region == task.region:
                continue
            if (task.region, one.region) not in self._silent:
                self._violated(f"{what} was made anew, and nobody missed the first one")
        if all(one.region == task.region for one in same):
            self._violated(f"{what} was made anew in its own region")

    # Runs

    def killed(self, job_id: str) -> None:
        """The worker of one of the job's runs was lost."""
        self._killed[job_id] += 1

    def saw(self, job_id: str, index: int, result: Any) -> None:
        """A run was told what became of a call."""
        told = self._seen.setdefault((job_id, index), result)
        if told != result:
            self._violated(f"a run of {job_id} saw {result} of call {index}, another one {told}")

    # Ends

    def stage_of(self, job: Job) -> str:
        """How far the job is, one of `FUNCTION_STAGES`."""
        match job.status:
            case JobStatus.QUEUED:
                return "function queued"
            case JobStatus.PAUSED:
                return "function paused"
            case JobStatus.PROCESSING:
                return "function returned"
        lines = self.journal.logs.get(job.id, [])
        if not lines:
            return "function claimed"
        intent = next((line for line in reversed(lines) if line.call is not None), None)
        if intent is None or any(line.result is not None for line in lines[intent.number :]):
            return "function running"
        mine = [
            task for task in self._tasks(job.id) if place_of(task.generation)[0] == intent.number
        ]
        if not mine:
            return "call intended"
        return "call over" if all(task.status.terminal for task in mine) else "call launched"

    def blameless(self, job: Job) -> frozenset[ErrorCode]:
        """What the function itself may have failed with."""
        killed = self._killed[job.id] >= RUNS_WITHOUT_PROGRESS_MAX
        return _ITS_OWN | {ErrorCode.FUNCTION_CRASHED} if killed else _ITS_OWN

    def judge_end(
        self, jobs: Mapping[str, Job], held: Mapping[str, set[str]], read: Callable[[BlobRef], Any]
    ) -> None:
        """The faults are long over.

        Parameters
        ----------
        held
            Who holds places, by device.
        read
            A blob's JSON.
        """
        for job_id, judged in self._judged.items():
            stored = self.journal.logs[job_id]
            if len(stored) != len(judged) or any(
                one is not other for one, other in zip(stored, judged, strict=True)
            ):
                self._violated(f"a line of the journal of {job_id} was written over")
        for job in jobs.values():
            if job.function is None:
                continue
            if job.status is JobStatus.SUCCEEDED:
                self._judge_result(job, read)
            if job.status is JobStatus.PAUSED and "cap" not in (job.waiting_for or ""):
                self._violated(f"{job.id} is paused, and nobody is told why")
        for device, holders in held.items():
            for holder in holders:
                if jobs[job_of_holder(holder)].status is JobStatus.PAUSED:
                    self._violated(f"{holder} is paused and holds a place on {device}")

    def _judge_result(self, job: Job, read: Callable[[BlobRef], Any]) -> None:
        assert job.result is not None and job.function is not None
        asked, result = read(job.function.inputs), read(job.result)
        seen = [self._seen.get((job.id, index)) for index in range(len(asked["calls"]))]
        if asked["fails"] or result != seen:
            self._violated(f"{job.id} returned {result}, and its runs saw {seen}")

    def blobs_of(self, job: Job) -> list[BlobRef | None]:
        """What the job's journal refers to."""
        found: list[BlobRef | None] = []
        for line in self.journal.logs.get(job.id, []):
            found += [line.checkpoint, line.returned]
            if line.call is not None:
                found.append(line.call.programs)
            if line.result is not None:
                found.append(line.result.value)
        return found


def _circuit(program: str) -> tuple[str, ...]:
    """Call and number of a program, by what it says itself."""
    return tuple(program.rstrip().rsplit("//", 1)[1].split()[:2])


def _cost(task: RunTask) -> float:
    came_to_nothing = task.status.name in ("FAILED", "CANCELLED")
    return 0.0 if came_to_nothing else PRICE.of(task.shots, 0.0)


class WatchedJournal(MemoryJournal):
    """The one linearizable copy, with a referee beside it.

    Parameters
    ----------
    writer
        Which region makes the present call.
    """

    def __init__(
        self, referee: CallReferee, writer: Callable[[], str], written: Callable[[], None]
    ) -> None:
        super().__init__()
        self._referee = referee
        self._writer = writer
        self._written = written
        referee.journal = self

    def append(self, job_id: str, line: Line) -> None:
        """Write the line if its number is free."""
        super().append(job_id, line)
        self._referee.appended(job_id, self._writer())
        self._written()
