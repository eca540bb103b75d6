"""Quantum functions: what was deployed, under which names, and where it runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .blob import BlobRef

FUNCTION_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,62}")
ALIAS_PATTERN = re.compile(r"[a-z][a-z0-9-]{0,31}")
LATEST = "latest"
"""The alias that each deployment moves."""

_SEED_BYTES = 6

DEFAULT_WORKER = "qiskit"
"""The worker of a function that names none."""


class Worker(BaseModel):
    """A runtime that runs users' code, as it described itself when it was last asked.

    Attributes
    ----------
    packages
        Importable distributions and their versions.
    memory_mb, seconds
        What one run may use.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    python: str
    packages: dict[str, str] = Field(default_factory=dict)
    memory_mb: int
    seconds: int
    seen_at: datetime


class FunctionVersion(BaseModel):
    """One deployed state of a function; never changed, only marked as deleted.

    Attributes
    ----------
    package
        The zip of the module and its local imports.
    digest
        SHA-256 of everything that makes the version what it is.
    entry
        ``"module:attribute"`` in the package.
    inputs, output
        JSON schemas made from the type hints.
    timeout_s
        Seconds from acceptance within which the function is to be finished.
    builtin
        Whether it comes with the platform, so that no tenant has it stored.
    """

    model_config = ConfigDict(frozen=True)

    tenant: str
    name: str
    version: int
    digest: str
    package: BlobRef
    entry: str
    worker: str = DEFAULT_WORKER
    device: str | None = None
    options: tuple[str, ...] = ()
    timeout_s: int
    inputs: dict[str, Any] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)
    description: str = ""
    created_at: datetime
    created_by: str
    deleted_at: datetime | None = None
    builtin: bool = False


class FunctionRecord(BaseModel):
    """A function's names: which versions exist, and which of them an alias stands for.

    Attributes
    ----------
    latest
        The number given last; numbers are never given twice.
    first
        The versions before it went when the function was deleted, however they are marked.
    aliases
        Alias -> version -> its part of the invocations, percent; the parts add up to 100.
    revision
        Fences changes of the record.
    builtin
        Whether it comes with the platform, so that no tenant has it stored.
    """

    model_config = ConfigDict(frozen=True)

    tenant: str
    name: str
    latest: int
    first: int = 1
    aliases: Mapping[str, Mapping[int, int]]
    revision: int = 1
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None = None
    builtin: bool = False


class Invocation(BaseModel):
    """What a job that runs a function was asked for.

    Attributes
    ----------
    inputs
        JSON object of the named inputs.
    seed
        Of the function's randomness.
    max_cost_usd
        The cost cap: no task is made that would pass it. ``None`` is no cap.
    callback
        Id of the registered callback that hears of the job's end.
    trigger
        Name of the trigger that made the job.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    version: int
    alias: str | None = None
    worker: str
    entry: str
    inputs: BlobRef
    options: tuple[str, ...] = ()
    seed: int
    timeout_s: int
    max_cost_usd: float | None = None
    callback: str | None = None
    trigger: str | None = None


def seed_of(job_id: str) -> int:
    """A seed that every JSON reader keeps exact, the same for each repetition of a request."""
    digest = hashlib.sha256(f"seed/{job_id}".encode()).digest()
    return int.from_bytes(digest[:_SEED_BYTES])
