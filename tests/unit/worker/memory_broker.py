"""A broker in memory, and functions to run by it, from source text."""

from __future__ import annotations

import base64
import io
import textwrap
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import OperationUpdate

from bellpair.functions.memory_service import MemoryService
from bellpair_worker.frames import Message

BEGUN = 3
"""Number of the line that began the run."""

RUN = {"job_id": "job-1", "run": BEGUN, "ticket": "secret", "tenant": "alice"}

FUNCTION = """
from bellpair.functions import quantum_function

@quantum_function
def function(runtime, n: int = 1):
"""


def package(**sources: str | bytes) -> str:
    """Base64 of a zip of modules."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for name, source in sources.items():
            content = textwrap.dedent(source) if isinstance(source, str) else source
            files.writestr(f"{name}.py", content)
    return base64.b64encode(archive.getvalue()).decode()


def body(source: str) -> str:
    """A package whose one function does what `source` says."""
    return package(main=FUNCTION + textwrap.indent(textwrap.dedent(source), "    "))


class MemoryBroker:
    """Keeps one job's journal as far as a worker can tell, and what it was told.

    Attributes
    ----------
    calls
        The payloads of quantum calls.

    Parameters
    ----------
    package
        Base64, as the invocation's function has it.
    answers_at_once
        Whether quantum calls are answered in the request that makes them.
    takes
        What calls may have beside circuits and shots; ``None`` is a broker that does not say.
    """

    def __init__(
        self,
        package: str,
        *,
        entry: str = "main:function",
        inputs: Mapping[str, Any] | None = None,
        answers_at_once: bool = True,
        takes: Sequence[str] | None = None,
    ) -> None:
        self.requests: list[Message] = []
        self.faults: list[Exception] = []
        self.refusals: dict[str, Message] = {}
        self.before: Callable[[Message], None] = lambda request: None
        self.calls: list[Mapping[str, Any]] = []
        self._service = MemoryService(self._called, lambda call: answers_at_once)
        self._opening: Message = {"package": package, "entry": entry, "inputs": dict(inputs or {})}
        if takes is not None:
            self._opening["takes"] = list(takes)
        self._tail = BEGUN

    @property
    def ops(self) -> list[str]:
        """What was asked for, in order."""
        return [request["op"] for request in self.requests]

    @property
    def printed(self) -> str:
        """All output that came with the requests."""
        return "".join(request.get("output", "") for request in self.requests)

    def one(self, op: str) -> Message:
        """The only request of a kind."""
        (request,) = [request for request in self.requests if request["op"] == op]
        return request

    def __call__(self, request: Message) -> Message:
        """Answer as the broker's function does."""
        if self.faults:
            raise self.faults.pop(0)
        self.requests.append(request)
        self.before(request)
        if refusal := self.refusals.get(request["op"]):
            return {"refused": refusal}
        match request["op"]:
            case "open":
                return {**self._opening, "tail": self._tail, **self._state()}
            case "checkpoint":
                updates = [OperationUpdate.from_dict(one) for one in request["updates"]]
                said = self._service.checkpoint("", "", updates, None)
                self._tail += 1
                changed = said.new_execution_state.operations
                return {
                    "tail": self._tail,
                    "operations": [dict(one.to_json_dict()) for one in changed],
                }
            case _:
                self._tail += 1
                return {"tail": self._tail}

    def _called(self, payload: Mapping[str, Any]) -> Message:
        self.calls.append(payload)
        return _zeros(payload)

    def _state(self) -> Message:
        return {
            "operations": self._service.operations(),
            "marker": None,
            "seed": 7,
            "state": self._service.state,
            "checkpoints": self._service.checkpoints,
            "device": "sv1",
            "worker": "python",
        }


def _zeros(payload: Mapping[str, Any]) -> Message:
    results = [
        {"counts": {"0": program["shots"]}, "shots": program["shots"], "bits": 1}
        for program in payload["programs"]
    ]
    return {"results": results, "device": "sv1", "calibration_id": "", "cost_usd": 0.0}
