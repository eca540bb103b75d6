"""Workers: the runtimes in which users' code is looked at and run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field


class FunctionEntry(BaseModel):
    """A function that a worker found in a package, as it describes itself.

    Attributes
    ----------
    entry
        ``"module:attribute"``.
    inputs, output
        JSON schemas made from the type hints.
    """

    model_config = ConfigDict(frozen=True)

    entry: str
    name: str | None = None
    device: str | None = None
    options: tuple[str, ...] = ()
    timeout_s: int | None = None
    worker: str | None = None
    description: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)


class WorkerRefused(Exception):
    """A worker cannot use a package.

    Attributes
    ----------
    message, remedy
        Why, and what to do.
    missing
        The module that the package needs and the worker does not have, where that is it.
    """

    def __init__(self, message: str, remedy: str | None = None, missing: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.missing = missing


class WorkerDescription(BaseModel):
    """What a worker says of itself; see `bellpair_core.model.function.Worker`."""

    model_config = ConfigDict(frozen=True)

    python: str
    packages: dict[str, str] = Field(default_factory=dict)
    memory_mb: int
    seconds: int


class Workers(Protocol):
    """Asks workers. Users' code runs there and nowhere else."""

    def describe(self, worker: str) -> WorkerDescription:
        """What the worker is and has.

        Raises
        ------
        TransientFault
            When it did not answer.
        """
        ...

    def inspect(
        self, worker: str, tenant: str, package: bytes, entry: str | None
    ) -> Sequence[FunctionEntry]:
        """The functions in a package, found by importing it in the worker.

        Parameters
        ----------
        tenant
            Whose code it is; no other tenant's runs in the same process.
        entry
            The only one that is wanted, ``"module:attribute"`` or a module's name; ``None`` for
            all.

        Raises
        ------
        WorkerRefused
            When it cannot be imported, or has what can be no function.
        TransientFault
            When the worker did not answer; a repetition is safe.
        """
        ...
