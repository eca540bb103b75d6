"""The handler as it is deployed: the Lambda host, the runtime's own client, a broker over HTTP."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bellpair_lambda_host import FunctionSpec, LambdaHost
from tests.unit.lambda_host.packages import package as deployment_package

from .memory_broker import RUN, MemoryBroker, body

HANDLER = Path(__file__).parents[3] / "functions" / "worker" / "handler.py"


class Endpoint:
    """Stands for Lambda's API; whatever function is invoked, the present broker answers."""

    def __init__(self) -> None:
        self.broker = MemoryBroker("")
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(endpoint.broker(request)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    thread = threading.Thread(target=endpoint.server.serve_forever, daemon=True)
    thread.start()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.fixture
def spec(endpoint: Endpoint) -> FunctionSpec:
    paths = [path for path in sys.path if Path(path).is_dir() and "lib/python3." not in path]
    paths += [path for path in sys.path if path.endswith("site-packages")]
    return FunctionSpec(
        arn="arn:aws:lambda:us-west-2:123456789012:function:worker",
        handler="handler.handler",
        code_zip=deployment_package(handler=HANDLER.read_text()),
        environment={
            "PYTHONPATH": ":".join(paths),
            "BELLPAIR_BROKER": "the-broker",
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        },
        timeout_s=60,
        memory_mb=1024,
        per_tenant=True,
    )


def test_runs_inspections_and_descriptions_in_one_worker(
    tmp_path: Path, endpoint: Endpoint, spec: FunctionSpec
) -> None:
    def ask(event: Any) -> Any:
        result = host.invoke(spec, json.dumps(event).encode(), request_id="one", tenant_id="alice")
        assert result.error is None, result.log
        return json.loads(result.payload)

    with LambdaHost(tmp_path / "cache", init_limit_s=60) as host:
        described = ask({"describe": True})
        assert described["memory_mb"] == 1024 and described["seconds"] == 60
        assert "bellpair.functions.engine" in described["preloaded"]
        source = "import os; print(sorted(os.environ)); return n + 1"
        endpoint.broker = MemoryBroker(body(source), inputs={"n": 1})
        assert ask({"run": RUN}) == {"outcome": "finished"}
        assert endpoint.broker.one("finish")["value"] == "2"
        assert "AWS" not in endpoint.broker.printed
        endpoint.broker = MemoryBroker(body("import os; os._exit(1)"))
        assert ask({"run": RUN})["outcome"] == "crashed"
        found = ask({"inspect": {"package": body("return 1"), "entry": None}})
        assert found["entries"][0]["entry"] == "main:function"
        (worker,) = host.workers()
        assert worker.invocations == 4
