"""What an invocation gives back."""

import json
from pathlib import Path

import pytest

from bellpair_lambda_host import EventTooLarge, FunctionSpec, LambdaHost

from .packages import answer, function, invoke, package

ECHO = function("def handler(event, context): return event")


def test_the_response_of_the_handler_comes_back(host: LambdaHost) -> None:
    event = {"n": 1, "text": "ψ⟩ \u0000", "list": [None, True, 1.5]}
    assert answer(host, ECHO, event) == event


def test_a_worker_serves_many_invocations_and_only_the_first_is_cold(host: LambdaHost) -> None:
    first, second = invoke(host, ECHO), invoke(host, ECHO)
    assert first.cold and first.init_ms is not None and first.init_ms > 0
    assert not second.cold and second.init_ms is None
    assert [worker.invocations for worker in host.workers()] == [2]


def test_a_prewarmed_function_has_no_cold_invocation(host: LambdaHost) -> None:
    host.prewarm(ECHO, workers=2)
    assert [worker.state for worker in host.workers()] == ["idle", "idle"]
    assert not invoke(host, ECHO).cold


def test_the_result_tells_time_and_memory(host: LambdaHost) -> None:
    result = invoke(host, ECHO)
    assert result.duration_ms > 0
    assert result.init_ms is not None
    assert 0 <= result.billed_ms - (result.duration_ms + result.init_ms) < 1
    assert 5 < result.max_memory_mb < 100


def test_the_context_tells_who_is_running(host: LambdaHost) -> None:
    spec = function(
        """
        import os

        def handler(event, context):
            return {
                "request": context.aws_request_id,
                "arn": context.invoked_function_arn,
                "name": context.function_name,
                "memory": context.memory_limit_in_mb,
                "group": context.log_group_name,
                "remaining": context.get_remaining_time_in_millis(),
                "client": context.client_context.custom,
                "identity": context.identity.cognito_identity_id,
                "trace": os.environ["_X_AMZN_TRACE_ID"],
            }
        """,
        timeout_s=7,
        memory_mb=256,
    )
    context = answer(
        host,
        spec,
        request_id="r-1",
        function_arn=f"{spec.arn}:live",
        trace_id="Root=1-2-3",
        client_context='{\n"custom": {"a": "b"}}',
        cognito_identity='{"cognitoIdentityId": "someone"}',
    )
    assert isinstance(context, dict)
    assert 0 < context.pop("remaining") <= 7000
    assert context == {
        "request": "r-1",
        "arn": f"{spec.arn}:live",
        "name": "tested",
        "memory": "256",
        "group": "/aws/lambda/tested",
        "client": {"a": "b"},
        "identity": "someone",
        "trace": "Root=1-2-3",
    }


def test_the_largest_event_and_a_large_response_pass(host: LambdaHost) -> None:
    event = "x" * (6 * 1024 * 1024 - 2)
    assert answer(host, ECHO, event) == event


def test_an_event_over_the_limit_is_refused_before_anything_runs(host: LambdaHost) -> None:
    with pytest.raises(EventTooLarge, match="6291456"):
        invoke(host, ECHO, "x" * (6 * 1024 * 1024 - 1))
    assert host.workers() == []


@pytest.mark.parametrize("field", ["request_id", "trace_id", "function_arn"])
def test_a_value_cannot_smuggle_in_headers(host: LambdaHost, field: str) -> None:
    with pytest.raises(ValueError, match="header"):
        invoke(host, ECHO, **{field: "a\r\nLambda-Runtime-Deadline-Ms: 0"})


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"timeout_s": 0}, "at most 900"),
        ({"timeout_s": 901}, "at most 900"),
        ({"memory_mb": 127}, "from 128 to 10240"),
        ({"memory_mb": 10_241}, "from 128 to 10240"),
        ({"max_workers": 0}, "at least 1"),
        ({"name": "../escape"}, "ARN"),
    ],
)
def test_settings_outside_of_lambdas_limits_are_refused(
    settings: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        function("", **settings)  # type: ignore[arg-type]


def test_a_spec_does_not_show_its_secrets() -> None:
    spec = function("", environment={"AWS_SECRET_ACCESS_KEY": "hush"})
    assert "hush" not in repr(spec)


def test_output_comes_back_and_is_in_the_log_file(host: LambdaHost, tmp_path: Path) -> None:
    spec = function(
        """
        import logging, sys

        print("while loading")

        def handler(event, context):
            print("standard output", event)
            print("standard error", file=sys.stderr)
            logging.getLogger().warning("a warning")
            sys.stdout.write("no line end")
        """
    )
    first, second = invoke(host, spec, 1), invoke(host, spec, 2)
    lines = first.log.splitlines()
    assert lines[0] == "while loading"
    assert lines[1] == f"START RequestId: {first.request_id} Version: $LATEST"
    assert lines[2:4] == ["standard output 1", "standard error"]
    assert lines[4].startswith("[WARNING]") and f"{first.request_id}\ta warning" in lines[4]
    assert lines[5:7] == ["no line end", f"END RequestId: {first.request_id}"]
    assert lines[7].startswith(f"REPORT RequestId: {first.request_id}\tDuration: ")
    assert "Init Duration" in lines[7] and "Init Duration" not in second.log
    assert "standard output 2" in second.log and "standard output 1" not in second.log
    assert (tmp_path / "logs" / "tested.log").read_text() == first.log + second.log


def test_much_output_does_not_block_the_function(host: LambdaHost, tmp_path: Path) -> None:
    spec = function(
        """
        def handler(event, context):
            for number in range(20_000):
                print(number, "x" * 100)
        """
    )
    result = invoke(host, spec)
    assert result.error is None
    assert "19999 xxx" in result.log and len(result.log) < 300_000
    assert (tmp_path / "logs" / "tested.log").read_text().count(" xxx") == 20_000


def test_a_response_that_is_bytes_comes_back_as_it_is(host: LambdaHost) -> None:
    spec = function("def handler(event, context): return b'\\x00\\xff'")
    assert invoke(host, spec).payload == b"\x00\xff"


def test_a_changed_function_runs_its_new_code_at_once(host: LambdaHost) -> None:
    assert answer(host, function("def handler(event, context): return 'old'")) == "old"
    assert answer(host, function("def handler(event, context): return 'new'")) == "new"
    assert len(host.workers()) == 1


def test_versions_of_a_function_keep_their_own_workers(host: LambdaHost) -> None:
    source = "import os\ndef handler(event, context): return context.function_version"
    for _ in range(2):
        assert answer(host, function(source, version="1")) == "1"
        assert answer(host, function(source, version="2")) == "2"
    assert [worker.invocations for worker in host.workers()] == [2, 2]


@pytest.mark.parametrize("called", ["tested", ECHO.arn])
def test_evicting_ends_the_workers_of_one_function(host: LambdaHost, called: str) -> None:
    other = function("def handler(event, context): return event", name="other")
    invoke(host, ECHO)
    invoke(host, other)
    host.evict(called)
    assert [worker.function for worker in host.workers()] == ["other"]
    assert invoke(host, ECHO).cold


def test_a_handler_may_lie_in_a_package(host: LambdaHost) -> None:
    spec = FunctionSpec(
        arn="arn:aws:lambda:us-east-1:123456789012:function:nested",
        handler="pkg/sub.run",
        code_zip=package(pkg__sub="def run(event, context): return __name__"),
    )
    assert json.loads(invoke(host, spec).payload) == "pkg.sub"
