"""For receivers of callbacks: is this call really Bellpair's, and new?"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from bellpair.errors import BellpairError

SIGNATURE_HEADER = "X-Bellpair-Signature"
"""``v1=`` and the hexadecimal HMAC-SHA-256 of ``<timestamp>.<body>``; several with commas."""
TIMESTAMP_HEADER = "X-Bellpair-Timestamp"
"""Seconds since 1970 at which the call was signed."""


class InvalidCallback(BellpairError):
    """The call is not to be believed; answer it with HTTP 400 and do nothing."""


def signature(body: bytes, timestamp: int | str, secret: str) -> str:
    """The signature of a call, as its header has it.

    Parameters
    ----------
    timestamp
        Seconds since 1970.
    """
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str,
    tolerance_s: float = 300,
    *,
    now: float | None = None,
) -> dict[str, Any]:
    """Check that a call comes from Bellpair, and read it.

    The same call may come more than once, since it is repeated until it is answered with a
    2xx status; the member ``id`` of what it says tells repetitions.

    Parameters
    ----------
    body
        As it came, byte for byte.
    headers
        Of the request; the case of their names does not matter.
    secret
        What `Client.add_callback` gave.
    tolerance_s
        Seconds by which the signature may be old or the clocks differ.
    now
        Seconds since 1970; this machine's own clock when not given.

    Returns
    -------
    dict
        The call's JSON object.

    Raises
    ------
    InvalidCallback
        If it is not signed with the secret, too old, or no JSON object.

    Examples
    --------
    >>> told = verify(request.body, request.headers, os.environ["CALLBACK_SECRET"])
    >>> print(told["job"]["id"], told["job"]["status"])
    """
    content = body.encode() if isinstance(body, str) else body
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP_HEADER.lower(), "").strip()
    signatures = given.get(SIGNATURE_HEADER.lower(), "")
    if not timestamp.isdecimal() or not timestamp.isascii() or not signatures:
        raise InvalidCallback(
            f"The call lacks its {TIMESTAMP_HEADER} or its {SIGNATURE_HEADER}.",
            remedy="Pass the headers on as they came; else the call is not Bellpair's.",
        )
    expected = signature(content, timestamp, secret).encode()
    # Each is compared, and none by a comparison whose time would tell how much is right.
    matches = [
        hmac.compare_digest(expected, each.strip().encode()) for each in signatures.split(",")
    ]
    if not any(matches):
        raise InvalidCallback(
            "The call's signature does not fit.",
            remedy="Check that the secret is this callback's and the body is unchanged.",
        )
    moment = time.time() if now is None else now
    if abs(moment - int(timestamp)) > tolerance_s:
        raise InvalidCallback(
            f"The call was signed {abs(moment - int(timestamp)):.0f} s away from now.",
            remedy="Set this machine's clock; an old call may be a replayed one.",
        )
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise InvalidCallback("The call's body is no JSON object.")
    return told
