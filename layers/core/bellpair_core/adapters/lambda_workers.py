"""Workers as Lambda functions, each tenant in an execution environment of its own."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports.workers import FunctionEntry, WorkerDescription, WorkerRefused

from .aws import client, error_code, transient_faults

_PLATFORM = "bellpair"
"""Whose environment answers what concerns no tenant; no tenant's code runs there."""

_NOT_NOW = frozenset(
    {
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "ResourceConflictException",
        "ResourceNotFoundException",
        "ResourceNotReadyException",
        "ServiceException",
    }
)
"""What Lambda answers for a function that is being made, updated or restored."""

_LOG = logging.getLogger(__name__)


class LambdaWorkers:
    """`Workers` over the stage's worker functions.

    Parameters
    ----------
    functions
        Lambda function's name by the worker's.
    region
        Where they are.
    """

    def __init__(self, functions: Mapping[str, str], region: str) -> None:
        self._functions = dict(functions)
        self._lambda = client("lambda", region, waiting=True)

    def describe(self, worker: str) -> WorkerDescription:
        """See `Workers.describe`."""
        try:
            answer = self._ask(worker, _PLATFORM, {"describe": True})
            return WorkerDescription.model_validate(answer)
        except (WorkerRefused, ValidationError) as error:
            raise TransientFault(f"worker {worker} did not describe itself") from error

    def inspect(
        self, worker: str, tenant: str, package: bytes, entry: str | None
    ) -> Sequence[FunctionEntry]:
        """See `Workers.inspect`."""
        asked = {"package": base64.b64encode(package).decode(), "entry": entry}
        answer = self._ask(worker, tenant, {"inspect": asked})
        if isinstance(refused := answer.get("refused"), dict):
            raise WorkerRefused(
                str(refused.get("message", "it cannot be imported")),
                refused.get("remedy"),
                refused.get("missing"),
            )
        try:
            return [FunctionEntry.model_validate(found) for found in answer["entries"]]
        except (KeyError, TypeError, ValidationError) as error:
            # What the user's own code says of itself may be anything.
            raise WorkerRefused("it does not describe itself as a function does") from error

    def _ask(self, worker: str, tenant: str, event: Mapping[str, Any]) -> dict[str, Any]:
        with transient_faults(f"asking worker {worker}", _NOT_NOW):
            try:
                answer = self._lambda.invoke(
                    FunctionName=self._functions[worker],
                    TenantId=tenant,
                    Payload=json.dumps(event).encode(),
                )
            except ClientError as error:
                if error_code(error) != "RequestTooLargeException":
                    raise
                raise WorkerRefused("it is too large to be sent to the worker") from error
            payload = answer["Payload"].read()
        if "FunctionError" in answer:
            # The worker's own process failed: it ran out of memory or time over the package.
            _LOG.warning("worker %s failed: %s", worker, payload[:2000].decode(errors="replace"))
            raise WorkerRefused(
                "the worker's process ended while it imported the module",
                "Do at import only what takes little time and memory; the rest belongs in run().",
            )
        said = json.loads(payload)
        return said if isinstance(said, dict) else {}
