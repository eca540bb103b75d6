"""The replay engine itself runs functions against the broker, and reads what it answers."""

from __future__ import annotations

from typing import Any

import pytest
from aws_durable_execution_sdk_python.lambda_service import (
    CheckpointOutput,
    CheckpointUpdatedExecutionState,
    Operation,
    StateOutput,
)

from bellpair.functions import CallFailed, quantum_function
from bellpair.functions.engine import Outcome, run_worker
from bellpair_core.model.job import Job
from tests.examples import BELL
from tests.unit.logic.functions.function_place import FunctionPlace


class Client:
    """The engine's service: the broker, asked as a worker asks it."""

    def __init__(self, place: FunctionPlace, job: Job, begun: dict[str, Any]) -> None:
        self.broker = place.broker()
        self.who = {"job_id": job.id, "run": begun["run"], "ticket": begun["ticket"]}
        self.tail = begun["run"]

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        answer = self.broker.answer({**self.who, "tail": self.tail, "op": op, **fields})
        assert "refused" not in answer, answer
        self.tail = answer["tail"]
        return answer

    def checkpoint(self, arn: str, token: str, updates: Any, client: Any) -> CheckpointOutput:
        answer = self.ask("checkpoint", updates=[dict(update.to_dict()) for update in updates])
        operations = [Operation.from_json_dict(one) for one in answer["operations"]]
        return CheckpointOutput(token, CheckpointUpdatedExecutionState(operations))

    def get_execution_state(
        self, arn: str, token: str, marker: str, max_items: int = 1000
    ) -> StateOutput:
        answer = self.ask("state", marker=marker)
        return StateOutput(
            [Operation.from_json_dict(one) for one in answer["operations"]], answer["marker"]
        )


def run(place: FunctionPlace, job: Job, target: Any, begun: dict[str, Any]) -> Outcome:
    client = Client(place, job, begun)
    opened = client.ask("open")
    outcome = run_worker(
        target,
        {},
        client=client,  # type: ignore[arg-type]
        execution=job.id,
        token="token",
        operations=opened["operations"],
        next_marker=opened["marker"],
        seed=opened["seed"],
        state=opened["state"],
        checkpoints=opened["checkpoints"],
    )
    if outcome.kind == "finished":
        client.ask("finish", value=outcome.output_json)
    return outcome


def through(place: FunctionPlace, job: Job, target: Any) -> tuple[Outcome, int]:
    """Turns until the function ends; its outcome, and how many runs it took."""
    begun, turn = place.begin(job), 0
    while (outcome := run(place, job, target, begun)).kind == "suspended":
        for arn in place.tasks.unfinished():
            place.tasks.run(arn)
        while True:
            turn += 1
            answer = place.resume(job, turn=turn)
            if answer["next"] == "run":
                break
            assert answer["next"] == "wait" and turn < 50
            place.pause(60)
        begun = answer
    return outcome, turn + 1


@quantum_function
def sampled(runtime: Any) -> Any:
    counts = []
    for _ in range(3):
        counts.append(str(runtime.sampler(BELL, shots=10 + len(counts))))
    return len(counts)


@quantum_function
def with_steps(runtime: Any) -> Any:
    if runtime.state is None:
        context = runtime.context
        first = context.step(lambda _: 20, name="first")
        runtime.sampler(BELL, shots=first)
        context.wait(duration(300))
        doubled = context.map([1, 2, 3], lambda _, item, index, items: item * 2)
        runtime.checkpoint([first, list(doubled.get_results())])
    runtime.sampler(BELL, shots=5)
    return runtime.state


def duration(seconds: int) -> Any:
    from aws_durable_execution_sdk_python.config import Duration

    return Duration.from_seconds(seconds)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "suspended"])
@pytest.mark.parametrize("target", [sampled, with_steps])
def test_functions_come_to_the_same_end(target: Any, at_once: bool) -> None:
    name = "sampled" if target is sampled else "with_steps"
    place = FunctionPlace()
    place.tasks.at_once = at_once
    job = place.invoke()

    outcome, runs = through(place, job, target)

    assert outcome.kind == "finished", outcome
    assert outcome.output_json == {"sampled": "3", "with_steps": "[20, [2, 4, 6]]"}[name]
    assert len(place.tasks.made) == {"sampled": 3, "with_steps": 2}[name]
    assert (runs > 1) == (not at_once or target is with_steps)


def test_a_call_that_was_refused_is_caught_by_the_function() -> None:

    @quantum_function
    def catching(runtime: Any) -> Any:
        try:
            runtime.sampler(BELL, shots=10, device="moon-1")
        except CallFailed as error:
            return str(error)
        return "made"

    place = FunctionPlace()
    job = place.invoke()

    outcome, _ = through(place, job, catching)

    assert outcome.kind == "finished", outcome
    assert "moon-1" in (outcome.output_json or "") or "no device" in (outcome.output_json or "")
