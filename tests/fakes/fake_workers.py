"""Workers that find what a test says."""

from __future__ import annotations

from collections.abc import Sequence

from bellpair_core.model.errors import TransientFault
from bellpair_core.ports import FunctionEntry, WorkerDescription, WorkerRefused


class FakeWorkers:
    """Describe themselves, and find the same functions in every package.

    Attributes
    ----------
    entries
        What a package holds.
    missing
        A module that only some workers have, by the worker's name: those lack it.
    packages
        What each worker has, by its name.
    silent
        Names of workers that do not answer.
    described, inspected
        The workers that were asked, in order.
    """

    def __init__(self) -> None:
        self.entries: list[FunctionEntry] = []
        self.missing: dict[str, str] = {}
        self.packages: dict[str, dict[str, str]] = {
            "python": {"numpy": "2.2.6"},
            "qiskit": {"numpy": "2.2.6", "qiskit": "2.6.2"},
        }
        self.refusal: WorkerRefused | None = None
        self.silent: set[str] = set()
        self.described: list[str] = []
        self.inspected: list[tuple[str, str, str | None]] = []

    def describe(self, worker: str) -> WorkerDescription:
        """What the worker is and has."""
        self._reach(worker)
        self.described.append(worker)
        packages = self.packages[worker]
        return WorkerDescription(python="3.11.9", packages=packages, memory_mb=2048, seconds=900)

    def inspect(
        self, worker: str, tenant: str, package: bytes, entry: str | None
    ) -> Sequence[FunctionEntry]:
        """The functions that the test put there."""
        self._reach(worker)
        self.inspected.append((worker, tenant, entry))
        if self.refusal is not None:
            raise self.refusal
        if (module := self.missing.get(worker)) is not None:
            raise WorkerRefused(f"No module named '{module}'", missing=module)
        return self.entries

    def _reach(self, worker: str) -> None:
        if worker in self.silent:
            raise TransientFault(f"worker {worker} does not answer")
