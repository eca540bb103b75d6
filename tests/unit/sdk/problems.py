"""Problem documents, as the API answers them."""

from __future__ import annotations

from typing import Any


def problem(status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    """A problem document."""
    return {
        "type": f"urn:bellpair:{code}", "title": code, "status": status, "code": code,
        "detail": detail, "request_id": "req-42", **members,
    }  # fmt: skip
