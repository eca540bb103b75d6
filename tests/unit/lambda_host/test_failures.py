"""Errors as Lambda reports them, and what happens to the worker."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bellpair_lambda_host import (
    FunctionSpec,
    InitFailed,
    InvalidArtifact,
    LambdaHost,
)

from .packages import answer, eventually, function, invoke, is_running, touch_and_wait


def test_an_exception_keeps_its_class_message_and_frames(host: LambdaHost) -> None:
    spec = function(
        """
        class TransientFault(Exception):
            pass

        def inner():
            raise TransientFault("try again")

        def handler(event, context):
            if event:
                inner()
            return "fine"
        """
    )
    result = invoke(host, spec, True)
    assert result.error is not None
    assert (result.error.type, result.error.message) == ("TransientFault", "try again")
    outer, inner = result.error.stack_trace
    assert "app.py" in outer and "in handler" in outer
    assert "in inner" in inner and 'raise TransientFault("try again")' in inner
    assert json.loads(result.payload) == {
        "errorType": "TransientFault",
        "errorMessage": "try again",
        "requestId": result.request_id,
        "stackTrace": [outer, inner],
    }
    assert "[ERROR] TransientFault: try again\nTraceback" in result.log
    assert answer(host, spec, False) == "fine"
    assert [worker.invocations for worker in host.workers()] == [2]


def test_a_function_that_takes_too_long_is_killed_and_replaced(host: LambdaHost) -> None:
    spec = function(
        """
        import time

        def handler(event, context):
            print("begun", flush=True)
            time.sleep(event)
            return "done"
        """,
        timeout_s=1.5,
    )
    host.prewarm(spec)
    (before,) = host.workers()
    result = invoke(host, spec, 60, request_id="slow")
    assert json.loads(result.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: slow Error: Task timed out after 1.50 seconds",
    }
    assert "begun\n" in result.log and "slow Task timed out after 1.50 seconds\n" in result.log
    assert not is_running(before.pid)
    after = invoke(host, spec, 0)
    assert after.cold and json.loads(after.payload) == "done"


def test_processes_that_a_function_started_end_with_it(host: LambdaHost) -> None:
    spec = function(
        """
        import subprocess, time

        def handler(event, context):
            print("child", subprocess.Popen(["sleep", "60"]).pid)
            time.sleep(60)
        """,
        timeout_s=2,
    )
    log = invoke(host, spec).log
    child = int(log.partition("child ")[2].split()[0])
    assert eventually(lambda: not is_running(child))


def test_a_worker_killed_at_work_is_an_exit_error_and_the_next_call_works(
    host: LambdaHost, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    spec = function(touch_and_wait(str(started)))
    with ThreadPoolExecutor() as caller:
        running = caller.submit(invoke, host, spec, request_id="lost")
        assert eventually(started.exists)
        (killed,) = host.kill_workers(1.0, seed=1)
        result = running.result(timeout=10)
    assert killed.state == "busy"
    assert json.loads(result.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: lost Error: Runtime exited with error: signal: killed",
    }
    assert answer(host, function("def handler(event, context): return 1")) == 1


def test_a_worker_killed_at_rest_is_replaced_unseen(host: LambdaHost) -> None:
    spec = function("def handler(event, context): return event")
    invoke(host, spec)
    (worker,) = host.workers()
    os.kill(worker.pid, signal.SIGKILL)
    assert eventually(lambda: host.workers()[0].state == "dead")
    result = invoke(host, spec, 5)
    assert result.error is None and result.cold
    assert [worker.state for worker in host.workers()] == ["idle"]


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
def test_a_function_that_ends_its_process_is_an_exit_error(
    host: LambdaHost, statement: str, cause: str
) -> None:
    spec = function(
        f"""
        import os, sys

        def handler(event, context):
            print("last words")
            {statement}
        """
    )
    result = invoke(host, spec)
    assert result.error is not None
    assert result.error.type == "Runtime.ExitError"
    assert result.error.message == f"RequestId: {result.request_id} Error: {cause}"
    assert "last words" in result.log
    assert invoke(host, spec).cold


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("import no_such_module", "Runtime.ImportModuleError", "No module named 'no_such_module'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("raise KeyError('at load')", "KeyError", "at load"),
        ("import sys; sys.exit(4)", "Runtime.ExitError", "exit status 4"),
    ],
)
def test_a_function_that_cannot_be_loaded_says_why_each_time(
    host: LambdaHost, source: str, kind: str, message: str
) -> None:
    spec = function(source)
    for _ in range(2):
        result = invoke(host, spec)
        assert result.error is not None
        assert result.error.type == kind and message in result.error.message
        assert json.loads(result.payload)["errorType"] == kind
    assert host.workers() == []


def test_loading_gets_lambdas_ten_seconds_and_the_functions_timeout(
    cache_dir: Path,
) -> None:
    spec = function("import time; time.sleep(60)", timeout_s=0.1)
    with LambdaHost(cache_dir, init_limit_s=0.2) as host:
        result = invoke(host, spec)
        assert result.error is not None and result.error.type == "Sandbox.Timedout"
        assert host.workers() == []


def test_prewarming_what_cannot_be_loaded_raises(host: LambdaHost) -> None:
    with pytest.raises(InitFailed, match="no_such_module") as raised:
        host.prewarm(function("import no_such_module"))
    assert raised.value.error.type == "Runtime.ImportModuleError"
    assert host.workers() == []


def test_a_response_that_is_no_json_is_a_marshal_error(host: LambdaHost) -> None:
    result = invoke(host, function("def handler(event, context): return {1, 2}"))
    assert result.error is not None
    assert result.error.type == "Runtime.MarshalError"
    assert "set is not JSON serializable" in result.error.message


def test_an_event_that_is_no_json_is_an_unmarshal_error(host: LambdaHost) -> None:
    spec = function("def handler(event, context): return 1")
    error = host.invoke(spec, b"{", request_id="r").error
    assert error is not None and error.type == "Runtime.UnmarshalError"


def test_a_response_over_the_limit_is_an_error_of_its_own(host: LambdaHost) -> None:
    spec = function("def handler(event, context): return 'x' * event")
    result = invoke(host, spec, 6 * 1024 * 1024 + 99)
    assert json.loads(result.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (6291557 bytes) exceeded maximum allowed "
        "payload size (6291556 bytes).",
    }
    assert answer(host, spec, 3) == "xxx"


def test_a_large_error_comes_back_whole(host: LambdaHost) -> None:
    spec = function("def handler(event, context): raise ValueError('x' * 600_000)")
    error = invoke(host, spec).error
    assert error is not None and error.message == "x" * 600_000


@pytest.mark.parametrize(
    ("client", "cause"),
    [
        ("GET /2018-06-01/runtime/nonsense HTTP/1.1\\r\\n\\r\\n", "runtime/nonsense"),
        ("no http at all\\r\\n\\r\\n", "no HTTP request"),
        ("POST / HTTP/1.1\\r\\nContent-Length: -1\\r\\n\\r\\n", "no HTTP request"),
        ("POST / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n", "chunked"),
    ],
)
def test_a_worker_that_breaks_the_protocol_is_told_apart(
    host: LambdaHost, client: str, cause: str
) -> None:
    spec = function(
        f"""
        import os, socket, time

        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall("{client}".encode())
            time.sleep(60)
        """
    )
    error = invoke(host, spec).error
    assert error is not None and error.type == "Runtime.Unknown" and cause in error.message


def test_code_that_is_no_archive_is_refused(host: LambdaHost, tmp_path: Path) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:broken"
    with pytest.raises(InvalidArtifact, match="zip"):
        invoke(host, FunctionSpec(arn=arn, handler="app.handler", code_zip=b"no zip"))
    missing = tmp_path / "missing.zip"
    with pytest.raises(InvalidArtifact, match=r"missing\.zip"):
        invoke(host, FunctionSpec(arn=arn, handler="app.handler", code_zip=missing))
    assert host.workers() == []
