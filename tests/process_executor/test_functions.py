"""Functions of a real LocalStack, in processes: what their callers see is what Lambda shows."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.polling import eventually
from tests.process_executor.emulator import ROLE, UNUSABLE, Functions
from tests.unit.lambda_host.packages import is_running, package

pytestmark = [pytest.mark.localstack, pytest.mark.xdist_group("process-executor")]

AT_ONCE = 20
PID = """
    import os

    def handler(event, context):
        return os.getpid()
"""
UNTIL_TOLD = """
    import os, pathlib, time

    def handler(event, context):
        folder = pathlib.Path(event)
        (folder / "pid").write_text("")
        (folder / "pid").write_text(str(os.getpid()))
        while not (folder / "go").exists():
            time.sleep(0.01)
        return os.getpid()
"""


def started(folder: Path) -> int:
    """The process of an invocation of `UNTIL_TOLD`, as soon as it is at work."""
    file = folder / "pid"
    return int(eventually(lambda: file.exists() and file.read_text()))


def test_a_function_runs_in_its_runtime_with_its_context(functions: Functions) -> None:
    name = functions.create(
        """
        import os, sys

        def handler(event, context):
            print("hello", event["to"])
            return {
                "version": "%d.%d" % sys.version_info[:2],
                "runtime": os.environ["AWS_EXECUTION_ENV"],
                "arn": context.invoked_function_arn,
                "stream": context.log_stream_name,
            }
        """
    )
    answer = functions.invoke(name, {"to": "you"})
    assert answer.value["version"] == "3.11"
    assert answer.value["runtime"] == "AWS_Lambda_python3.11"
    assert answer.value["arn"].endswith(f":function:{name}")
    assert "START RequestId: " in answer.log and "\nhello you\n" in answer.log
    assert "REPORT RequestId: " in answer.log and "Init Duration: " in answer.log

    logs = functions.client("logs")
    group = f"/aws/lambda/{name}"
    eventually(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
    lines = eventually(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert {line["logStreamName"] for line in lines} == {answer.value["stream"]}
    assert "hello you\n" in [line["message"] for line in lines]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("raise", "TooHot"),
        ("exit", "Runtime.ExitError"),
        ("no json", "Runtime.MarshalError"),
        ("too much", "Function.ResponseSizeTooLarge"),
    ],
)
def test_an_error_has_lambda_s_name_and_the_next_invocation_succeeds(
    functions: Functions, failing: str, event: str, kind: str
) -> None:
    assert functions.invoke(failing, event).error_type == kind
    assert functions.invoke(failing, "fine").value == "fine"


@pytest.fixture(scope="module")
def failing(functions: Functions) -> str:
    return functions.create(
        """
        import os

        class TooHot(Exception):
            pass

        def handler(event, context):
            if event == "raise":
                raise TooHot("it is 9")
            if event == "exit":
                os._exit(3)
            if event == "no json":
                return {1, 2}
            if event == "too much":
                return "x" * 7_000_000
            return event
        """
    )


def test_a_state_machine_catches_an_error_by_its_class(functions: Functions, failing: str) -> None:
    machines = functions.client("stepfunctions")
    arn = functions.api.get_function_configuration(FunctionName=failing)["FunctionArn"]
    caught = {"ErrorEquals": ["TooHot"], "Next": "Cooled"}
    definition = {
        "StartAt": "Run",
        "States": {
            "Run": {"Type": "Task", "Resource": arn, "Catch": [caught], "End": True},
            "Cooled": {"Type": "Pass", "Result": "cooled", "End": True},
        },
    }
    machine = machines.create_state_machine(
        name=failing, definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine, input='"raise"')["executionArn"]

    def finished() -> dict[str, str] | None:
        found = machines.describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    assert eventually(finished)["output"] == '"cooled"'


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import nothing_of_the_kind", "Runtime.ImportModuleError"),
        ("def other(event, context): ...", "Runtime.HandlerNotFound"),
        ("def handler(event, context) ...", "Runtime.UserCodeSyntaxError"),
        ("import os; os._exit(7)", "Runtime.ExitError"),
    ],
)
def test_an_initialization_that_fails_says_so_each_time(
    functions: Functions, source: str, kind: str
) -> None:
    name = functions.create(source)
    for _ in range(2):
        answer = functions.invoke(name)
        assert answer.error_type == kind
        assert answer.log


def test_a_timeout_ends_the_worker(functions: Functions) -> None:
    name = functions.create(
        """
        import os, time

        def handler(event, context):
            if event == "hang":
                time.sleep(60)
            return os.getpid()
        """,
        Timeout=1,
    )
    first = functions.invoke(name).value
    answer = functions.invoke(name, "hang")
    assert answer.error_type == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in answer.log
    assert not is_running(first)
    assert functions.invoke(name).value != first


def test_layers_lie_over_each_other_in_the_function_s_order(functions: Functions) -> None:
    arns = [
        functions.api.publish_layer_version(LayerName=name, Content={"ZipFile": content})[
            "LayerVersionArn"
        ]
        for name, content in {
            "first": package(python__which="NAME = 'first'", python__only="HERE = True"),
            "second": package(python__which="NAME = 'second'"),
        }.items()
    ]
    name = functions.create(
        """
        import only, which

        def handler(event, context):
            return [which.NAME, only.HERE]
        """,
        Layers=arns,
    )
    assert functions.invoke(name).value == ["second", True]
    functions.api.update_function_configuration(FunctionName=name, Layers=arns[::-1])
    functions.updated(name)
    assert functions.invoke(name).value == ["first", True]


def test_a_function_finds_localstack_and_has_credentials_but_nothing_of_the_machine(
    functions: Functions,
) -> None:
    name = functions.create(
        """
        import os, urllib.request

        def handler(event, context):
            health = os.environ["AWS_ENDPOINT_URL"] + "/_localstack/health"
            with urllib.request.urlopen(health) as answer:
                return [answer.status, dict(os.environ)]
        """,
        Environment={"Variables": {"MINE": "yes"}},
    )
    status, variables = functions.invoke(name).value
    assert status == 200
    assert variables["AWS_ENDPOINT_URL"] == functions.url
    assert variables["MINE"] == "yes"
    assert variables["AWS_ACCESS_KEY_ID"] and variables["AWS_SESSION_TOKEN"]
    assert variables["AWS_REGION"] == "us-west-2"
    assert not [name for name in variables if name.startswith("LOCALSTACK_RUNTIME")]
    assert variables["HOME"] != os.environ.get("HOME")


def test_many_invocations_at_once_have_a_worker_each_which_stays(
    functions: Functions, tmp_path: Path
) -> None:
    # None ends before all have begun.
    name = functions.create(
        f"""
        import os, pathlib, time

        def handler(event, context):
            folder = pathlib.Path(event)
            (folder / str(os.getpid())).touch()
            while len(list(folder.iterdir())) < {AT_ONCE}:
                time.sleep(0.01)
            return os.getpid()
        """,
        Timeout=120,
    )
    rounds = []
    with ThreadPoolExecutor(AT_ONCE) as callers:
        for turn in ("first", "second"):
            folder = tmp_path / turn
            folder.mkdir()
            calls = [callers.submit(functions.invoke, name, str(folder)) for _ in range(AT_ONCE)]
            rounds.append({call.result().value for call in calls})
    assert len(rounds[0]) == AT_ONCE
    assert rounds[0] == rounds[1]


def test_reserved_concurrency_is_the_limit(functions: Functions, tmp_path: Path) -> None:
    name = functions.create(UNTIL_TOLD)
    functions.api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with ThreadPoolExecutor() as callers:
        running = callers.submit(functions.invoke, name, str(tmp_path))
        started(tmp_path)
        with pytest.raises(functions.api.exceptions.TooManyRequestsException):
            functions.invoke(name, str(tmp_path))
        (tmp_path / "go").touch()
        assert running.result().function_error is None


def test_a_worker_killed_in_the_middle_is_an_error_and_is_replaced(
    functions: Functions, tmp_path: Path
) -> None:
    name = functions.create(UNTIL_TOLD)
    with ThreadPoolExecutor() as callers:
        running = callers.submit(functions.invoke, name, str(tmp_path))
        pid = started(tmp_path)
        os.kill(pid, signal.SIGKILL)
        answer = running.result()
    assert answer.error_type == "Runtime.ExitError"
    assert "signal: killed" in answer.payload["errorMessage"]
    (tmp_path / "go").touch()
    assert functions.invoke(name, str(tmp_path)).value != pid


def test_an_update_ends_idle_workers_and_lets_busy_ones_finish(
    functions: Functions, tmp_path: Path
) -> None:
    name = functions.create(UNTIL_TOLD)
    with ThreadPoolExecutor() as callers:
        running = callers.submit(functions.invoke, name, str(tmp_path))
        old = started(tmp_path)
        functions.api.update_function_code(
            FunctionName=name, ZipFile=package(app="def handler(event, context): return 'new'")
        )
        functions.updated(name)
        assert functions.invoke(name).value == "new"
        (tmp_path / "go").touch()
        assert running.result().value == old
    assert eventually(lambda: not is_running(old))


def test_deleting_a_function_ends_its_workers(functions: Functions) -> None:
    name = functions.create(PID)
    pid = functions.invoke(name).value
    assert is_running(pid)
    functions.api.delete_function(FunctionName=name)
    assert eventually(lambda: not is_running(pid))


def test_provisioned_workers_are_initialized_in_advance(functions: Functions) -> None:
    name = functions.create("def handler(event, context): return 'warm'")
    version, status = functions.provision(name)
    assert status == "READY"
    answer = functions.invoke(name, Qualifier=version)
    assert answer.value == "warm" and "Init Duration" not in answer.log

    assert functions.provision(functions.create("import nothing_of_the_kind"))[1] == "FAILED"


def test_an_event_over_the_limit_is_refused(functions: Functions, failing: str) -> None:
    assert functions.invoke(failing, "x" * (6 * 1024 * 1024 - 2)).function_error is None
    with pytest.raises(ClientError) as refused:
        functions.invoke(failing, "x" * (6 * 1024 * 1024 - 1))
    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"


def test_code_in_a_folder_is_loaded_anew_for_each_invocation(
    functions: Functions, tmp_path: Path
) -> None:
    module = tmp_path / "app.py"
    module.write_text("def handler(event, context): return 'before'")
    name = functions.create("", Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)})
    assert functions.invoke(name).value == "before"
    module.write_text("def handler(event, context): return 'after'")
    assert functions.invoke(name).value == "after"
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]


def test_an_asynchronous_invocation_runs(functions: Functions, tmp_path: Path) -> None:
    name = functions.create(UNTIL_TOLD)
    (tmp_path / "go").touch()
    functions.api.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(str(tmp_path)).encode()
    )
    assert started(tmp_path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"Runtime": "nodejs22.x"}, "not nodejs22.x"),
        (
            {
                "Runtime": None,
                "Handler": None,
                "PackageType": "Image",
                "Code": {"ImageUri": "000000000000.dkr.ecr.us-west-2.amazonaws.com/a:b"},
            },
            "no container images",
        ),
        ({"Runtime": f"python{UNUSABLE}"}, "LAMBDA_PROCESS_PYTHON_3_13"),
    ],
    ids=["another language", "an image", "another Python"],
)
def test_what_cannot_be_run_fails_with_the_reason_when_it_is_created(
    functions: Functions, settings: dict[str, object], said: str
) -> None:
    name = functions.create(PID, **settings)
    state, reason = functions.state(name)
    assert state == "Failed" and said in reason
