"""The client library and the service say the same, though neither imports the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from bellpair import callbacks, function_client, function_models, models, packaging, vocabulary
from bellpair.client import Client
from bellpair.configuration import Configuration
from bellpair.job import Job
from bellpair.transport import Transport
from bellpair_core.http.function_paths import function_paths
from bellpair_core.http.function_views import (
    callback_view,
    events_view,
    function_view,
    logs_view,
    seen_function_view,
    version_view,
    versions_view,
    workers_view,
)
from bellpair_core.http.tenant_paths import tenant_paths
from bellpair_core.http.views import job_view
from bellpair_core.logic.callbacks import send_callback
from bellpair_core.logic.callbacks.register_callback import NewCallback
from bellpair_core.logic.functions.alias_function import AliasWeights
from bellpair_core.logic.functions.deploy_function import Deployment
from bellpair_core.logic.functions.invoke_function import InvocationRequest
from bellpair_core.logic.functions.list_functions import SeenFunction, VersionPage
from bellpair_core.logic.jobs.job_log import EventPage, LogPage, Said
from bellpair_core.logic.jobs.resume_job import Resumption
from bellpair_core.logic.runs.tenant_spending import MonthlyCap
from bellpair_core.model import limits
from bellpair_core.model.callback import Callback
from bellpair_core.model.callback import signature as service_signature
from bellpair_core.model.function import LATEST, FunctionRecord, Invocation, Worker
from bellpair_core.model.job import JobStatus
from bellpair_core.model.journal import Line, Progress
from tests.examples import NOON, job_example, version_example

pytestmark = pytest.mark.contract

RECORD = FunctionRecord(
    tenant="acme",
    name="vqe-h2",
    latest=2,
    aliases={"latest": {2: 100}, "stable": {1: 90, 2: 10}},
    created_at=NOON,
    changed_at=NOON,
)
FUNCTION_JOB = job_example(
    function=Invocation(
        name="vqe-h2",
        version=2,
        alias="stable",
        worker="qiskit",
        entry="vqe_h2:VqeH2",
        inputs=version_example().package,
        seed=7,
        timeout_s=600,
        max_cost_usd=2.5,
    )
)
LAST_LINE = Line(
    number=3, at=NOON, epoch=1, attempt=1, run=1, calls=2, spent_usd=0.5,
    progress=Progress(fraction=0.5, message="half"),
)  # fmt: skip


def test_the_numbers_are_the_same() -> None:
    assert packaging.PACKAGE_BYTES_MAX == limits.PACKAGE_BYTES_MAX
    assert limits.PREFER_WAIT_MAX_S == function_client.WAIT_MAX
    assert function_client.LATEST == LATEST
    assert list(vocabulary.JobStatus) == list(JobStatus)
    assert {status for status in JobStatus if status.terminal} == vocabulary.FINAL


def test_a_version_is_read_as_it_is_shown() -> None:
    shown = version_view(version_example(), existed=True)
    read = function_models.FunctionVersion.read(shown)
    assert read.to_dict() == shown | {"created_at": read.to_dict()["created_at"]}
    assert read.created_at == NOON
    assert (read.version, read.existed, read.inputs["required"]) == (1, True, ["distance"])
    listed = versions_view(VersionPage((version_example(),), None))["versions"][0]
    assert function_models.FunctionVersion.read(listed).worker == "qiskit"


def test_a_function_is_read_as_it_is_shown() -> None:
    read = function_models.QuantumFunction.read(function_view(RECORD))
    assert read.aliases == {"latest": {2: 100}, "stable": {1: 90, 2: 10}}
    seen = function_models.QuantumFunction.read(
        seen_function_view(SeenFunction(RECORD, version_example()))
    )
    assert seen.newest is not None
    assert seen.newest.entry == "vqe_h2:VqeH2"
    assert "/v1/functions/vqe-h2/invocations" in (seen.openapi or {})["paths"]


def test_workers_and_callbacks_are_read_as_they_are_shown() -> None:
    worker = Worker(
        name="qiskit", python="3.11", packages={"a": "1"}, memory_mb=3008, seconds=900, seen_at=NOON
    )
    shown = workers_view([worker])["workers"][0]
    read = function_models.Worker.read(shown)
    assert (read.name, read.packages, read.memory_mb) == ("qiskit", {"a": "1"}, 3008)
    assert (read.seconds, read.seen_at) == (900, NOON)
    callback = Callback(
        id="cb-1", tenant="acme", url="https://example.org", secret="s", created_at=NOON
    )
    assert function_models.NewCallback.read(callback_view(callback, secret=True)).secret == "s"


def test_a_functions_job_is_read_as_it_is_shown() -> None:
    record = models.JobRecord.read(job_view(FUNCTION_JOB, last=LAST_LINE))
    assert record.function is not None
    assert record.function.target == "vqe-h2:2"
    assert (record.seed, record.max_cost_usd, record.timeout_s) == (7, 2.5, 600)
    assert (record.calls, record.spent_usd) == (2, 0.5)
    assert record.progress is not None
    assert (record.progress.fraction, record.progress.message) == (0.5, "half")


def test_events_and_logs_are_read_as_they_are_shown() -> None:
    job = FUNCTION_JOB.model_copy(update={"status": JobStatus.SUCCEEDED})
    said = Said(NOON, Progress(fraction=0.5, message="half"), 1)
    pages: dict[str, Any] = {
        "events": events_view(EventPage(job, (*job.events, said), 3_000_001, more=False)),
        "logs": logs_view(LogPage(job, "printed\n", 3, more=False, dropped=5)),
        "": job_view(job),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        part = request.url.path.partition(job.id)[2].strip("/")
        return httpx.Response(200, json=pages[part])

    wire = httpx.MockTransport(answer)
    transport = Transport(("https://a.test",), "k", timeout=5, wire=wire)
    client_job = Job(transport, models.JobRecord.read(pages[""]))
    assert [(event.type, event.fraction) for event in client_job.events()] == [
        ("queued", None), ("progress", 0.5),
    ]  # fmt: skip
    assert "".join(client_job.logs()).startswith("printed\n\n[5 more")


def test_the_service_takes_what_the_client_sends(
    tmp_path: Path,
) -> None:
    sent: dict[str, bytes] = {}
    shown = {
        **job_view(FUNCTION_JOB), **version_view(version_example()), "weights": {}, "aliases": {},
        "tenant": "acme", "month": "2026-11", "spent_usd": 1.5,
        "id": "job-1", "url": "u", "secret": "s", "functions": [], "versions": [],
    }  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        sent[f"{request.method} {path}"] = request.content
        return httpx.Response(200, json=shown)

    configuration = Configuration(("https://a.test",), "k")
    client = Client(configuration=configuration)
    client._transport = Transport(
        ("https://a.test",), "k", timeout=5, wire=httpx.MockTransport(answer)
    )
    (tmp_path / "vqe.py").write_text("def run(runtime): ...\n")
    client.deploy_function(tmp_path / "vqe.py", "run", "vqe-h2", "qiskit", "canary")
    job = client.invoke(
        "vqe-h2:stable", {"x": 1}, device="sv1", max_cost_usd=2.5, seed=7, timeout_s=600,
        callback="cb-1", job_name="mine", tags={"a": "b"}, wait=20,
    )  # fmt: skip
    job.resume(5.0)
    client.set_alias("vqe-h2", "stable", {1: 90, 2: 10})
    client.add_callback("https://example.org/hook")
    client.functions()
    client.function("vqe-h2")
    client.function_versions("vqe-h2")
    client.delete_function_version("vqe-h2", 1)
    client.delete_alias("vqe-h2", "stable")
    client.delete_function("vqe-h2")
    client.workers()
    client.callbacks()
    client.delete_callback("cb-1")
    client.set_tenant_cap("acme", 250.0)
    client.tenant_spending("acme")

    bodies = {
        "POST /v1/functions": Deployment,
        "POST /v1/functions/vqe-h2:stable/invocations": InvocationRequest,
        "POST /v1/jobs/job-1/resume": Resumption,
        "PUT /v1/functions/vqe-h2/aliases/stable": AliasWeights,
        "POST /v1/callbacks": NewCallback,
        "PUT /v1/tenants/acme/cap": MonthlyCap,
    }
    for route, model in bodies.items():
        model.model_validate_json(sent[route])
    routes = [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)))
        for path, item in (function_paths() | tenant_paths()).items()
        for method in item
        if method != "parameters"
    ]
    for request in sent:
        method, path = request.split(" ")
        assert any(method == m and pattern.fullmatch(path) for m, pattern in routes), request


def test_a_callback_is_verified_as_it_is_signed() -> None:
    body = b'{"type": "job-ended"}'
    headers = {
        send_callback.TIMESTAMP_HEADER: "1767268800",
        send_callback.SIGNATURE_HEADER: service_signature("s", 1767268800, body),
    }
    assert callbacks.verify(body, headers, "s", now=1767268800)["type"] == "job-ended"
