"""A region that runs functions: the broker, the stages, and a small function's runs.

The function makes calls one after the other, each for as many shots as the results before tell.
Its runs are generators that stop before each request, so that a test may let several of them
live at a time, as zombies do.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Generator, Mapping
from datetime import timedelta
from typing import Any

from bellpair_core.logic.devices.observe_quality import QualityWatch
from bellpair_core.logic.runs.broker import Broker
from bellpair_core.logic.runs.call_desk import CallDesk
from bellpair_core.logic.runs.park_function import park_function
from bellpair_core.logic.runs.quantum_call import CallPlanner
from bellpair_core.logic.runs.resume_function import Resumption
from bellpair_core.logic.runs.spending import Spending
from bellpair_core.logic.tasks.make_form import FormMaker
from bellpair_core.model.device import TaskPrice
from bellpair_core.model.function import Invocation
from bellpair_core.model.job import Job, Task
from bellpair_core.model.usage import Usage
from bellpair_core.ports import TaskState, TaskStatus
from tests.examples import BELL
from tests.fakes import FakeAnnouncements, FakeCompiler, FakeTasks
from tests.unit.logic.workplace import Workplace

CALLS = 4
PRICE = TaskPrice(per_task_usd=0.3, per_shot_usd=0.01)
Request = dict[str, Any]
Run = Generator[Request, dict[str, Any], str]


class RunningTasks(FakeTasks):
    """Tasks whose counts follow from their program and shots alone.

    Attributes
    ----------
    at_once
        Whether a task is over as soon as it is made.
    made
        The tasks made, in order, each once.
    away
        Regions whose service does not answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.at_once = True
        self.made: list[Task] = []
        self.away: set[str] = set()

    def launch(self, task: Task, job_id: str, program: str) -> str:
        self._answer(task.region)
        known = len(self.programs)
        arn = super().launch(task, job_id, program)
        if len(self.programs) > known:
            self.made.append(task)
            if self.at_once:
                self.run(arn)
        return arn

    def poll(self, task_arn: str) -> TaskState:
        self._answer(task_arn.split(":")[3])
        return super().poll(task_arn)

    def result(self, state: TaskState) -> dict[str, Any]:
        self._answer(state.arn.split(":")[3])
        return super().result(state)

    def run(self, arn: str) -> TaskState:
        """Let the task end well."""
        task = next(one for one in self.made if self._arns[one.client_token] == arn)
        if arn not in self.sets:
            return self.complete(arn, measured(self.programs[arn], task.shots))
        each = task.shots // len(self.sets[arn])
        return self.complete(
            arn, {"programs": [measured(program, each) for program in self.sets[arn]]}
        )

    def unfinished(self) -> list[str]:
        """ARNs of tasks that are not over."""
        return [arn for arn, state in self._states.items() if not state.status.terminal]

    def states(self) -> list[TaskStatus]:
        """How the tasks are, in the order of their making."""
        return [self._states[self._arns[task.client_token]].status for task in self.made]

    def _answer(self, region: str) -> None:
        if region in self.away:
            self.reachable = False
            try:
                self._reach()
            finally:
                self.reachable = True


def measured(program: str, shots: int) -> dict[str, Any]:
    """What a program comes to."""
    ones = int(hashlib.sha256(program.encode()).hexdigest(), 16) % (shots + 1)
    return {"measuredQubits": [0, 1], "measurements": [[1, 1]] * ones + [[0, 0]] * (shots - ones)}


class FunctionPlace(Workplace):
    """A workplace whose devices charge for tasks, with what runs functions.

    Attributes
    ----------
    compile_s
        How long a circuit takes to be compiled, seconds.
    asked
        How often it was asked what was consumed; each time it is a GB-second more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tasks = RunningTasks()
        for device in self.catalogue.devices():
            self.catalogue.put_device(device.model_copy(update={"price": PRICE}))
        self.settings = self.settings.model_copy(update={"workers": {"python": "worker-python"}})
        self.monthly_cap: float | None = None
        self.tickets = 0
        self.compile_s = 0.0
        self.compiler = FakeCompiler(lambda: self.pause(self.compile_s))
        self.asked = 0

    def invoke(self, key: str = "first", **changes: Any) -> Job:
        """A function's job that waits."""
        invocation = {
            "name": "loop",
            "version": 1,
            "worker": "python",
            "entry": "loop:main",
            "inputs": self.blobs.put(b'{"calls": 4}'),
            "seed": 7,
            "timeout_s": 3600,
        }
        mine = {
            name: changes.pop(name) for name in list(changes) if name in Invocation.model_fields
        }
        return self.accept(
            key,
            **{
                "num_qubits": 0,
                "num_bits": 0,
                "shots": 0,
                "function": Invocation(**(invocation | mine)),
                **changes,
            },
        )

    @property
    def desk(self) -> CallDesk:
        return CallDesk(
            self.ledger,
            self.blobs,
            self.tasks,
            self.wakeups,
            self.clock,
            self.settings,
            self.catalogue.devices,
            self.breakers,
            QualityWatch(self.ledger, self.clock, FakeAnnouncements),
            threads=1,
        )

    @property
    def spending(self) -> Spending:
        return Spending(self.journal, self.clock, self._tenant)

    def _tenant(self, name: str) -> Any:
        from bellpair_core.model.tenant import Tenant

        return Tenant(name=name, created_at=self.clock(), max_usd_per_month=self.monthly_cap)

    def broker(self) -> Broker:
        """The broker, in a process that has just started."""
        return Broker(
            ledger=self.ledger,
            journal=self.journal,
            blobs=self.blobs,
            clock=self.clock,
            settings=self.settings,
            planner=CallPlanner(
                self.blobs,
                self.clock,
                self.settings,
                self.catalogue.devices,
                self.breakers,
                FormMaker(self.compiler, self.forms, self.blobs),
            ),
            desk=self.desk,
            spending=self.spending,
            pause=self.pause,
            spent=self.spent,
        )

    def spent(self) -> Usage:
        """What a process consumed since it was last asked."""
        self.asked += 1
        return Usage(lambda_gb_s=1)

    def pause(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(seconds=seconds))

    def resume(self, job: Job, turn: int = 0, crash: Any = None) -> dict[str, Any]:
        """The stage `resume` of the job's execution."""
        self.tickets += 1
        resumption = Resumption(
            ledger=self.ledger,
            journal=self.journal,
            workflows=self.workflows,
            clock=self.clock,
            settings=self.settings,
            desk=self.desk,
            spending=self.spending,
            new_ticket=lambda: f"ticket {self.tickets}",
            spent=self.spent,
        )
        return resumption.resume(job.id, job.epoch, self.attempt(job), turn=turn, crash=crash)

    def park(self, job: Job, token: str = "token") -> str:
        """The stage `park`; the execution waits with ``token``."""
        self.workflows.waiting.add(token)
        return park_function(
            job.id,
            job.epoch,
            self.attempt(job),
            token,
            ledger=self.ledger,
            journal=self.journal,
            workflows=self.workflows,
            clock=self.clock,
            desk=self.desk,
            spent=self.spent,
        )

    def begin(self, job: Job, **more: Any) -> dict[str, Any]:
        """Dispatch the job if it waits, and let its run begin."""
        self.dispatch()
        answer = self.resume(job, **more)
        assert answer["next"] == "run", answer
        return answer

    def play(self, job: Job, begun: Mapping[str, Any], broker: Broker | None = None) -> str:
        """A run from its beginning to its end, with a broker that never fails."""
        run = loop(job.id, begun)
        broker = broker or self.broker()
        return drive(run, broker.answer)

    def lines(self, job: Job) -> list[Any]:
        """The job's journal."""
        return list(self.journal.lines(job.id))


def drive(run: Run, answer: Callable[[Request], dict[str, Any]]) -> str:
    """Let a run go on to its end; how it ended."""
    try:
        request = next(run)
        while True:
            request = run.send(answer(request))
    except StopIteration as end:
        return str(end.value)


def loop(
    job_id: str,
    begun: Mapping[str, Any],
    calls: int = CALLS,
    astray: Callable[[], bool] = lambda: False,
) -> Run:
    """One run of the function: its requests, and how it ends.

    Parameters
    ----------
    astray
        Whether it makes another call from now on than the one that it should.

    Returns
    -------
    str
        ``"finished"``, ``"suspended"``, or ``"refused: code"``.
    """
    tail = begun["run"]

    def request(op: str, **fields: Any) -> Request:
        who = {"job_id": job_id, "run": begun["run"], "ticket": begun["ticket"]}
        return {**who, "tail": tail, "op": op, **fields}

    opened = yield request("open")
    if refused := opened.get("refused"):
        return f"refused: {refused['code']}"
    tail = opened["tail"]
    assert base64.b64decode(opened["package"])
    known = {operation["Id"]: operation for operation in opened["operations"]}
    marker = opened["marker"]
    while marker is not None:
        page = yield request("state", marker=marker)
        if refused := page.get("refused"):
            return f"refused: {refused['code']}"
        known |= {operation["Id"]: operation for operation in page["operations"]}
        marker = page["marker"]
    seen: list[Any] = []
    shots = 10
    for index in range(calls):
        operation = known.get(f"op-{index}")
        if operation is None:
            update = sample(index, shots + 1000 if astray() else shots)
            answer = yield request("checkpoint", updates=[update], output=f"call {index}\n")
            if refused := answer.get("refused"):
                return f"refused: {refused['code']}"
            tail = answer["tail"]
            (operation,) = answer["operations"]
        if operation["Status"] == "STARTED":
            return "suspended"
        if operation["Status"] == "FAILED":
            seen.append(operation["ChainedInvokeDetails"]["Error"]["ErrorMessage"])
            continue
        result = json.loads(operation["ChainedInvokeDetails"]["Result"])
        seen.append(result["results"][0]["counts"])
        shots = 10 + result["results"][0]["counts"].get("11", 0)
    answer = yield request("finish", value=json.dumps(seen))
    if refused := answer.get("refused"):
        return f"refused: {refused['code']}"
    return "finished"


def sample(index: int, shots: int, count: int = 1, device: str | None = None) -> dict[str, Any]:
    """The replay engine's update by which a function makes a call."""
    programs = [{"source": f"{BELL}// {index}.{n}\n", "shots": shots} for n in range(count)]
    return {
        "Id": f"op-{index}",
        "Type": "CHAINED_INVOKE",
        "SubType": "ChainedInvoke",
        "Action": "START",
        "Name": f"sample {index}-{shots}",
        "Payload": json.dumps({"programs": programs, "device": device}),
        "ChainedInvokeOptions": {"FunctionName": "bellpair.sample"},
    }
