"""What tells one call of a function from another."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

_NUMBER = re.compile(r"-?\d+(?:\.\d*(?:[eE][+-]?\d+)?|[eE][+-]?\d+)")
_DECIMALS = 9


def fingerprint(kind: str, payload: Any) -> str:
    """The name of a call: its kind and 16 hexadecimal digits of its payload's SHA-256.

    Decimal numbers count by nine decimals only. So a function may be repeated on another
    processor, whose last bits of a sine differ, while every difference that matters to an
    angle changes the name.

    Parameters
    ----------
    kind
        A word, such as ``"sample"``.
    payload
        JSON-representable; the order of members does not count.

    Examples
    --------
    >>> fingerprint("sample", "rz(0.30000000000000004) q;") == fingerprint("sample", "rz(0.3) q;")
    True
    """
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(_NUMBER.sub(_rounded, text).encode()).hexdigest()
    return f"{kind} {digest[:16]}"


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match.group()):.{_DECIMALS}f}"
    return text if text.strip("-0.") else "0"
