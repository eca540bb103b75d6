"""A small double of the API on a real socket: two regions over one ledger, with seeded faults."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.unit.sdk.fake_calibrations import FakeCalibrations
from tests.unit.sdk.fake_functions import FakeFunctions
from tests.unit.sdk.fake_triggers import FakeTriggers
from tests.unit.sdk.problems import problem

KEY = "bp_0a1b2c3d_" + "s3cr3t" * 7 + "x"
OPERATOR_KEY = "bp_ffffffff_" + "0p3r4t" * 7 + "x"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEPS = ("queued", "compiling", "executing", "processing", "succeeded")

USAGE = {
    "lambda_gb_s": 0.31,
    "items": [
        {"what": "Lambda time", "amount": 0.31, "unit": "GB-s", "usd": 0.0000051667},
        {"what": "State transitions", "amount": 6, "unit": "transitions", "usd": 0.00015},
        {"what": "Device", "amount": 0.3, "unit": "USD", "usd": 0.3},
    ],
    "total_usd": 0.3001551667,
    "prices_as_of": "2025-12",
}
DEVICES = [
    {"name": "ion-11", "kind": "qpu", "provider": "emulated", "status": "online",
     "region": "us-east-1", "num_qubits": 11, "shots_min": 1, "shots_max": 10000,
     "queue_depth": 3, "arn": "arn:aws:braket:us-east-1::device/qpu/emulated/ion-11"},
    {"name": "square-20", "kind": "qpu", "provider": "emulated", "status": "offline",
     "region": "us-west-2", "num_qubits": 20, "shots_min": 1, "shots_max": 20000,
     "refused": {"calibration_id": "new", "reason": "2Q is 1.1", "at": NOON.isoformat()}},
    {"name": "square-54", "kind": "qpu", "provider": "emulated", "status": "online",
     "region": "us-west-2", "num_qubits": 54, "shots_min": 1, "shots_max": 20000,
     "breaker": {"state": "open", "since": NOON.isoformat(), "reason": "5 failures in a row",
                 "retry_at": None}},
    {"name": "sv1", "kind": "simulator", "provider": "amazon", "status": "online",
     "region": "us-east-1", "num_qubits": 34, "shots_min": 1, "shots_max": 100000},
]  # fmt: skip


CONSIDERED = [
    {"device": "ion-11", "verdict": "chosen", "reason": "expected success 0.95", "score": 0.8,
     "health": 1.0, "expected_success": 0.95, "cost_usd": 1.3, "wait_s": 20.0,
     "duration_us": 500.0},
    {"device": "sv1", "verdict": "excluded", "reason": "it is no QPU", "cost_usd": 0.0},
]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What happens instead of, or after, one request.

    ``lose_answer`` does the work and then breaks the connection; otherwise the status and the
    members are answered without any work.
    """

    status: int = 0
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    lose_answer: bool = False
    raw: bytes | None = None


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    body: Any
    client: tuple[str, int]


class FakePair:
    """The pair's record; an operation goes one of ``to_come`` further at each look."""

    def __init__(self) -> None:
        self.record: dict[str, Any] = {
            "active_region": "us-east-1", "passive_region": "us-west-2", "epoch": 1, "version": 4,
            "mode": "accepting", "since": NOON.isoformat(), "reason": "initial",
            "promoted_at": None, "hold": None, "operation": None,
            "audit": [
                {"at": NOON.isoformat(), "by": "ops/0a", "action": "held", "reason": "work",
                 "epoch": 1},
            ],
            "beats": {
                "us-east-1": {"counter": 41, "healthy": True, "at": NOON.isoformat()},
                "us-west-2": {"counter": 17, "healthy": False, "at": NOON.isoformat()},
            },
            "devices": [
                {"device": "ion-11", "state": "open", "failures": 5, "since": NOON.isoformat(),
                 "reason": "5 failures in a row", "retry_at": None},
            ],
        }  # fmt: skip
        self.refusal: str | None = None
        self.to_come: deque[str] = deque()

    def look(self) -> dict[str, Any]:
        """The pair, one step further than at the last look."""
        operation = self.record["operation"]
        if operation is not None and operation["outcome"] == "running" and self.to_come:
            step = self.to_come.popleft()
            at = NOON + timedelta(seconds=0.5 * len(operation["steps"]))
            operation["steps"][step] = at.isoformat()
            if step == "promoting":
                here = self.record["active_region"]
                self.record["active_region"] = self.record["passive_region"]
                self.record["passive_region"] = here
                self.record["epoch"] += 1
            if not self.to_come:
                operation["outcome"] = "refused" if self.refusal else "done"
                operation["detail"] = self.refusal or ""
                operation["adopted"] = 0 if self.refusal else 1200
        return self.record

    def change(self, kind: str, body: Any, region: str) -> tuple[int, dict[str, Any]]:
        held = self.record["hold"] is not None
        if kind in ("switchover", "failover", "failback") and held and not body.get("force"):
            return 409, problem(
                409, "pair-held", "ops/0a holds the pair: work",
                remedy="Release the hold with `bellpair pair release`, or insist with force.",
            )  # fmt: skip
        epoch = self.record["epoch"]
        operation = {
            "id": f"{kind}-{epoch}-0a0b", "kind": kind, "by": "ops/0a",
            "reason": body["reason"], "started_at": NOON.isoformat(), "outcome": "running",
            "detail": "", "steps": {}, "adopted": 0,
        }  # fmt: skip
        self.record["operation"] = operation
        steps = {
            "switchover": ["paused", "drained", "promoting", "resumed", "adopted", "announced"],
            "failback": ["paused", "drained", "promoting", "resumed", "adopted", "announced"],
            "failover": ["confirmed", "promoting", "resumed", "adopted", "announced"],
            "hold": ["held"],
            "release": ["released"],
        }[kind]
        self.to_come.extend(steps if self.refusal is None else ["refused"])
        if kind == "hold":
            self.record["hold"] = {"by": "ops/0a", "at": NOON.isoformat(), "reason": body["reason"]}
        if kind == "release":
            self.record["hold"] = None
        asked = {"id": operation["id"], "kind": kind, "region": region, "epoch": epoch}
        return 202, {"operation": asked}


class FakeLedger:
    """What both regions know."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.active = "us-east-1"
        self.devices: list[dict[str, Any]] = DEVICES
        self.jobs: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, tuple[str, Any]] = {}
        self.counts = {"00": 503, "11": 497}
        self.error: dict[str, Any] | None = None
        self.stuck = False
        self.waiting_for: str | None = None
        self.tenants: list[str] = []
        self.caps: dict[str, float | None] = {"acme": None}
        self.functions = FakeFunctions()
        self.triggers = FakeTriggers()
        self.calibrations = FakeCalibrations()
        self.keys = {("acme", "0a1b2c3d"): "enabled"}
        self.pair = FakePair()

    def spending(self, tenant: str) -> dict[str, Any]:
        """What the tenant spent this month."""
        cap = self.caps[tenant]
        return {"tenant": tenant, "month": "2026-01", "spent_usd": None if cap is None else 1234.5,
                "max_usd_per_month": cap}  # fmt: skip

    def submit(self, key: str, body: Any) -> tuple[int, dict[str, Any]]:
        if key in self.requests:
            job_id, first = self.requests[key]
            if first != body:
                return 409, problem(409, "idempotency-conflict", "The key was used before.")
            return 202, self.jobs[job_id]
        source = body["source"]
        if "bad" in source:
            line = next(i for i, text in enumerate(source.splitlines(), 1) if "bad" in text)
            column = source.splitlines()[line - 1].index("bad") + 1
            return 422, problem(
                422, "program-invalid", "The gate 'bad' is not defined.",
                remedy="Define it, or include stdgates.inc.", line=line, column=column,
            )  # fmt: skip
        if body["shots"] < 1:
            return 400, problem(
                400, "request-invalid", "The request does not fit its schema.",
                remedy="Correct the fields listed in errors.",
                errors=[{"pointer": "/shots", "detail": "must be at least 1"}],
            )  # fmt: skip
        if body["device"] not in ("any", *(device["name"] for device in DEVICES)):
            return 422, problem(422, "device-unknown", "No such device.")
        job_id = f"job-{len(self.jobs):026d}"
        self.jobs[job_id] = {
            "id": job_id,
            "status": "queued",
            "name": body.get("name"),
            "tags": body.get("tags", {}),
            "device": body["device"],
            "device_used": None,
            "shots": body["shots"],
            "region": self.active,
            "epoch": 1,
            "accepted_at": NOON.isoformat(),
            "finished_at": None,
            "queue": {"position": 2},
            "events": [
                {"at": NOON.isoformat(), "type": "queued", "message": "accepted",
                 "region": self.active, "epoch": 1}
            ],
            "error": None,
            "links": {"self": f"/v1/jobs/{job_id}"},
            "from_the_future": {"unknown": True},
        }  # fmt: skip
        self.requests[key] = (job_id, body)
        return 202, self.jobs[job_id]

    def look(self, job_id: str) -> dict[str, Any]:
        """The job, one step further than at the last look."""
        job = self.jobs[job_id]
        job["waiting_for"] = self.waiting_for
        if job["status"] in STEPS[:-1] and not self.stuck:
            status = STEPS[STEPS.index(job["status"]) + 1]
            job["queue"] = None
            if status == "succeeded" and self.error is not None:
                status, job["error"] = "failed", self.error
            elif status == "executing":
                job["device_used"] = "sv1" if job["device"] == "any" else job["device"]
            job["status"] = status
            at = NOON + timedelta(seconds=0.13 * len(job["events"]))
            job["events"].append(
                {"at": at.isoformat(), "type": status, "message": "",
                 "region": self.active, "epoch": 1}
            )  # fmt: skip
            if status in ("succeeded", "failed"):
                job["finished_at"] = at.isoformat()
        return job


class FakeRegion:
    """One region's API on an ephemeral port."""

    def __init__(self, name: str, ledger: FakeLedger) -> None:
        self.name = name
        self.ledger = ledger
        self.faults: deque[Fault] = deque()
        self.seen: list[Seen] = []
        self.arrived = threading.Condition()
        region = self

        class Handler(_Handler):
            pass

        Handler.region = region
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{port}/restapis/abc/api/_user_request_"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for_requests(self, count: int) -> None:
        """Wait until so many requests have come; a deadline keeps a broken test from hanging."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.seen) >= count, timeout=30)

    def paths(self) -> list[str]:
        """Each request so far, as ``"GET /v1/jobs"``."""
        return [f"{seen.method} {seen.path}" for seen in self.seen]

    def answer(self, seen: Seen) -> tuple[int, dict[str, Any]]:
        ledger, path = self.ledger, seen.path
        if path == "/v1/health":
            return 200, {"status": "ok", "region": self.name,
                         "role": "active" if self.name == ledger.active else "passive",
                         "active_region": ledger.active,
                         "epoch": 1, "accepting": True}  # fmt: skip
        key = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in (KEY, OPERATOR_KEY):
            return 401, problem(401, "unauthenticated", f"The key {key} is not known.")
        if (
            seen.method == "POST"
            and not seen.path.startswith("/v1/pair")
            and self.name != ledger.active
        ):
            return 503, problem(
                503, "region-passive", f"{self.name} is passive.", active_region=ledger.active
            )
        with ledger.lock:
            return self._answer(seen, key)

    def _answer(self, seen: Seen, key: str) -> tuple[int, dict[str, Any]]:
        ledger = self.ledger
        answered = ledger.functions.answer(ledger, seen) or ledger.triggers.answer(seen)
        if answered is not None:
            return answered
        match seen.method, seen.path.split("/")[2:]:
            case "POST", ["jobs"]:
                return ledger.submit(seen.headers["idempotency-key"], seen.body)
            case "GET", ["jobs"]:
                return self._page(seen.query)
            case "POST", ["estimates"] if seen.body["device"] == "nosuch":
                return 422, problem(422, "device-unknown", "There is no device of this name.")
            case "POST", ["estimates"]:
                return 200, {"shape": {"two_qubit_gates": 1}, "chosen": "ion-11",
                             "devices": CONSIDERED}  # fmt: skip
            case "GET", ["jobs", job_id, "why"] if job_id in ledger.jobs:
                return 200, {
                    "job_id": job_id, "status": "queued", "device": "any-qpu",
                    "choice": {"at": NOON.isoformat(), "chosen": "ion-11",
                               "considered": CONSIDERED},
                    "reasons": [{"at": NOON.isoformat(), "about": "request",
                                 "text": "it asked for device any-qpu"}],
                }  # fmt: skip
            case "GET", ["devices"]:
                return 200, {"devices": ledger.devices}
            case method, ["devices", device, *what]:
                return ledger.calibrations.answer(
                    method, device, what, seen.query, operator=key == OPERATOR_KEY
                )
            case _, ["pair", *_] if key != OPERATOR_KEY:
                return 403, problem(403, "forbidden", "Only operators may.")
            case "GET", ["pair"]:
                return 200, ledger.pair.look()
            case "POST", ["pair", kind]:
                return ledger.pair.change(kind, seen.body, self.name)
            case "POST", ["tenants"]:
                if key != OPERATOR_KEY:
                    return 403, problem(403, "forbidden", "Only operators make tenants.")
                ledger.tenants.append(seen.body["name"])
                return 201, {"tenant": seen.body["name"], "role": seen.body["role"],
                             "key_id": "11112222", "api_key": "bp_11112222_new"}  # fmt: skip
            case "PUT", ["tenants", tenant, "cap"]:
                if key != OPERATOR_KEY:
                    return 403, problem(
                        403, "forbidden",
                        "This needs an API key with the role operator; this key's role is user.",
                        remedy="Use a key with the role operator.",
                    )  # fmt: skip
                ledger.caps[tenant] = seen.body["max_usd_per_month"]
                return 200, ledger.spending(tenant)
            case "GET", ["tenants", tenant, "spending"] if tenant in ledger.caps:
                return 200, ledger.spending(tenant)
            case "POST", ["tenants", tenant, "keys"] if tenant in ledger.caps:
                return 201, {"tenant": tenant, "role": seen.body["role"],
                             "key_id": "33334444", "api_key": "bp_33334444_further"}  # fmt: skip
            case "DELETE", ["tenants", tenant, "keys", key_id] if (tenant, key_id) in ledger.keys:
                ledger.keys[tenant, key_id] = "disabled"
                return 200, {"tenant": tenant, "key_id": key_id, "disabled": True}
            case method, ["jobs", job_id, *rest] if job_id in ledger.jobs:
                if method == "DELETE":
                    ledger.jobs[job_id]["status"] = "cancelled"
                    return 200, ledger.jobs[job_id]
                if rest == ["result"]:
                    return 200, self._result(ledger.jobs[job_id])
                job = dict(ledger.look(job_id))
                if seen.query.get("include") == "cost":
                    job["usage"] = USAGE
                return 200, job
        return 404, problem(404, "job-not-found", "No such job.", remedy="Check the id.")

    def _page(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        jobs = [
            job
            for job in reversed(self.ledger.jobs.values())
            if query.get("status") in (None, job["status"])
        ]
        start, size = int(query.get("page_token", 0)), min(int(query["limit"]), 3)
        token = str(start + size) if start + size < len(jobs) else None
        return 200, {"jobs": jobs[start : start + size], "next_page_token": token}

    def _result(self, job: dict[str, Any]) -> dict[str, Any]:
        return {
            "job_id": job["id"],
            "status": "succeeded",
            "counts": self.ledger.counts,
            "bit_order": "little-endian",
            "num_bits": 2,
            "shots": job["shots"],
            "device": job["device_used"],
            "compiled_program": "OPENQASM 3.0;",
            "calibration_id": "2026-01-01-abc",
            "task_arn": "arn:aws:braket:us-east-1:1:quantum-task/1",
            "timings": {"queued": 0.02, "compiling": 0.11, "executing": 0.2, "total": 0.36},
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    region: FakeRegion

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        url = urlsplit(self.path)
        path = re.sub(r"^/restapis/abc/api/_user_request_", "", url.path)
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(
            self.command, path, headers, dict(parse_qsl(url.query)),
            json.loads(content) if content else None, self.client_address,
        )  # fmt: skip
        with self.region.arrived:
            self.region.seen.append(seen)
            self.region.arrived.notify_all()
        fault = self.region.faults.popleft() if self.region.faults else None
        if fault is not None and not fault.lose_answer:
            self._send(fault.status, fault.members, fault.headers, fault.raw)
            return
        status, body = self.region.answer(seen)
        if fault is not None:
            self.close_connection = True
            return
        self._send(status, body, {})

    def _send(
        self, status: int, body: dict[str, Any], headers: dict[str, str], raw: bytes | None = None
    ) -> None:
        content = json.dumps(body).encode() if raw is None else raw
        self.send_response(status)
        kind = "application/json" if status < 400 else "application/problem+json"
        for name, value in {
            "Content-Type": kind, "Content-Length": str(len(content)),
            "X-Request-Id": "req-42", **headers,
        }.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve
