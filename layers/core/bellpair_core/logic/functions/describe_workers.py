"""Know what the stage's workers are."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.function import Worker
from bellpair_core.ports import Clock, Functions, Workers

_LOG = logging.getLogger(__name__)


def describe_worker(name: str, *, workers: Workers, functions: Functions, clock: Clock) -> Worker:
    """Ask a worker what it is, and keep its answer.

    Raises
    ------
    TransientFault
        When it did not answer.
    """
    said = workers.describe(name)
    worker = Worker(name=name, seen_at=clock(), **said.model_dump())
    functions.put_worker(worker)
    return worker


def describe_workers(
    names: Collection[str], *, workers: Workers, functions: Functions, clock: Clock
) -> dict[str, bool]:
    """Ask each of the workers; whether it answered, by name."""
    answered: dict[str, bool] = {}
    for name in sorted(names):
        try:
            describe_worker(name, workers=workers, functions=functions, clock=clock)
            answered[name] = True
        except TransientFault:
            _LOG.warning("worker %s did not describe itself", name, exc_info=True)
            answered[name] = False
    return answered


def known_workers(functions: Functions, names: Collection[str]) -> Sequence[Worker]:
    """The workers that the stage has now and that have described themselves, by name."""
    return [worker for worker in functions.workers() if worker.name in names]
