"""What a QPU's service keeps: its tasks by id and by token, and a queue that is worked off."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .program import Program, ProgramRefused
from .qpu import Kite

Json = dict[str, Any]

ONLINE, OFFLINE, RETIRED = "online", "offline", "retired"
OVER = frozenset({"completed", "failed", "cancelled"})
BODY_BYTES_MAX = 16 * 1024 * 1024


class Problem(Exception):
    """What is answered in place of what was asked for: a status, a code of the API and words."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


@dataclass
class _Task:
    id: str
    program: Program
    shots: int
    status: str = "queued"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    failure: str | None = None
    result: Json | None = None


class DeviceService:
    """The service of one QPU. Its methods may be called from many threads.

    What a real one must do otherwise: keep tasks and tokens where a restart finds them, for at
    least as long as a job may live, which is two days.

    Parameters
    ----------
    qpu
        What runs programs.
    seconds
        How long each task takes at least, in seconds.
    sleep
        How time passes.

    Attributes
    ----------
    requests
        How many requests were answered.
    """

    def __init__(
        self,
        qpu: Kite,
        *,
        seconds: float = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.status = ONLINE
        self.requests = 0
        self._qpu = qpu
        self._seconds = seconds
        self._sleep = sleep
        self._tasks: dict[str, _Task] = {}
        self._by_token: dict[str, tuple[str, str]] = {}
        self._queue: deque[_Task] = deque()
        self._lock = threading.Condition()
        self._held = False
        self._closed = False
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def device(self) -> Json:
        """``GET /device``."""
        with self._lock:
            return {
                "schema": "bellpair.device/1",
                "name": self._qpu.name,
                "provider": self._qpu.provider,
                "kind": "qpu",
                "status": self.status,
                "shots_min": 1,
                "shots_max": self._qpu.shots_max,
                "queue_depth": len(self._queue),
                "price": {"per_task_usd": 0.1, "per_shot_usd": 0.0005},
            }

    def calibration(self) -> Json:
        """``GET /calibration``."""
        return self._qpu.calibration()

    def health(self) -> Json:
        """``GET /health``."""
        detail = "" if self.status == ONLINE else f"it was set {self.status}"
        return {"schema": "bellpair.health/1", "status": self.status, "detail": detail}

    def queue(self) -> Json:
        """``GET /queue``."""
        with self._lock:
            return {"schema": "bellpair.queue/1", "waiting": len(self._queue)}

    def create(self, token: str, request: Json) -> Json:
        """``POST /tasks``: the token's task, made now if it is new.

        The token is looked up before all else, so that a task can be found again while the
        device is offline; and it is looked up and kept under one lock, so that of two equal
        requests at once one makes the task and both get it.
        """
        source, shots = request.get("program"), request.get("shots")
        if not isinstance(source, str) or not isinstance(shots, int) or isinstance(shots, bool):
            raise Problem(422, "program-refused", "program must be a text, and shots a number")
        digest = hashlib.sha256(f"{shots}\n{source}".encode()).hexdigest()
        with self._lock:
            known = self._by_token.get(token)
            if known is not None:
                return self._found(known, digest)
        self._admit()
        if not 1 <= shots <= self._qpu.shots_max:
            limit = f"shots must be 1 to {self._qpu.shots_max}, and not {shots}"
            raise Problem(422, "program-refused", limit)
        try:
            program = self._qpu.read(source)
        except ProgramRefused as refusal:
            raise Problem(422, "program-refused", str(refusal)) from refusal
        with self._lock:
            known = self._by_token.get(token)
            if known is not None:
                return self._found(known, digest)
            task = _Task(f"{self._qpu.name}-{uuid.uuid4()}", program, shots)
            self._by_token[token] = (digest, task.id)
            self._tasks[task.id] = task
            self._queue.append(task)
            self._lock.notify_all()
            return self._shown(task)

    def task(self, task_id: str) -> Json:
        """``GET /tasks/{id}``."""
        with self._lock:
            return self._shown(self._task(task_id))

    def cancel(self, task_id: str) -> Json:
        """``DELETE /tasks/{id}``: cancelled while it waits; one that runs comes to its end."""
        with self._lock:
            task = self._task(task_id)
            if task.status in ("completed", "failed"):
                raise Problem(409, "task-over", f"task {task_id} is {task.status}")
            if task.status == "queued":
                self._queue.remove(task)
                self._end(task, "cancelled")
            return self._shown(task)

    def result(self, task_id: str) -> Json:
        """``GET /tasks/{id}/result``."""
        with self._lock:
            task = self._task(task_id)
            if task.result is None:
                raise Problem(404, "result-missing", f"task {task_id} is {task.status}")
            return task.result

    def set(self, change: Json) -> Json:
        """``PUT /_reference``, which is for tests: ``status``, and ``hold`` for the queue."""
        with self._lock:
            self.status = str(change.get("status", self.status))
            self._held = bool(change.get("hold", self._held))
            self._lock.notify_all()
            return {"status": self.status, "hold": self._held, "tasks": len(self._tasks)}

    def close(self) -> None:
        """Let go of what waits."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        self._worker.join(timeout=5)

    def _admit(self) -> None:
        if self.status == OFFLINE:
            raise Problem(503, "device-offline", "the device is being looked after")
        if self.status == RETIRED:
            raise Problem(410, "device-retired", "the device is gone for good")

    def _found(self, known: tuple[str, str], digest: str) -> Json:
        if known[0] != digest:
            text = "this Idempotency-Key was sent with another program or other shots"
            raise Problem(409, "token-reused", text)
        return self._shown(self._tasks[known[1]])

    def _task(self, task_id: str) -> _Task:
        if task_id not in self._tasks:
            raise Problem(404, "task-unknown", "there is no such task")
        return self._tasks[task_id]

    def _shown(self, task: _Task) -> Json:
        waits = task.status == "queued"
        return {
            "schema": "bellpair.task/1",
            "id": task.id,
            "status": task.status,
            "queue_position": self._queue.index(task) + 1 if waits else None,
            "failure": task.failure,
            "created_at": task.created_at.isoformat(),
            "ended_at": task.ended_at.isoformat() if task.ended_at else None,
        }

    def _end(self, task: _Task, status: str) -> None:
        task.status = status
        task.ended_at = datetime.now(UTC)

    def _work(self) -> None:
        while True:
            with self._lock:
                while not self._closed and (self._held or not self._queue):
                    self._lock.wait()
                if self._closed:
                    return
                task = self._queue.popleft()
                task.status = "running"
            self._sleep(self._seconds)
            result = self._qpu.run(task.program, task.shots)
            with self._lock:
                task.result = result
                self._end(task, "completed")
