"""The part of the API's double that knows of quantum functions: one function, ``vqe-h2``."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.unit.sdk.problems import problem

if TYPE_CHECKING:
    from tests.unit.sdk.fake_api import FakeLedger, Seen

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Answered = tuple[int, dict[str, Any]]

INPUTS = {
    "type": "object",
    "properties": {
        "start": {"type": "array", "items": {"type": "number"}},
        "shots": {"type": "integer", "default": 1000},
    },
    "required": ["start"],
}
WORKERS = [
    {"name": "python", "python": "3.11.9", "packages": {"pydantic": "2.14.3"}, "memory_mb": 1024,
     "seconds": 900, "seen_at": NOON.isoformat()},
    {"name": "qiskit", "python": "3.11.9", "packages": {"qiskit": "2.6.2", "numpy": "2.2.6"},
     "memory_mb": 3008, "seconds": 900, "seen_at": NOON.isoformat()},
]  # fmt: skip


class FakeFunctions:
    """Functions, callbacks, and the jobs that invocations make.

    A job of a function goes one of ``course`` further at each look: a status, or a progress as
    a pair of fraction and message, which also prints a line.
    """

    def __init__(self) -> None:
        self.versions: list[dict[str, Any]] = []
        self.aliases: dict[str, dict[str, int]] = {}
        self.packages: list[bytes] = []
        self.callbacks: dict[str, str] = {}
        self.course: list[Any] = [
            "executing", (0.5, "iteration 1"), (1.0, "iteration 2"), "processing", "succeeded",
        ]  # fmt: skip
        self.output: Any = {"energy": -1.137, "history": [[0.1, -1.0]]}
        self.dropped = 0
        self.error: dict[str, Any] | None = None
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.printed: dict[str, list[str]] = {}
        self.waiting: dict[str, list[Any]] = {}
        self.requests: dict[str, str] = {}

    def answer(self, ledger: FakeLedger, seen: Seen) -> Answered | None:
        """What is answered, or ``None`` where the request is of something else."""
        match seen.method, seen.path.split("/")[2:]:
            case "GET", ["workers"]:
                return 200, {"workers": WORKERS}
            case _, ["callbacks", *rest]:
                return self._callbacks(seen, rest)
            case "POST", ["functions"]:
                return self._deploy(seen.body)
            case "GET", ["functions"]:
                return 200, {"functions": [self._record()] if self.versions else []}
            case "POST", ["functions", target, "invocations"]:
                return self._invoke(ledger, target, seen)
            case _, ["functions", name, *_] if name != "vqe-h2" or not self.versions:
                return 404, _unknown(name)
            case _, ["functions", _, *rest]:
                return self._function(seen, rest)
            case method, ["jobs", job_id, *rest] if job_id in self.told:
                return self._job(ledger, ledger.jobs[job_id], method, rest, seen)
        return None

    def _deploy(self, body: dict[str, Any]) -> Answered:
        package = base64.b64decode(body["package"])
        if b"refused" in package:
            return 422, problem(
                422, "function-invalid", "refused.py has no quantum function.",
                remedy="Decorate a function with @quantum_function.",
            )  # fmt: skip
        digest = hashlib.sha256(package + body["entry"].encode()).hexdigest()
        status = 200
        if not self.versions or self.versions[0]["digest"] != digest:
            status = 201
            self.packages.append(package)
            self.versions.insert(0, {
                "name": body.get("name", "vqe-h2"), "version": len(self.versions) + 1,
                "digest": digest, "entry": body["entry"], "worker": body.get("worker", "qiskit"),
                "device": None, "options": [], "timeout_s": 21600, "inputs": INPUTS,
                "output": {"type": "object", "properties": {"energy": {"type": "number"}}},
                "description": "The ground\nstate of H2.\n\nIn hartree.",
                "created_at": NOON.isoformat(),
                "created_by": "acme/0a", "from_the_future": 1,
            })  # fmt: skip
        self.aliases[body["alias"]] = {str(self.versions[0]["version"]): 100}
        return status, self.versions[0]

    def _record(self) -> dict[str, Any]:
        return {
            "name": "vqe-h2", "latest": self.versions[0]["version"], "aliases": self.aliases,
            "created_at": NOON.isoformat(),
            "changed_at": NOON.isoformat(), "deleted_at": None,
        }  # fmt: skip

    def _function(self, seen: Seen, rest: list[str]) -> Answered:
        match seen.method, rest:
            case "GET", []:
                paths = {"/v1/functions/vqe-h2/invocations": {}}
                return 200, self._record() | {
                    "newest": self.versions[0], "openapi": {"paths": paths}
                }  # fmt: skip
            case "GET", ["versions"]:
                return 200, {"versions": self.versions}
            case "PUT", ["aliases", alias]:
                if sum(seen.body["weights"].values()) != 100:
                    return 400, problem(400, "request-invalid", "The weights add up to no 100.")
                self.aliases[alias] = seen.body["weights"]
                return 200, self._record()
            case "DELETE", ["aliases", alias]:
                del self.aliases[alias]
            case "DELETE", ["versions", version]:
                self.versions = [v for v in self.versions if str(v["version"]) != version]
            case "DELETE", []:
                self.versions.clear()
        return 200, {}

    def _callbacks(self, seen: Seen, rest: list[str]) -> Answered:
        if seen.method == "GET":
            listed = [{"id": key, "url": url} for key, url in self.callbacks.items()]
            return 200, {"callbacks": listed}
        if seen.method == "POST":
            if not seen.body["url"].startswith("https:"):
                return 422, problem(422, "callback-invalid", "That is no https URL.")
            callback = f"cb-{len(self.callbacks) + 1}"
            self.callbacks[callback] = seen.body["url"]
            return 201, {"id": callback, "url": seen.body["url"], "secret": "cbs_once"}
        if self.callbacks.pop(rest[0], None) is None:
            return 404, problem(404, "callback-not-found", "No such callback.")
        return 200, {}

    def _invoke(self, ledger: FakeLedger, target: str, seen: Seen) -> Answered:
        name, _, which = target.partition(":")
        builtin = name in ("sampling", "estimation")
        if not self.versions and not builtin:
            return 404, _unknown(name)
        inputs = seen.body["inputs"]
        if "start" not in inputs and not builtin:
            return 422, problem(
                422, "inputs-invalid", "The inputs do not fit vqe-h2.",
                errors=[{"pointer": "/start", "detail": "Field required"}],
            )  # fmt: skip
        key = seen.headers["idempotency-key"]
        if key in self.requests:
            return 202, ledger.jobs[self.requests[key]]
        job_id = f"job-{len(ledger.jobs):026d}"
        self.requests[key] = job_id
        ledger.jobs[job_id] = job = {
            "id": job_id, "status": "queued", "name": seen.body.get("name", f"{name}:1"),
            "tags": seen.body.get("tags", {}), "device": seen.body.get("device", "any"),
            "device_used": None, "shots": None, "region": ledger.active, "epoch": 1,
            "accepted_at": NOON.isoformat(), "finished_at": None, "events": [], "error": None,
            "function": {"name": name, "version": 1, "alias": which or "latest"},
            "progress": None, "calls": 0, "spent_usd": 0.0,
            "max_cost_usd": seen.body.get("max_cost_usd"),
        }  # fmt: skip
        self.told[job_id] = []
        self.printed[job_id] = []
        self.waiting[job_id] = list(self.course)
        self._tell(ledger, job, "queued")
        if "prefer" in seen.headers:
            while self.waiting[job_id]:
                self._look(ledger, job)
            if job["status"] == "succeeded":
                return 200, job | {"result": {"output": self.output}}
        return 202, job

    def _job(
        self, ledger: FakeLedger, job: dict[str, Any], method: str, rest: list[str], seen: Seen
    ) -> Answered:
        after = int(seen.query.get("after", 0))
        match method, rest:
            case "GET", []:
                self._look(ledger, job)
                return 200, job
            case "GET", ["events"]:
                page = self.told[job["id"]][after : after + 2]
                more = after + 2 < len(self.told[job["id"]])
                told = {"job_id": job["id"], "status": job["status"], "events": page}
                self._look(ledger, job)
                return 200, told | {"next": after + len(page), "more": more}
            case "GET", ["logs"]:
                page = self.printed[job["id"]][after : after + 2]
                more = after + 2 < len(self.printed[job["id"]])
                told = {"job_id": job["id"], "text": "".join(page), "dropped": self.dropped}
                return 200, told | {"next": after + len(page), "more": more}
            case "GET", ["result"]:
                return 200, {"job_id": job["id"], "output": self.output}
            case "POST", ["resume"]:
                if job["status"] != "paused":
                    return 409, problem(409, "not-paused", "The job is not paused.")
                job["waiting_for"] = None
                self._tell(ledger, job, "queued")
                return 202, job
        return 404, problem(404, "job-not-found", "No such job.")

    def _look(self, ledger: FakeLedger, job: dict[str, Any]) -> None:
        """The job goes one step further."""
        if ledger.stuck or not self.waiting[job["id"]] or job["status"] == "paused":
            return
        step = self.waiting[job["id"]].pop(0)
        if isinstance(step, str):
            if step == "succeeded" and self.error is not None:
                step, job["error"] = "failed", self.error
            if step == "paused":
                job["waiting_for"] = "the cost cap of US$ 1.00: spent 0.90, next call 0.30"
            self._tell(ledger, job, step)
            if step in ("succeeded", "failed"):
                job["finished_at"] = (NOON + timedelta(seconds=2)).isoformat()
            return
        fraction, message = step
        job["progress"] = {"fraction": fraction, "message": message}
        job["calls"] += 1
        job["spent_usd"] += 0.01
        self.printed[job["id"]].append(f"{message}\n")
        self._tell(ledger, job, "progress", fraction=fraction, message=message)

    def _tell(self, ledger: FakeLedger, job: dict[str, Any], kind: str, **more: Any) -> None:
        if kind != "progress":
            job["status"] = kind
        told = self.told[job["id"]]
        at = NOON + timedelta(seconds=len(told))
        told.append(
            {"at": at.isoformat(), "type": kind, "region": ledger.active, "epoch": 1, **more}
        )


def _unknown(name: str) -> dict[str, Any]:
    remedy = "GET /v1/functions lists this tenant's functions; a deployment may need a second."
    return problem(404, "function-not-found", f"No function {name}.", remedy=remedy)
