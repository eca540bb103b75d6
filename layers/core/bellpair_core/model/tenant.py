"""Who owns work and who acts for them."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

KEY_PATTERN = re.compile(r"bp_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")
KEY_ID_PATTERN = re.compile(r"[a-z0-9]{8}")
TENANT_PATTERN = re.compile(r"[a-z][a-z0-9-]{1,62}")

CANARY_TENANT = "bellpair-canary"
"""Owns the jobs by which the platform tries itself; nobody gets a key of it."""

QUALITY_TENANT = "bellpair-quality"
"""Owns the jobs by which the platform tries devices, likewise."""

PLATFORMS_TENANTS = frozenset({CANARY_TENANT, QUALITY_TENANT})


class Role(StrEnum):
    """What a principal may do; each includes the ones before it."""

    USER = "user"
    TENANT_ADMIN = "tenant-admin"
    OPERATOR = "operator"

    def includes(self, other: Role) -> bool:
        """Whether this role may do what ``other`` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Tenant(BaseModel):
    """An owner of jobs.

    Attributes
    ----------
    max_usd_per_month
        What its functions may spend on devices in a calendar month (UTC), US dollars; ``None``
        is no cap.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    created_at: datetime
    max_usd_per_month: float | None = None


class Principal(BaseModel):
    """An API key's bearer."""

    model_config = ConfigDict(frozen=True)

    tenant: str
    key_id: str
    role: Role
    created_at: datetime | None = None
    disabled: bool = False


def new_api_key() -> tuple[str, str]:
    """A fresh API key and its public id.

    Returns
    -------
    tuple of str
        The key, ``bp_<id>_<secret>`` with 256 bits of randomness, and its id.
    """
    key_id = secrets.token_hex(4)
    return f"bp_{key_id}_{secrets.token_urlsafe(32)}", key_id


def hash_api_key(key: str) -> str:
    """The form in which a key is stored.

    A key carries 256 bits of randomness, so a plain SHA-256 needs no salt and no stretching.
    """
    return hashlib.sha256(key.encode()).hexdigest()
