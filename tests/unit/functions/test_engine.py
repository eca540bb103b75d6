"""Functions run, are suspended, are repeated by their journal, and fail, by AWS's engine."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from aws_durable_execution_sdk_python.config import Duration

from bellpair.functions import CallFailed, Runtime, RuntimeWorkerBase, quantum_function, run_local

from .answers import COIN, Site, toss

METHODS = ["COBYLA", "Nelder-Mead", "SLSQP", "L-BFGS-B"]


@quantum_function
def three(runtime: Runtime) -> list[int]:
    return [toss(runtime, angle).shots for angle in (0.1, 0.2, 0.3)]


class Loop(RuntimeWorkerBase):
    def run(self, runtime: Runtime, calls: int) -> int:
        for call in range(calls):
            toss(runtime, call)
        return calls


@quantum_function
def energy(runtime: Runtime, method: str) -> dict[str, Any]:
    from scipy.optimize import minimize

    ansatz = 'OPENQASM 3; include "stdgates.inc"; input float a; input float b; qubit[2] q;'
    ansatz += "ry(a) q[0]; cx q[0], q[1]; ry(b) q[1];"

    def cost(x: Any) -> float:
        estimate = runtime.estimator(ansatz, {"ZI": 1.0, "XX": 0.5}, x, precision=0.02)
        return float(estimate.value)

    options = {"maxiter": 6}
    found = minimize(cost, runtime.rng().random(2), method=method, options=options)
    return {"x": found.x, "calls": found.nfev, "value": found.fun}


@pytest.mark.parametrize("method", METHODS)
def test_scipys_loops_go_on_where_they_were_suspended(method: str) -> None:
    undisturbed = run_local(energy, seed=3, method=method)

    assert run_local(energy, seed=3, method=method, replay_every=3) == undisturbed
    assert undisturbed["calls"] > 5


def test_each_call_is_made_once_however_often_the_function_is_repeated() -> None:
    site = Site(three, answers_at_once=lambda call: False)

    assert site.finish().output_json == "[10, 10, 10]"
    assert site.service.calls == 3
    assert site.runs == 4


def test_a_thousand_calls_are_replayed() -> None:
    site = Site(Loop, calls=1000)
    first = site.run()
    again = site.run()

    assert first.output_json == again.output_json == "1000"
    assert site.service.calls == 1000


def test_an_object_and_a_class_are_workers_alike() -> None:
    assert Site(Loop(), calls=2).run() == Site(Loop, calls=2).run()


def test_another_call_at_the_same_place_is_refused_with_both_fingerprints() -> None:
    @quantum_function
    def other(runtime: Runtime) -> None:
        toss(runtime, 0.1)
        toss(runtime, 0.25)

    site = Site(three)
    site.run()
    names = [operation["Name"] for operation in site.service.operations()]
    error = site.run(other).error

    assert error is not None
    assert error["code"] == "non-deterministic-function"
    assert "operation 1" in error["message"]
    assert names[1] in error["message"]
    assert error["message"].count("sample ") == 2
    assert "runtime.rng()" in error["remedy"]


def test_calls_in_another_order_are_refused() -> None:
    @quantum_function
    def backwards(runtime: Runtime) -> None:
        for angle in (0.3, 0.2, 0.1):
            toss(runtime, angle)

    site = Site(three)
    site.run()
    error = site.run(backwards).error

    assert error is not None
    assert "operation 0" in error["message"]


def test_a_step_in_the_place_of_a_call_is_refused() -> None:
    @quantum_function
    def timed(runtime: Runtime) -> None:
        runtime.now()

    site = Site(three)
    site.run()
    error = site.run(timed).error

    assert error is not None
    assert error["code"] == "non-deterministic-function"
    assert "'now'" in error["message"]


def test_an_end_before_the_journals_end_is_refused() -> None:
    @quantum_function
    def shorter(runtime: Runtime) -> int:
        return toss(runtime, 0.1).shots

    site = Site(three)
    site.run()
    error = site.run(shorter).error

    assert error is not None
    assert "operation 1: it ended" in error["message"]


@pytest.mark.parametrize(
    "angle", [time.time, np.random.default_rng().random, time.perf_counter], ids=["time", "", ""]
)
def test_chance_and_time_behind_the_runtimes_back_are_found_where_they_change_a_call(
    angle: Any,
) -> None:
    @quantum_function
    def guessing(runtime: Runtime) -> None:
        runtime.sampler("qubit q; bit c; U(" + repr(angle() % 7) + ",0,0) q; c = measure q;")

    site = Site(guessing, answers_at_once=lambda call: False)
    error = site.finish().error

    assert error is not None
    assert error["code"] == "non-deterministic-function"


def test_another_course_is_refused_even_if_the_function_catches_the_refusal() -> None:
    @quantum_function
    def stubborn(runtime: Runtime) -> str:
        try:
            toss(runtime, 0.9)
        except Exception:
            return "whatever"
        return "well"

    site = Site(three)
    site.run()
    error = site.run(stubborn).error

    assert error is not None
    assert error["code"] == "non-deterministic-function"


def test_the_last_bits_of_an_angle_do_not_count() -> None:
    @quantum_function
    def loop(runtime: Runtime, angle: float) -> None:
        runtime.sampler(f"qubit q; bit c; U({angle!r}, 0, 0) q; c = measure q;")

    site = Site(loop, angle=0.1 + 0.2)
    site.run()
    site._inputs["angle"] = 0.3

    assert site.run().kind == "finished"
    site._inputs["angle"] = 0.3 + 1e-8
    assert site.run().kind == "failed"


def test_a_function_that_catches_everything_is_suspended_all_the_same() -> None:
    @quantum_function
    def greedy(runtime: Runtime) -> list[Any]:
        results = []
        for angle in (0.1, 0.2):
            try:
                results.append(toss(runtime, angle).shots)
            except BaseException:
                results.append("caught")
        return results

    site = Site(greedy, answers_at_once=lambda call: False)
    outcome = site.run()

    assert outcome.kind == "suspended"
    assert site.service.calls == 1
    assert site.finish().output_json == "[10, 10]"


def test_what_is_printed_is_told_once() -> None:
    @quantum_function
    def talking(runtime: Runtime) -> None:
        print("before")
        try:
            toss(runtime, 0.1)
            runtime.log("between", 1)
            runtime.progress(0.5, "half")
            toss(runtime, 0.2)
            sys.stderr.write("after\n")
        finally:
            print("at last")

    site = Site(talking, answers_at_once=lambda call: False)
    site.finish()

    assert site.output == "before\nbetween 1\nafter\nat last\n"
    assert site.progress == [(0.5, "half")]


def test_the_engines_own_log_does_not_reach_the_functions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @quantum_function
    def failing(runtime: Runtime) -> None:
        toss(runtime, 0.1)
        raise ValueError("mine")

    with caplog.at_level(logging.DEBUG):
        Site(failing).run()

    assert [r.name for r in caplog.records if r.name.startswith("aws_durable")] == []


def test_an_error_names_its_line_and_its_traceback_shows_the_functions_own_code_only() -> None:
    @quantum_function
    def failing(runtime: Runtime) -> None:
        try:
            toss(runtime, 0.1, shots=-1)
        except ValueError as error:
            raise RuntimeError("no shots") from error

    site = Site(failing)
    error = site.run().error

    assert error is not None
    assert error["code"] == "function-failed"
    assert error["message"].startswith("RuntimeError: no shots (line ")
    assert "test_engine.py" in error["message"]
    assert "Traceback" in site.output
    assert "bellpair/functions" not in site.output
    assert "aws_durable" not in site.output


@pytest.mark.parametrize("leave", [sys.exit, lambda: sys.exit(3), lambda: exec("raise SystemExit")])
def test_leaving_the_interpreter_is_a_failure_of_the_job(leave: Any) -> None:
    @quantum_function
    def leaving(runtime: Runtime) -> None:
        leave()

    error = Site(leaving).run().error

    assert error is not None
    assert error["code"] == "function-crashed"
    assert "SystemExit" in error["message"]


def test_too_little_memory_is_a_limit() -> None:
    @quantum_function
    def hungry(runtime: Runtime) -> None:
        raise MemoryError

    error = Site(hungry).run().error

    assert error is not None
    assert error["code"] == "limit-exceeded"


def test_a_failed_call_can_be_caught_and_is_replayed_as_failed() -> None:
    def broken(payload: Any) -> Any:
        raise CallFailed("The task failed.", remedy="Ask the device.")

    @quantum_function
    def careful(runtime: Runtime) -> str:
        try:
            toss(runtime, 0.1)
        except CallFailed as error:
            runtime.now()
            return f"{error.detail} {error.remedy}"
        return "well"

    site = Site(careful, broken, lambda call: False)

    assert json.loads(site.finish().output_json or "") == "The task failed. Ask the device."


def test_a_failed_call_that_nobody_catches_ends_the_job_with_its_own_code() -> None:
    def broken(payload: Any) -> Any:
        raise CallFailed("The task failed.")

    error = Site(three, broken).run().error

    assert error is not None
    assert error["code"] == "call-failed"


class Gone(Exception):
    """What a client raises when another run has taken over."""


def test_what_the_client_raises_ends_the_run_whatever_the_function_does() -> None:
    class Lost:
        def checkpoint(self, *args: Any) -> Any:
            raise Gone

        def get_execution_state(self, *args: Any) -> Any:
            raise Gone

    @quantum_function
    def stubborn(runtime: Runtime) -> str:
        try:
            toss(runtime, 0.1)
        except BaseException:
            return "whatever"
        return "well"

    with pytest.raises(Gone):
        Site(three).run(client=Lost())
    with pytest.raises(Gone):
        Site(three).run(stubborn, client=Lost())


def test_calls_from_another_thread_are_refused() -> None:
    @quantum_function
    def threaded(runtime: Runtime) -> str:
        caught = []

        def call() -> None:
            try:
                toss(runtime, 0.1)
            except ValueError as error:
                caught.append(str(error))

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        return caught[0]

    assert "another thread" in (Site(threaded).run().output_json or "")


def test_time_and_chance_of_the_runtime_are_the_same_when_repeated() -> None:
    @quantum_function
    def guessing(runtime: Runtime) -> list[Any]:
        drawn = [runtime.now(), runtime.random(), runtime.rng().normal()]
        toss(runtime, drawn[1])
        drawn += [runtime.now(), runtime.random(), runtime.rng().normal()]
        toss(runtime, drawn[4])
        return drawn

    site = Site(guessing)
    first = site.run().output_json

    assert site.run().output_json == first
    assert len(set(json.loads(first or ""))) == 6


@quantum_function
def saving(runtime: Runtime, rounds: int) -> dict[str, Any]:
    state = runtime.state or {"next": 0, "drawn": []}
    for one in range(state["next"], rounds):
        state["drawn"] += [runtime.random(), runtime.rng().random()]
        toss(runtime, state["drawn"][-1])
        toss(runtime, state["drawn"][-2])
        if one % 2:
            runtime.checkpoint({"next": one + 1, "drawn": state["drawn"]})
    return {"drawn": state["drawn"], "state": (runtime.state or {}).get("next")}


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_a_run_that_begins_at_a_checkpoint_goes_the_same_way(every: int) -> None:
    undisturbed = run_local(saving, rounds=7)

    assert run_local(saving, rounds=7, replay_every=every) == undisturbed
    assert undisturbed["state"] == 6


def test_what_is_before_a_checkpoint_is_not_needed_again() -> None:
    site = Site(saving, rounds=7)
    site.run()

    assert site.service.checkpoints == 3
    assert len(site.service.operations()) == 3


def test_aws_own_context_is_there() -> None:
    @quantum_function
    def using(runtime: Runtime) -> Any:
        context = runtime.context
        squares = context.map([1, 2, 3], lambda inner, item, *_: inner.step(lambda _: item**2))
        context.wait(Duration.from_seconds(3600))
        toss(runtime, 0.1)
        return [context.step(lambda _: 5, name="five"), *squares.get_results()]

    site = Site(using)

    assert site.finish().output_json == "[5, 1, 4, 9]"
    assert site.runs == 2


def test_another_course_inside_of_a_branch_is_refused() -> None:
    names = iter(["first", "second"])

    @quantum_function
    def branching(runtime: Runtime) -> None:
        name = next(names)
        runtime.context.run_in_child_context(
            lambda inner: (inner.step(lambda _: 1, name=name), inner.wait(Duration(5))), "branch"
        )

    site = Site(branching)
    error = site.finish().error

    assert error is not None
    assert error["code"] == "non-deterministic-function"
    assert "'first'" in error["message"]
    assert "inside of branch" in error["message"]


def test_a_checkpoint_over_the_limit_is_refused_and_nothing_is_kept() -> None:
    @quantum_function
    def hoarding(runtime: Runtime) -> None:
        runtime.checkpoint("x" * (1024 * 1024))

    site = Site(hoarding)
    error = site.run().error

    assert error is not None
    assert error["code"] == "limit-exceeded"
    assert "1,048,576" in error["message"]
    assert site.service.checkpoints == 0


@pytest.mark.parametrize("value", [{1, 2}, object(), float("nan"), {"a": [b"x"]}])
def test_an_output_without_a_json_form_is_refused(value: Any) -> None:
    @quantum_function
    def odd(runtime: Runtime) -> Any:
        return value

    error = Site(odd).run().error

    assert error is not None
    assert error["code"] == "output-invalid"


def test_an_output_over_the_limit_is_refused() -> None:
    @quantum_function
    def verbose(runtime: Runtime) -> str:
        return "x" * (1024 * 1024)

    error = Site(verbose).run().error

    assert error is not None
    assert error["code"] == "limit-exceeded"


def test_inputs_of_the_wrong_type_are_refused_before_anything_runs() -> None:
    site = Site(Loop, calls="many")
    error = site.run().error

    assert error is not None
    assert error["code"] == "inputs-invalid"
    assert "calls" in error["message"]


def test_a_function_that_is_not_declared_is_refused() -> None:
    error = Site(lambda runtime: 1).run().error

    assert error is not None
    assert error["code"] == "function-invalid"


def test_many_calls_are_gathered_into_one() -> None:
    payloads = []

    def noting(payload: Any) -> Any:
        payloads.append(payload)
        results = [
            {"counts": {"0": place + 1}, "shots": place + 1, "bits": 1}
            for place in range(len(payload["programs"]))
        ]
        return {"results": results, "device": "d", "calibration_id": None, "cost_usd": 1.0}

    @quantum_function
    def sweep(runtime: Runtime) -> Any:
        calls = [runtime.sampler.later(COIN.format(angle)) for angle in (0, 1)]
        pair = runtime.sampler.later([COIN.format(2), (COIN.format(3), None, 5)])
        several = runtime.gather(calls, pair)
        one = runtime.gather(runtime.sampler.later(COIN.format(4)))
        nothing = runtime.gather()
        return [
            several[0].counts,
            several[1].counts,
            [sample.counts for sample in several[2]],
            len(one),
            nothing,
        ]

    output = json.loads(Site(sweep, noting).run().output_json or "")

    assert output == [{"0": 1}, {"0": 2}, [{"0": 3}, {"0": 4}], 1, []]
    assert [len(payload["programs"]) for payload in payloads] == [4, 1]
    assert [program["shots"] for program in payloads[0]["programs"]] == [1024, 1024, 1024, 5]


def test_prints_of_a_local_run_go_to_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    @quantum_function
    def talking(runtime: Runtime) -> None:
        print("hello")
        toss(runtime, 0.1)
        print("again")

    run_local(talking, replay_every=1)

    assert capsys.readouterr().out == "hello\nagain\n"


def test_a_local_run_takes_inputs_of_any_name_and_through_json() -> None:
    @quantum_function
    def odd(runtime: Runtime, seed: int, inputs: list[float]) -> Any:
        return [seed, inputs]

    assert run_local(odd, {"seed": 5}, inputs=np.array([1, 2])) == [5, [1.0, 2.0]]


def test_a_local_run_raises_what_the_function_raises() -> None:
    @quantum_function
    def failing(runtime: Runtime) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run_local(failing)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["twirling"]),
        ({"options": None}, ["twirling"]),
        ({"options": []}, []),
        ({"level": 0}, []),
        ({"options": ["readout-mitigation"]}, ["readout-mitigation"]),
    ],
    ids=str,
)
def test_declared_options_are_those_of_calls_that_say_nothing_of_any(
    asked: dict[str, Any], names: list[str]
) -> None:
    @quantum_function(options=["twirling"])
    def sampled(runtime: Any) -> list[str]:
        circuit = "OPENQASM 3; qubit q; bit c; U(pi/2, 0, pi) q; c = measure q;"
        result = runtime.sampler(circuit, shots=64, **asked)
        return [option["name"] for option in result.options]

    assert run_local(sampled) == names
