"""Callbacks: URLs that are told of a job's end."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

CALLBACK_PATTERN = re.compile(r"cb-[a-z0-9]{16}")


class Callback(BaseModel):
    """A registered URL.

    Attributes
    ----------
    secret
        Signs what is sent there; shown to its owner once.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    tenant: str
    url: str
    secret: str = Field(repr=False)
    created_at: datetime


def new_callback_id() -> str:
    """An id that no other callback has."""
    return f"cb-{secrets.token_hex(8)}"


def new_callback_secret() -> str:
    """A fresh secret with 256 bits of randomness."""
    return f"cbs_{secrets.token_urlsafe(32)}"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What proves that ``body`` was sent at ``timestamp`` by who knows the secret.

    Parameters
    ----------
    timestamp
        Seconds since 1970.

    Returns
    -------
    str
        ``"v1="`` and the hexadecimal HMAC-SHA-256 of ``<timestamp>.<body>``.
    """
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
