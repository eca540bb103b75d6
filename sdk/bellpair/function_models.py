"""What the API says of quantum functions: versions, aliases, workers and callbacks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from bellpair.models import Answer


class FunctionVersion(Answer):
    """One deployed state of a function; it never changes.

    Attributes
    ----------
    digest
        SHA-256 of everything that makes the version what it is.
    entry
        ``"module:attribute"`` in the package.
    worker
        The runtime that runs it.
    device, options
        What its quantum calls use where neither call nor invocation says otherwise.
    timeout_s
        Seconds from acceptance within which it is to be finished, waiting included.
    inputs, output
        JSON schemas, made from the type hints.
    existed
        Whether a deployment found the version there already; only in a deployment's answer.
    """

    name: str
    version: int
    digest: str | None = None
    entry: str | None = None
    worker: str | None = None
    device: str | None = None
    options: list[str] = Field(default_factory=list)
    timeout_s: int | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)
    description: str = ""
    created_at: datetime | None = None
    created_by: str | None = None


class QuantumFunction(Answer):
    """A function's names: its newest version, and what each alias stands for.

    Attributes
    ----------
    latest
        The number given last; numbers are never given twice.
    aliases
        Alias -> version -> its part of the invocations, in percent.
    newest
        The newest version; only where one function was asked for.
    openapi
        The function's part of an OpenAPI document; likewise.
    builtin
        Whether it comes with the platform, as ``sampling`` and ``estimation`` do.
    """

    name: str
    latest: int | None = None
    aliases: dict[str, dict[int, int]] = Field(default_factory=dict)
    description: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
    newest: FunctionVersion | None = None
    openapi: dict[str, Any] | None = Field(default=None, repr=False)
    builtin: bool = False


class Worker(Answer):
    """A runtime that runs functions, as it described itself when last asked.

    Attributes
    ----------
    packages
        Importable distributions and their versions.
    memory_mb, seconds
        What one run may use; a function goes on in the next run after that.
    """

    name: str
    python: str | None = None
    packages: dict[str, str] = Field(default_factory=dict)
    memory_mb: int | None = None
    seconds: int | None = None
    seen_at: datetime | None = None


class Callback(Answer):
    """A URL that may be told of a job's end."""

    id: str
    url: str
    created_at: datetime | None = None


class NewCallback(Callback):
    """A callback just registered, with the only copy of its secret there will ever be.

    Attributes
    ----------
    secret
        Signs each call; `bellpair.callbacks.verify` checks by it.
    """

    secret: str = Field(repr=False)
