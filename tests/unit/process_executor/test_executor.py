"""Execution environments with real workers, and without LocalStack."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from bellpair_lambda_host import HostClosed, InitFailed, Interpreter, InvocationResult
from bellpair_lambda_host.invocation import Invocation
from localstack_process_executor.executor import FunctionExecutor
from localstack_process_executor.host import ProcessHost
from localstack_process_executor.refusals import ExecutorStopped
from localstack_process_executor.settings import Settings
from tests.unit.lambda_host.packages import eventually, is_running, package, touch_and_wait
from tests.unit.process_executor.versions import Code, Layer, fetch, version

RUNTIME = f"python{Interpreter.running().version}"
PID = """
    import os

    def handler(event, context):
        return os.getpid()
"""
_REQUESTS = count(1)


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


@pytest.fixture
def host(kept: Path, scratch: Path) -> Iterator[ProcessHost]:
    pythons = {Interpreter.running().version: Path(sys.executable)}
    host = ProcessHost(Settings(kept, scratch, pythons), fetch)
    yield host
    host.close()


def executor(
    host: ProcessHost, source: str, variables: dict[str, object] | None = None, **settings: object
) -> FunctionExecutor:
    return host.executor(version(source, runtime=RUNTIME, **settings), variables or {})


def invoke(tested: FunctionExecutor, event: object = None) -> InvocationResult:
    name = f"request-{next(_REQUESTS)}"
    return tested.invoke(Invocation(json.dumps(event).encode(), name, "arn:tested"))


def answer(tested: FunctionExecutor, event: object = None) -> object:
    result = invoke(tested, event)
    assert result.error is None, result.error
    return json.loads(result.payload)


def test_a_worker_stays_for_the_next_invocation(host: ProcessHost) -> None:
    tested = executor(host, PID)
    assert answer(tested) == answer(tested)


def test_a_worker_that_was_lost_is_replaced(host: ProcessHost) -> None:
    tested = executor(
        host,
        """
        import os

        def handler(event, context):
            if event == "die":
                os._exit(3)
            return os.getpid()
        """,
    )
    first = answer(tested)
    died = invoke(tested, "die")
    assert died.error is not None and died.error.type == "Runtime.ExitError"
    assert "Runtime exited with error: exit status 3" in died.log
    assert answer(tested) != first


def test_an_initialization_that_fails_is_the_answer_with_its_log(host: ProcessHost) -> None:
    tested = executor(host, "print('so far')\nimport nothing_of_the_kind")
    for _ in range(2):
        result = invoke(tested)
        assert result.error is not None and result.error.type == "Runtime.ImportModuleError"
        assert "so far" in result.log


def test_an_initialization_in_advance_fails_at_once(host: ProcessHost) -> None:
    with pytest.raises(InitFailed):
        executor(host, "import nothing_of_the_kind").initialize()
    tested = executor(host, PID)
    tested.initialize()
    assert invoke(tested).init_ms is None


def test_layers_and_variables_reach_the_function(host: ProcessHost) -> None:
    layers = [
        Layer(Code(package(python__which="NAME = 'first'", python__only="HERE = True"))),
        Layer(Code(package(python__which="NAME = 'second'"))),
    ]
    source = """
        import os, only, which

        def handler(event, context):
            return [which.NAME, only.HERE, os.environ["MINE"]]
    """
    tested = executor(host, source, {"MINE": "yes"}, layers=layers)
    assert answer(tested) == ["second", True, "yes"]


def test_each_environment_has_temporary_files_of_its_own(host: ProcessHost, scratch: Path) -> None:
    source = """
        import os, tempfile

        def handler(event, context):
            return [tempfile.mkdtemp(), os.environ["TMPDIR"]]
    """
    one, other = executor(host, source), executor(host, source)
    (made, mine), (_, theirs) = answer(one), answer(other)  # type: ignore[misc]
    assert Path(made).is_relative_to(mine) and Path(mine).is_relative_to(scratch)
    assert mine != theirs
    one.stop()
    assert not Path(mine).exists() and Path(theirs).exists()


def test_code_that_may_change_is_loaded_for_each_invocation(
    host: ProcessHost, tmp_path: Path
) -> None:
    module = tmp_path / "app.py"
    module.write_text("def handler(event, context): return 'before'")
    tested = executor(host, "", code=Code(folder=tmp_path))
    assert answer(tested) == "before"
    module.write_text("def handler(event, context): return 'after'")
    assert answer(tested) == "after"


def test_stopping_ends_an_idle_worker(host: ProcessHost) -> None:
    tested = executor(host, PID)
    pid = answer(tested)
    assert isinstance(pid, int) and is_running(pid)
    tested.stop()
    assert not is_running(pid)
    with pytest.raises(ExecutorStopped):
        invoke(tested)
    tested.stop()


def test_stopping_lets_a_busy_worker_finish(host: ProcessHost, tmp_path: Path) -> None:
    tested = executor(
        host,
        f"""
        import os, pathlib, time

        def handler(event, context):
            pathlib.Path({str(tmp_path / "started")!r}).touch()
            while not pathlib.Path({str(tmp_path / "go")!r}).exists():
                time.sleep(0.01)
            return os.getpid()
        """,
    )
    with ThreadPoolExecutor() as callers:
        running = callers.submit(answer, tested)
        assert eventually((tmp_path / "started").exists)
        tested.stop()
        (tmp_path / "go").touch()
        pid = running.result()
    assert isinstance(pid, int) and not is_running(pid)


def test_closing_the_host_ends_busy_workers_too(
    host: ProcessHost, scratch: Path, tmp_path: Path
) -> None:
    tested = executor(host, touch_and_wait(str(tmp_path / "started")), timeout=300)
    with ThreadPoolExecutor() as callers:
        running = callers.submit(invoke, tested)
        assert eventually((tmp_path / "started").exists)
        host.close()
        error = running.result().error
    assert error is not None and error.type == "Runtime.ExitError"
    assert not list(scratch.iterdir())
    with pytest.raises(HostClosed):
        invoke(tested)


def test_the_same_code_is_fetched_once(host: ProcessHost) -> None:
    code = Code(package(app="def handler(event, context): return 'fetched once'"))
    tested = version(code=code, runtime=RUNTIME)
    host.prepare(tested)
    host.prepare(tested)
    assert answer(host.executor(tested, {})) == "fetched once"
    assert code.fetched == 1
