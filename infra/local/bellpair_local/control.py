"""Calls of the switches that a local cloud's processes have: faults, workers, outages."""

from __future__ import annotations

import http.client
import json
from typing import Any

from bellpair_local.failures import LocalCloudError
from bellpair_local.topology import HOST, Member

SECONDS = 20.0


def call(
    member: Member, method: str, path: str, body: Any = None, timeout: float = SECONDS
) -> dict[str, Any]:
    """Call the control face of a process and return its answer.

    Parameters
    ----------
    path
        Such as ``/_faults``.
    body
        To be sent as JSON.
    timeout
        Seconds to wait for the answer.

    Raises
    ------
    LocalCloudError
        If the process does not answer, or refuses.
    """
    connection = http.client.HTTPConnection(HOST, member.port, timeout=timeout)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LocalCloudError(
            f"{member.name} does not answer {method} {path}: {error!r}.",
            "See how it is with `bellpair local status`.",
        ) from error
    finally:
        connection.close()
    if answer.status >= 400:
        told = content.get("error") or content.get("message") or content
        raise LocalCloudError(
            f"{member.name} refuses {method} {path}: {told}", "Correct what was asked for."
        )
    return content
