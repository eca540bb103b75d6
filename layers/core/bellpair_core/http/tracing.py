"""The ids by which one request is found again in answers and logs."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

_ROOT = re.compile(r"(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)")


def request_id(request_context: Mapping[str, Any]) -> str:
    """API Gateway's id of the request; a fresh one where there is none."""
    return str(request_context.get("requestId") or secrets.token_hex(16))


def trace_id(headers: Mapping[str, str]) -> str:
    """The root of the request's X-Ray trace; a fresh one where there is none.

    Anything else in the header is dropped: what a client sends must not get into logs unread.
    """
    sent = _ROOT.search(headers.get("x-amzn-trace-id") or "")
    if sent:
        return sent.group(1)
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
