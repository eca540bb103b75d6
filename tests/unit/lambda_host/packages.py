"""Functions for tests, from source text to a deployment package."""

import io
import json
import os
import textwrap
import time
import zipfile
from collections.abc import Callable
from itertools import count

from bellpair_lambda_host import FunctionSpec, InvocationResult, LambdaHost

_REQUESTS = count(1)


def package(**sources: str) -> bytes:
    """A zip archive of Python files; ``python__name`` stands for ``python/name.py``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for name, source in sources.items():
            # Without the time of day, so that equal sources make equal archives.
            entry = zipfile.ZipInfo(f"{name.replace('__', '/')}.py")
            files.writestr(entry, textwrap.dedent(source))
    return archive.getvalue()


def function(source: str, *, name: str = "tested", **settings: object) -> FunctionSpec:
    """A function whose module is `source` and whose handler is ``handler``."""
    settings.setdefault("timeout_s", 30)
    return FunctionSpec(
        arn=f"arn:aws:lambda:us-west-2:123456789012:function:{name}",
        handler="app.handler",
        code_zip=package(app=source),
        **settings,  # type: ignore[arg-type]
    )


def invoke(
    host: LambdaHost, spec: FunctionSpec, event: object = None, **context: str
) -> InvocationResult:
    """Invoke with any JSON value and a request id of its own."""
    context.setdefault("request_id", f"request-{next(_REQUESTS)}")
    return host.invoke(spec, json.dumps(event).encode(), **context)


def answer(host: LambdaHost, spec: FunctionSpec, event: object = None, **context: str) -> object:
    """The response of a function that must not fail."""
    result = invoke(host, spec, event, **context)
    assert result.error is None, result.error
    return json.loads(result.payload)


def eventually(condition: Callable[[], bool], within_s: float = 60) -> bool:
    """Poll until the condition holds; whether it did in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def touch_and_wait(started: str) -> str:
    """Source of a handler that makes the file `started` and then works for a minute."""
    return f"""
        import pathlib, time

        def handler(event, context):
            pathlib.Path({os.fspath(started)!r}).touch()
            time.sleep(60)
    """
