"""Opaque tokens that say where the next page of a listing starts.

A token holds no secret and opens nothing: the listing it continues is always the caller's
own. Its checksum is there to tell a damaged token from a good one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bellpair_core.model.errors import BellpairError, ErrorCode

LIFETIME = timedelta(hours=1)

_TOKEN_CHARACTERS_MAX = 4096


def write_page_token(
    position: Mapping[str, str], *, tenant: str, filters: Mapping[str, str | None], at: datetime
) -> str:
    """A token for the page that starts at ``position``.

    Parameters
    ----------
    tenant, filters
        What is listed; the token is good for the same listing only.
    at
        Now; the token is good for `LIFETIME`.
    """
    content = {
        "position": dict(position),
        "at": int(at.timestamp()),
        "filters": _digest(dict(filters)),
    }
    return _encoded({**content, "check": _digest([tenant, content])})


def read_page_token(
    token: str, *, tenant: str, filters: Mapping[str, str | None], at: datetime
) -> dict[str, str]:
    """The position that `write_page_token` was given.

    Raises
    ------
    BellpairError
        ``page-token-invalid``, saying whether the token is damaged, another listing's or too
        old.
    """
    content = _decoded(token)
    check = content.pop("check", None)
    if check != _digest([tenant, content]):
        raise _invalid("The page token is damaged, or it is not this tenant's.")
    if content["filters"] != _digest(dict(filters)):
        raise _invalid("The page token belongs to a listing with other filters.")
    if at.timestamp() - content["at"] > LIFETIME.total_seconds():
        raise _invalid("The page token is more than an hour old.")
    position: dict[str, str] = content["position"]
    return position


def _encoded(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(token: str) -> dict[str, Any]:
    try:
        if len(token) > _TOKEN_CHARACTERS_MAX or not token.isascii():
            raise ValueError
        padded = token + "=" * (-len(token) % 4)
        content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise _invalid("The page token is damaged.")
    return content


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _invalid(detail: str) -> BellpairError:
    return BellpairError(
        ErrorCode.PAGE_TOKEN_INVALID, detail, errors=[{"parameter": "page_token", "detail": detail}]
    )
