"""Quantum tasks: their states, and the store that finds them again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .actions import action_of, is_program_set, read_action
from .documents import OPENQASM, PROGRAM_SET
from .entropy import Entropy
from .errors import ResourceNotFoundException, ValidationException
from .openqasm import Program
from .profile import Calibration

Json = dict[str, Any]

CREATED, QUEUED, RUNNING = "CREATED", "QUEUED", "RUNNING"
COMPLETED, FAILED = "COMPLETED", "FAILED"
CANCELLING, CANCELLED = "CANCELLING", "CANCELLED"
FINAL = frozenset({COMPLETED, FAILED, CANCELLED})


def timestamp(time: datetime) -> str:
    """``2026-01-31T12:00:00.000Z``, the service's form."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Task:
    """One quantum task.

    Attributes
    ----------
    shots
        Of all its executables together, which have equally many.
    entropies
        Fix the counts of each of its executables: programs, each with one set of inputs.
    request
        The parameters it was created with, less the client token.
    programs
        What its executables run, already checked against the device; None when it has ended, as a
        read program is many times as large as its text.
    measured
        The qubits that each executable measures, in the order of its result's columns.
    asked
        How many CreateQuantumTask calls named it (more than one: the caller retried).
    executed_shots
        Shots that the device really took for it.
    failures
        Why executables failed, by their number.
    calibration
        The device's error rates when it ran; None before that, and for simulators.
    measured_at, seconds
        When its last shot was taken, and how long the simulation took.
    result_lost
        Whether a drill had its result lost.
    """

    arn: str
    client_token: str
    device_arn: str
    device_name: str
    entropies: tuple[Entropy, ...]
    shots: int
    request: Json
    programs: tuple[Program, ...] | None
    measured: tuple[tuple[int, ...], ...]
    directory: str
    tags: dict[str, str]
    created_at: datetime
    status: str = CREATED
    failure_reason: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    asked: int = 1
    executed_shots: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    cancel_requested: bool = field(default=False)
    calibration: Calibration | None = None
    measured_at: datetime | None = None
    seconds: float = 0.0
    result_lost: bool = False

    @property
    def bucket(self) -> str:
        """The bucket that its results go to."""
        return str(self.request["outputS3Bucket"])

    @property
    def action(self) -> Json:
        """The program document that it was created with."""
        return action_of(self.request)

    @property
    def is_set(self) -> bool:
        """Whether it was created with a program set."""
        return is_program_set(self.action)

    @property
    def shots_each(self) -> int:
        """The shots of each executable."""
        return self.shots // len(self.measured)

    @property
    def digest(self) -> str:
        """SHA-256 of the program document: two tasks that have it in common ran the same."""
        return hashlib.sha256(self.request["action"].encode()).hexdigest()

    def to_run(self) -> tuple[Program, ...]:
        """Its executables' programs, read again where they were let go."""
        if self.programs is not None:
            return self.programs
        return tuple(executable.read() for executable in read_action(self.action))

    def summary(self) -> Json:
        """As SearchQuantumTasks lists it."""
        body: Json = {
            "quantumTaskArn": self.arn,
            "status": self.status,
            "deviceArn": self.device_arn,
            "shots": self.shots,
            "outputS3Bucket": self.bucket,
            "outputS3Directory": self.directory,
            "createdAt": timestamp(self.created_at),
            "tags": self.tags,
        }
        if self.ended_at is not None:
            body["endedAt"] = timestamp(self.ended_at)
        return body

    def details(self) -> Json:
        """As GetQuantumTask shows it, less the queue's part."""
        body = self.summary()
        body["deviceParameters"] = self.request.get("deviceParameters", "{}")
        action = self.action
        body["actionMetadata"] = {"actionType": OPENQASM}
        if is_program_set(action):
            body["actionMetadata"] = {
                "actionType": PROGRAM_SET,
                "programCount": len(action["programs"]),
                "executableCount": len(self.measured),
            }
        if self.status == COMPLETED:
            body["numSuccessfulShots"] = self.shots - self.shots_each * len(self.failures)
        if self.failure_reason is not None:
            body["failureReason"] = self.failure_reason
        return body


class TaskStore:
    """Every task since the emulator started, by ARN and by client token."""

    def __init__(self) -> None:
        self._by_arn: dict[str, Task] = {}
        self._by_token: dict[str, Task] = {}

    def __iter__(self) -> Iterator[Task]:
        return iter(list(self._by_arn.values()))

    def add(self, task: Task) -> None:
        """Keep a new task."""
        self._by_arn[task.arn] = task
        self._by_token[task.client_token] = task

    def get(self, arn: str) -> Task:
        """The task of an ARN.

        Raises
        ------
        ResourceNotFoundException
            If there is none.
        """
        if arn not in self._by_arn:
            raise ResourceNotFoundException(f"Quantum task not found: {arn}")
        return self._by_arn[arn]

    def same_request(self, token: str, request: Json) -> Task | None:
        """The task that a client token stands for already.

        Raises
        ------
        ValidationException
            If the token stands for a task with other parameters. (The service's model gives
            CreateQuantumTask no ConflictException.)
        """
        task = self._by_token.get(token)
        if task is None:
            return None
        if task.request != request:
            raise ValidationException(
                "The clientToken was already used for a quantum task with other parameters: "
                "use a new one, or repeat the first request unchanged"
            )
        return task

    def search(
        self, filters: list[Json], limit: int, token: str | None
    ) -> tuple[list[Task], str | None]:
        """One page of the tasks that pass all filters, newest first.

        Returns
        -------
        The tasks, and the token of the next page if there is one.
        """
        tests = [_test(item) for item in filters]
        tasks = [task for task in reversed(self._by_arn.values()) if all(t(task) for t in tests)]
        start = 0
        if token is not None:
            after = _decode(token)
            arns = [task.arn for task in tasks]
            # The page before may end with a task whose status has changed since.
            start = arns.index(after) + 1 if after in arns else self._first_older(tasks, after)
        page = tasks[start : start + limit]
        more = start + limit < len(tasks)
        return page, _encode(page[-1].arn) if more else None

    def _first_older(self, tasks: list[Task], arn: str) -> int:
        if arn not in self._by_arn:
            raise ValidationException("nextToken is not valid")
        ranks = {known: rank for rank, known in enumerate(self._by_arn)}
        return next((k for k, t in enumerate(tasks) if ranks[t.arn] < ranks[arn]), len(tasks))


def _encode(arn: str) -> str:
    return base64.urlsafe_b64encode(arn.encode()).decode()


def _decode(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        # Also what binascii, UTF-8 and a text beyond ASCII raise.
        raise ValidationException("nextToken is not valid") from None


def _test(item: Json) -> Callable[[Task], bool]:
    name, values = item.get("name"), item.get("values")
    operator = item.get("operator")
    if not isinstance(name, str) or not isinstance(values, list) or not values:
        raise ValidationException("a filter needs a name, an operator and values")
    if name == "createdAt":
        return _time_test(values, str(operator))
    if operator != "EQUAL":
        raise ValidationException(f"filter {name} takes the operator EQUAL only")
    if name.startswith("tags:"):
        key = name.removeprefix("tags:")
        return lambda task: task.tags.get(key) in values
    fields: dict[str, Callable[[Task], str]] = {
        "quantumTaskArn": lambda task: task.arn,
        "deviceArn": lambda task: task.device_arn,
        "status": lambda task: task.status,
    }
    if name not in fields:
        raise ValidationException(f"unknown filter {name!r}; there are {sorted(fields)}, createdAt")
    read = fields[name]
    return lambda task: read(task) in values


def _time_test(values: list[Any], operator: str) -> Callable[[Task], bool]:
    try:
        times = [datetime.fromisoformat(str(value)) for value in values]
    except ValueError:
        raise ValidationException("createdAt takes ISO 8601 times") from None
    times = [time if time.tzinfo else time.replace(tzinfo=UTC) for time in times]
    if len(times) != (2 if operator == "BETWEEN" else 1):
        raise ValidationException(f"operator {operator} takes another number of values")
    first, last = times[0], times[-1]
    comparisons: dict[str, Callable[[Task], bool]] = {
        "LT": lambda task: task.created_at < first,
        "LTE": lambda task: task.created_at <= first,
        "EQUAL": lambda task: task.created_at == first,
        "GT": lambda task: task.created_at > first,
        "GTE": lambda task: task.created_at >= first,
        "BETWEEN": lambda task: first <= task.created_at <= last,
    }
    if operator not in comparisons:
        raise ValidationException(f"unknown operator {operator!r}")
    return comparisons[operator]
