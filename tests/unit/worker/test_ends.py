"""Every way in which a user's function may end. Real forks, the real supervisor."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bellpair_worker.limits import OUTPUT_CHARACTERS_MAX
from bellpair_worker.processes import descendants

from .conftest import Worker
from .memory_broker import MemoryBroker, body, package

COIN = '"OPENQASM 3; qubit q; bit c; c = measure q;"'


def failure(outcome: dict[str, Any]) -> tuple[str, str]:
    """Code and text of a failed run."""
    assert outcome["outcome"] == "failed", outcome
    assert outcome["error"]["Error"] == "JobFailed"
    code, text, remedy = json.loads(outcome["error"]["Cause"])["errorMessage"].split("|")
    assert remedy
    return code, text


@pytest.fixture(autouse=True)
def nothing_is_left(worker: Worker) -> Any:
    """Whatever happens in a run, the next one works, and no process and no file remains."""
    yield
    next_one = MemoryBroker(body("return n + 1"), inputs={"n": 41})
    assert worker.run(next_one) == {"outcome": "finished"}
    assert json.loads(next_one.one("finish")["value"]) == 42
    assert descendants(worker.nursery.pid) == []
    assert not list(Path(tempfile.gettempdir()).glob(f"bellpair-run-{worker.nursery.pid}-*"))


def test_a_function_finishes(worker: Worker) -> None:
    broker = MemoryBroker(body("print('adding'); return {'sum': n + 1}"), inputs={"n": 2})
    assert worker.run(broker) == {"outcome": "finished"}
    assert json.loads(broker.one("finish")["value"]) == {"sum": 3}
    assert broker.printed == "adding\n"


def test_its_calls_go_through_the_broker(worker: Worker) -> None:
    broker = MemoryBroker(body(f"return runtime.sampler({COIN}, shots=10).counts"))
    assert worker.run(broker) == {"outcome": "finished"}
    assert json.loads(broker.one("finish")["value"]) == {"0": 10}
    assert "checkpoint" in broker.ops
    assert {request["ticket"] for request in broker.requests} == {"secret"}


def test_a_call_that_takes_long_suspends_it(worker: Worker) -> None:
    broker = MemoryBroker(
        body(f"print('once'); runtime.sampler({COIN}, shots=10)"), answers_at_once=False
    )
    assert worker.run(broker) == {"outcome": "suspended"}
    assert broker.printed == "once\n"


def test_an_exception_names_file_and_line_and_leaves_its_traceback_in_the_log(
    worker: Worker,
) -> None:
    broker = MemoryBroker(body("raise ValueError('no such angle')"))
    code, text = failure(worker.run(broker))
    assert code == "function-failed"
    assert text.startswith("ValueError: no such angle") and "main.py" in text
    assert "main.py" in broker.printed and "bellpair_worker" not in broker.printed
    assert broker.one("fail")["error"]["code"] == "function-failed"


def test_an_exception_while_it_is_imported_likewise(worker: Worker) -> None:
    broker = MemoryBroker(package(main="import helper", helper="\n1 / 0"))
    code, text = failure(worker.run(broker))
    assert (code, text) == (
        "function-failed",
        "ZeroDivisionError: division by zero (helper.py, line 2)",
    )
    assert "helper.py" in broker.printed and "importlib" not in broker.printed


@pytest.mark.parametrize("where", ["in the function", "at import"])
def test_a_module_that_is_missing_is_named_with_what_is_there(worker: Worker, where: str) -> None:
    source = "import pennylane"
    broker = MemoryBroker(body(source) if where == "in the function" else package(main=source))
    code, text = failure(worker.run(broker))
    assert code == "function-failed"
    assert "no module pennylane" in text and "it has" in text
    assert "worker" in broker.one("fail")["error"]["remedy"]


@pytest.mark.parametrize("where", ["in the function", "at import"])
def test_sys_exit(worker: Worker, where: str) -> None:
    source = "import sys; sys.exit(3)"
    broker = MemoryBroker(body(source) if where == "in the function" else package(main=source))
    code, text = failure(worker.run(broker))
    assert code == "function-crashed" and "3" in text


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("import os; os._exit(4)", "exit status 4"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was killed"),
        ("import os; os.abort()", "it aborted"),
        ("import ctypes; ctypes.string_at(1)", "a segmentation fault"),
    ],
)
def test_a_crash_is_told_with_what_was_printed_before(
    worker: Worker, source: str, how: str
) -> None:
    broker = MemoryBroker(body(f"print('last words')\n{source}"))
    outcome = worker.run(broker)
    assert outcome["outcome"] == "crashed"
    assert outcome["crash"]["Error"] == "function-crashed"
    assert how in outcome["crash"]["Cause"]
    assert broker.printed == "last words\n"


def test_an_infinite_loop_without_any_progress_fails(worker: Worker) -> None:
    broker = MemoryBroker(body("print('round')\nwhile True: pass"))
    code, _ = failure(worker.run(broker, seconds=9))
    assert code == "function-timed-out"
    assert broker.printed == "round\n"


def test_an_infinite_loop_after_some_progress_may_be_tried_again(worker: Worker) -> None:
    broker = MemoryBroker(body("runtime.now()\nwhile True: pass"))
    outcome = worker.run(broker, seconds=9)
    assert outcome["outcome"] == "crashed"
    assert outcome["crash"]["Error"] == "function-timed-out"


def test_a_function_that_goes_on_yields_when_its_time_is_almost_over(worker: Worker) -> None:
    broker = MemoryBroker(body("while True: runtime.now()"))
    assert worker.run(broker, seconds=9) == {"outcome": "yielded"}
    assert broker.ops.count("checkpoint") > 1


def test_a_fork_bomb_fails_by_the_limit_on_processes(worker: Worker) -> None:
    source = """
    import os
    while True:
        os.fork()
    """
    outcome = worker.run(MemoryBroker(body(source)), seconds=15)
    assert outcome["outcome"] in {"failed", "crashed"}
    assert len(descendants(worker.nursery.pid)) == 0


def test_what_it_started_ends_with_it(worker: Worker) -> None:
    source = """
    import os
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, b"%d" % os.getpid())
            while True:
                os.read(os.pipe()[0], 1)
        os._exit(0)
    return os.read(read, 10).decode()
    """
    broker = MemoryBroker(body(source))
    assert worker.run(broker) == {"outcome": "finished"}
    assert not Path("/proc", json.loads(broker.one("finish")["value"])).exists()


def test_a_process_that_it_forked_has_no_say(worker: Worker) -> None:
    source = """
    import os
    read, write = os.pipe()
    if os.fork() == 0:
        try:
            runtime.progress(0.5, "from the copy")
        except BaseException:
            pass
        os.close(write)
        return "from the copy"
    os.close(write)
    os.read(read, 1)
    return "from the function"
    """
    broker = MemoryBroker(body(source))
    assert worker.run(broker) == {"outcome": "finished"}
    assert json.loads(broker.one("finish")["value"]) == "from the function"
    assert "progress" not in broker.one("finish")


def test_a_huge_print_is_cut_and_counted(worker: Worker) -> None:
    broker = MemoryBroker(body("for _ in range(300): print('x' * 9_999)"))
    assert worker.run(broker) == {"outcome": "finished"}
    assert len(broker.printed) < OUTPUT_CHARACTERS_MAX + 100
    assert "2,800,000 more characters" in broker.printed


def test_two_gigabytes_are_refused(worker: Worker) -> None:
    broker = MemoryBroker(body("return len(bytearray(2 * 1024**3))"))
    code, text = failure(worker.run(broker))
    assert code == "limit-exceeded" and "memory" in text


def test_the_memory_of_all_its_processes_counts(worker: Worker) -> None:
    source = """
    import os, time
    for _ in range(8):
        if os.fork() == 0:
            break
    held = b"x" * (300 * 1024**2)
    time.sleep(60)
    """
    code, text = failure(worker.run(MemoryBroker(body(source))))
    assert code == "limit-exceeded" and "together" in text


def test_a_large_file_is_refused(worker: Worker) -> None:
    source = """
    with open("large", "wb") as file:
        for _ in range(100):
            file.write(bytes(1024**2))
    """
    outcome = worker.run(MemoryBroker(body(source)))
    assert outcome["outcome"] in {"failed", "crashed"}


def test_inputs_that_do_not_fit_fail(worker: Worker) -> None:
    code, _ = failure(worker.run(MemoryBroker(body("return n"), inputs={"n": "many"})))
    assert code == "inputs-invalid"


def test_a_package_that_is_none_fails(worker: Worker) -> None:
    code, text = failure(worker.run(MemoryBroker("bm8gemlw")))
    assert code == "function-invalid" and "zip" in text


def test_an_entry_that_is_not_there_fails(worker: Worker) -> None:
    broker = MemoryBroker(package(main="x = 1"), entry="main:gone")
    code, text = failure(worker.run(broker))
    assert code == "function-failed" and "main:gone" in text


def test_a_function_that_writes_to_the_line_itself_fails_alone(worker: Worker) -> None:
    source = """
    import os, socket, stat
    for number in range(3, 20):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, bytes([0, 0, 0, 4]) + b"junk")
        except OSError:
            pass
    while True: pass
    """
    code, text = failure(worker.run(MemoryBroker(body(source)), seconds=20))
    assert code == "function-crashed" and "that the platform does not know" in text


def test_a_worker_whose_nursery_was_killed_gets_a_new_one(worker: Worker) -> None:
    broker = MemoryBroker(body("while True: pass"))
    broker.before = lambda request: os.kill(worker.nursery.pid, 9)
    outcome = worker.run(broker)
    assert outcome["outcome"] == "crashed"
