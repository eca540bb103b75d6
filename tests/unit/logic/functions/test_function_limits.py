"""What a function may use, and what it hears when it wants more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bellpair_core.logic.runs.broker import Broker
from bellpair_core.model.errors import JobFailed
from bellpair_core.model.job import Job
from bellpair_core.model.limits import (
    CALL_COMPILE_TIME,
    CALL_PROGRAM_BYTES_MAX,
    CALLS_MAX,
    CHECKPOINT_BYTES_MAX,
    FUNCTION_OUTPUT_BYTES_MAX,
    JOURNAL_LINES_MAX,
    JOURNAL_STEP_BYTES_MAX,
    OUTPUT_SHOWN_CHARACTERS_MAX,
    PROGRAMS_PER_CALL_MAX,
)
from tests.unit.logic.functions.function_place import CALLS, FunctionPlace, Request, loop, sample


class Running:
    """A run that has begun, ready to ask for anything."""

    def __init__(self) -> None:
        self.place = FunctionPlace()
        self.job: Job = self.place.invoke()
        self.broker: Broker = self.place.broker()
        run = loop(self.job.id, self.place.begin(self.job))
        self.who: Request = next(run)
        self.tail = self.broker.answer(self.who)["tail"]

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        answer = self.broker.answer({**self.who, "tail": self.tail, "op": op, **fields})
        self.tail = answer.get("tail", self.tail)
        return answer

    def checkpoint(self, *updates: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return self.ask("checkpoint", updates=list(updates), **fields)

    def pretend(self, **totals: Any) -> None:
        """The journal's last line has these totals."""
        log = self.place.journal.logs[self.job.id]
        log[-1] = log[-1].model_copy(update=totals)
        self.broker = self.place.broker()

    def ends_with(self, code: str) -> None:
        """The job is to end, and with this code."""
        with pytest.raises(JobFailed, match=f"^{code}"):
            self.place.resume(self.job, turn=1)


@pytest.fixture
def running() -> Running:
    return Running()


def error_of(answer: dict[str, Any]) -> str:
    (operation,) = answer["operations"]
    assert operation["Status"] == "FAILED"
    error = operation["ChainedInvokeDetails"]["Error"]
    assert error["ErrorType"] == "CallFailed"
    return str(error["ErrorMessage"])


def update(kind: str, action: str, key: str = "step", **more: Any) -> dict[str, Any]:
    return {"Id": key, "Type": kind, "SubType": kind.title(), "Action": action, **more}


def keep(state: Any) -> dict[str, Any]:
    return sample(0, 1) | {
        "Id": "keep",
        "Name": "checkpoint",
        "Payload": json.dumps({"state": state}),
        "ChainedInvokeOptions": {"FunctionName": "bellpair.checkpoint"},
    }


def test_more_calls_than_the_limit_end_the_job(running: Running) -> None:
    running.pretend(calls=CALLS_MAX)

    assert running.checkpoint(sample(0, 10))["refused"]["code"] == "limit-exceeded"

    running.ends_with("limit-exceeded")
    assert not running.place.tasks.made


def test_a_full_journal_ends_the_job(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert JOURNAL_LINES_MAX > 4 * CALLS_MAX
    monkeypatch.setattr("bellpair_core.logic.journal.journal_log.JOURNAL_LINES_MAX", 2)
    running.checkpoint(update("STEP", "START"))

    answer = running.checkpoint(update("STEP", "SUCCEED", Payload="1"))

    assert answer["refused"]["code"] == "limit-exceeded"
    running.ends_with("limit-exceeded")


def test_a_call_of_too_many_circuits_fails(running: Running) -> None:
    answer = running.checkpoint(sample(0, 1, count=PROGRAMS_PER_CALL_MAX + 1))

    assert str(PROGRAMS_PER_CALL_MAX) in error_of(answer)
    assert running.place.lines(running.job)[-1].calls == 1


def test_a_call_of_the_most_circuits_is_made(running: Running) -> None:
    answer = running.checkpoint(sample(0, 1, count=PROGRAMS_PER_CALL_MAX))

    assert answer["operations"][0]["Status"] == "SUCCEEDED"
    assert len({task.client_token for task in running.place.tasks.made}) == PROGRAMS_PER_CALL_MAX


def test_a_call_of_too_long_programs_fails(running: Running) -> None:
    big = sample(0, 1)
    source = "OPENQASM 3.0; qubit q; bit b; b = measure q;" + " " * (CALL_PROGRAM_BYTES_MAX // 5)
    big["Payload"] = json.dumps({"programs": [{"source": source, "shots": 1}] * 6})

    assert str(CALL_PROGRAM_BYTES_MAX) in error_of(running.checkpoint(big))


def test_a_call_that_takes_too_long_to_be_compiled_fails_and_says_how_far_it_came(
    running: Running,
) -> None:
    running.place.compile_s = 0.4 * CALL_COMPILE_TIME.total_seconds()

    answer = running.checkpoint(sample(0, 10, count=5))

    assert "60 s, which is the limit: 3 of its 5 circuits" in error_of(answer)
    assert not running.place.tasks.made
    assert running.checkpoint(sample(1, 10, count=3))["operations"][0]["Status"] == "SUCCEEDED"


def test_a_call_whose_result_would_be_too_large_fails(running: Running) -> None:
    assert "bits" in error_of(running.checkpoint(sample(0, 100_000, count=30)))


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "no JSON",
        "{}",
        '{"programs": []}',
        '{"programs": [{"source": "", "shots": 1}]}',
        '{"programs": [{"source": "OPENQASM 3.0;", "shots": "many"}]}',
        '{"programs": [{"source": "OPENQASM 3.0;", "shots": 0}]}',
        '{"programs": [{"source": "OPENQASM 3.0; h q;", "shots": 1}]}',
        '{"programs": [{"source": "OPENQASM 3.0; qubit q;", "shots": 1}], "more": 1}',
    ],
)
def test_a_call_that_makes_no_sense_fails_and_costs_nothing(running: Running, payload: str) -> None:
    assert error_of(running.checkpoint(sample(0, 1) | {"Payload": payload}))
    assert running.place.lines(running.job)[-1].spent_usd == 0
    assert not running.place.tasks.made


def test_nothing_else_can_be_invoked(running: Running) -> None:
    other = sample(0, 1) | {"ChainedInvokeOptions": {"FunctionName": "arn:aws:lambda:other"}}

    assert "arn:aws:lambda:other" in error_of(running.checkpoint(other))


def test_a_steps_result_that_is_too_large_ends_the_job(running: Running) -> None:
    running.checkpoint(update("STEP", "START"))

    answer = running.checkpoint(update("STEP", "SUCCEED", Payload="x" * JOURNAL_STEP_BYTES_MAX))

    assert answer["refused"]["code"] == "limit-exceeded"
    running.ends_with("limit-exceeded")


def test_many_updates_at_once_are_written_on_several_lines(running: Running) -> None:
    size = JOURNAL_STEP_BYTES_MAX // 3
    updates = [update("STEP", "SUCCEED", key=f"step-{n}", Payload=str(n) * size) for n in range(8)]

    answer = running.checkpoint(*updates)

    assert len(answer["operations"]) == 8
    assert sum(len(line.updates) for line in running.place.lines(running.job)) == 8
    assert len(running.place.lines(running.job)) == 1 + 4


def test_a_checkpoint_that_is_too_large_ends_the_job(running: Running) -> None:
    answer = running.checkpoint(keep("x" * CHECKPOINT_BYTES_MAX))

    assert answer["refused"]["code"] == "limit-exceeded"
    running.ends_with("limit-exceeded")


def test_a_run_begins_from_the_last_checkpoint(running: Running) -> None:
    running.checkpoint(sample(0, 10))
    kept = running.checkpoint(keep({"step": 3}))
    running.checkpoint(sample(1, 10))
    assert kept["operations"][0]["Status"] == "SUCCEEDED"

    again = running.place.resume(running.job, turn=1)
    opened = running.place.broker().answer(next(loop(running.job.id, again)))

    assert (opened["state"], opened["checkpoints"]) == ({"step": 3}, 1)
    assert [operation["Id"] for operation in opened["operations"]] == ["op-1"]
    assert running.place.lines(running.job)[-1].calls == 2


def test_an_output_that_is_too_large_ends_the_job(running: Running) -> None:
    answer = running.ask("finish", value=json.dumps("x" * FUNCTION_OUTPUT_BYTES_MAX))

    assert answer["refused"]["code"] == "limit-exceeded"
    running.ends_with("limit-exceeded")


def test_an_output_that_is_no_json_ends_the_job(running: Running) -> None:
    assert running.ask("finish", value="{")["refused"]["code"] == "output-invalid"
    running.ends_with("output-invalid")


def test_prints_are_kept_up_to_the_limit_and_counted_beyond(running: Running) -> None:
    running.ask("note", output="x" * (OUTPUT_SHOWN_CHARACTERS_MAX - 5))
    running.ask("note", output="y" * 100)
    running.checkpoint(sample(0, 10), output="z" * 50)

    lines = running.place.lines(running.job)
    text = "".join(line.output for line in lines)
    assert len(text) == OUTPUT_SHOWN_CHARACTERS_MAX
    assert text.endswith("yyyyy")
    assert lines[-1].printed == OUTPUT_SHOWN_CHARACTERS_MAX + 145
    assert max(len(line.output) for line in lines) <= 20_000


def test_progress_is_kept_and_nothing_is_written_where_nothing_is_new(running: Running) -> None:
    running.ask("note", progress={"fraction": 0.5, "message": "half"})
    running.ask("note", progress={"fraction": 0.5, "message": "half"})
    running.ask("note")
    running.checkpoint(sample(0, 10))

    lines = running.place.lines(running.job)
    assert len(lines) == 4
    assert all(line.progress and line.progress.fraction == 0.5 for line in lines[1:])


def test_what_was_printed_and_reported_before_a_failure_is_kept(running: Running) -> None:
    error = {"code": "function-failed", "message": "ValueError: no"}
    told = {"fraction": 0.9, "message": "nearly"}

    running.ask("fail", error=error, output="about to fail\n", progress=told)

    last = running.place.lines(running.job)[-1]
    assert (last.ended, last.output) == ("failed", "about to fail\n")
    assert last.progress is not None and last.progress.message == "nearly"


def test_a_short_wait_is_waited_for_and_a_long_one_is_left_to_the_state_machine(
    running: Running,
) -> None:
    began = running.place.clock()
    short = running.checkpoint(update("WAIT", "START", "a", WaitOptions={"WaitSeconds": 10}))
    assert short["operations"][0]["Status"] == "SUCCEEDED"
    assert (running.place.clock() - began).total_seconds() == pytest.approx(10, abs=0.1)

    long = running.checkpoint(update("WAIT", "START", "b", WaitOptions={"WaitSeconds": 300}))

    assert long["operations"][0]["Status"] == "STARTED"
    assert running.place.resume(running.job, turn=1) == {"next": "wait"}
    assert running.place.park(running.job) == "time to pass"
    running.place.pause(300)
    assert running.place.park(running.job) == "nothing"
    again = running.place.resume(running.job, turn=2)
    opened = running.place.broker().answer(next(loop(running.job.id, again)))
    assert [operation["Status"] for operation in opened["operations"]] == ["SUCCEEDED"] * 2


def test_a_step_is_tried_again_after_its_pause(running: Running) -> None:
    running.checkpoint(update("STEP", "START"))
    retried = running.checkpoint(
        update("STEP", "RETRY", StepOptions={"NextAttemptDelaySeconds": 5})
    )

    (operation,) = retried["operations"]
    assert (operation["Status"], operation["StepDetails"]["Attempt"]) == ("READY", 1)


def test_callbacks_from_outside_are_refused_to_the_function(running: Running) -> None:
    (operation,) = running.checkpoint(update("CALLBACK", "START"))["operations"]

    assert operation["Status"] == "FAILED"


def test_operations_come_in_pages_that_fit_into_an_answer(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(6):
        running.checkpoint(sample(index, 10))
    monkeypatch.setattr("bellpair_core.logic.runs.broker._ANSWER_BYTES_MAX", 1500)
    run = loop(running.job.id, running.place.resume(running.job, turn=1), calls=6)
    broker = running.place.broker()
    request, ops = next(run), []
    try:
        while True:
            ops.append(request["op"])
            request = run.send(broker.answer(request))
    except StopIteration as end:
        assert end.value == "finished"

    assert ops[0] == "open" and ops[-1] == "finish"
    assert ops.count("state") >= 2
    assert "checkpoint" not in ops


def test_results_that_do_not_fit_into_one_answer_are_left_to_the_next_run(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bellpair_core.logic.runs.broker._ANSWER_BYTES_MAX", 700)

    answer = running.checkpoint(sample(0, 10), sample(1, 11))

    told = [operation["Status"] for operation in answer["operations"]]
    assert told == ["SUCCEEDED", "STARTED"]
    assert running.place.park(running.job) == "nothing"
    begun = running.place.resume(running.job, turn=1)
    assert running.place.play(running.job, begun) == "finished"
    assert len(running.place.tasks.made) == 2 + CALLS - 2


@pytest.mark.parametrize(
    "nonsense",
    [
        update("WAIT", "START", WaitOptions={"WaitSeconds": 10**12}),
        update("WAIT", "START", WaitOptions={"WaitSeconds": "long"}),
        update("STEP", "RETRY", StepOptions={"NextAttemptDelaySeconds": 10**12}),
        update("STEP", "DANCE"),
        {"Type": "STEP"},
        {"Id": "step"},
    ],
)
def test_what_nobody_could_read_again_is_not_recorded(
    running: Running, nonsense: dict[str, Any]
) -> None:
    answer = running.checkpoint(update("STEP", "START", key="first"), nonsense)

    assert answer["refused"]["code"] == "function-failed"
    assert not running.place.lines(running.job)[-1].updates
    running.ends_with("function-failed")
