"""What became of a function whose region was lost in the middle of its loop, counted from outside.

The run is held against one that nobody disturbed. Devices draw by the program, so both must have
the same parameters, the same energies, and the same tasks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bellpair_local.drills.records import TaskSeen


@dataclass(frozen=True)
class FunctionRun:
    """One run of the function.

    Attributes
    ----------
    history
        What its output says of each step; ``None`` where it has no output.
    calls
        Quantum calls that it made, as the platform told.
    """

    job_id: str
    history: Sequence[Any] | None
    calls: int


@dataclass(frozen=True)
class LostRun:
    """A run whose region was lost, and the undisturbed one beside it.

    Attributes
    ----------
    region, lost_at
        Which region was lost, and when.
    calls_at_loss
        How many calls it had made when last looked at before.
    simulators
        Names of the devices on which a call may be repeated: it costs no time on a QPU.
    """

    function: str
    reference: FunctionRun
    run: FunctionRun
    region: str
    lost_at: float
    calls_at_loss: int
    simulators: Collection[str] = frozenset()

    @property
    def job_ids(self) -> frozenset[str]:
        """Both runs' jobs."""
        return frozenset({self.reference.job_id, self.run.job_id})


@dataclass(frozen=True)
class FunctionAccount:
    """The figures of it.

    Attributes
    ----------
    steps
        How many the undisturbed run has.
    trajectory_identical
        Whether both runs have the same steps, to the last digit.
    calls, calls_at_loss
        All calls of the lost run; those that it had made when its region was killed.
    calls_repeated
        Calls to a simulator that were under way in the lost region, and made again.
    resumed_s
        From the kill to the first task that the run made in the other region.
    """

    function: str
    steps: int
    trajectory_identical: bool
    calls: int
    calls_at_loss: int
    calls_repeated: int
    resumed_s: float | None


@dataclass(frozen=True)
class Repeats:
    """The tasks that the undisturbed run did without.

    Attributes
    ----------
    allowed
        Tasks of simulators in place of those that went with the region.
    doubled
        All others.
    """

    allowed: Sequence[TaskSeen] = ()
    doubled: Sequence[TaskSeen] = field(default=())


def account_of_run(seen: LostRun, tasks: Iterable[TaskSeen]) -> FunctionAccount:
    """Count.

    Parameters
    ----------
    tasks
        The books of all device services.
    """
    made = list(tasks)
    history = seen.reference.history
    return FunctionAccount(
        function=seen.function,
        steps=len(history or ()),
        trajectory_identical=bool(history) and history == seen.run.history,
        calls=seen.run.calls,
        calls_at_loss=seen.calls_at_loss,
        calls_repeated=_calls(repeats(seen, made).allowed, made),
        resumed_s=_resumed_s(seen, made),
    )


def repeats(seen: LostRun, tasks: Iterable[TaskSeen]) -> Repeats:
    """The run's tasks beyond those that the undisturbed run made for the same program."""
    made = list(tasks)
    expected = Counter(_kind(task) for task in _of(made, seen.reference.job_id))
    groups: dict[tuple[str, str, int], list[TaskSeen]] = defaultdict(list)
    for task in _of(made, seen.run.job_id):
        groups[_kind(task)].append(task)
    allowed, doubled = [], []
    for kind, group in groups.items():
        # Whatever time it bears: a region makes its last tasks while it is being killed.
        gone = sum(task.service == seen.region for task in group)
        # A program that only this run has is told by the trajectory; once is no repetition.
        for task in group[max(1, expected[kind]) :]:
            if gone and task.device in seen.simulators and task.service != seen.region:
                gone -= 1
                allowed.append(task)
            else:
                doubled.append(task)
    return Repeats(allowed, doubled)


def _resumed_s(seen: LostRun, tasks: Iterable[TaskSeen]) -> float | None:
    """QPUs stay where they are, so there the time alone tells who made the task."""
    later = [
        task.created_at
        for task in _of(tasks, seen.run.job_id)
        if task.created_at > seen.lost_at
        and (task.service != seen.region or task.device not in seen.simulators)
    ]
    return round(min(later) - seen.lost_at, 3) if later else None


def _of(tasks: Iterable[TaskSeen], job_id: str) -> list[TaskSeen]:
    return sorted(
        (task for task in tasks if task.job_id == job_id), key=lambda task: task.created_at
    )


def _kind(task: TaskSeen) -> tuple[str, str, int]:
    return task.device, task.program, task.shots


def _calls(tasks: Iterable[TaskSeen], books: Iterable[TaskSeen]) -> int:
    """How many calls the tasks belong to: those of one call have numbers in a row."""
    wanted = {task.arn for task in tasks}
    by_job: dict[str, set[int]] = defaultdict(set)
    for task in books:
        if task.job_id is not None and task.number is not None:
            by_job[task.job_id].add(task.number)
    found = set()
    for task in books:
        if task.arn not in wanted:
            continue
        first = task.number
        while first is not None and task.job_id and first - 1 in by_job[task.job_id]:
            first -= 1
        found.add((task.job_id, first))
    return len(found)
