"""Choose the worker that is to run a function, by what each makes of its package."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import DEFAULT_WORKER, Worker
from bellpair_core.ports import Clock, FunctionEntry, Functions, WorkerRefused, Workers

from .describe_workers import describe_workers, known_workers
from .invalid_function import invalid_function


class WorkerChoice:
    """Has a package looked at by workers, and chooses the one that is to run it.

    Parameters
    ----------
    tenant
        Whose package it is; its code runs in no other tenant's environment.
    names
        The workers that the stage has.
    """

    def __init__(
        self,
        tenant: str,
        functions: Functions,
        workers: Workers,
        names: Collection[str],
        clock: Clock,
    ) -> None:
        self._tenant = tenant
        self._functions = functions
        self._workers = workers
        self._names = sorted(names)
        self._clock = clock

    def entry_of(
        self, package: bytes, entry: str | None, wanted: str | None
    ) -> tuple[FunctionEntry, str]:
        """The function that is meant, and the worker that is to run it.

        Parameters
        ----------
        package
            A zip.
        entry
            Which of its functions is meant, where there are several.
        wanted
            The worker that the deployment names. Without one it is the worker that the function
            declares, else the default one, else the first that has the module it lacks.

        Raises
        ------
        BellpairError
            ``function-invalid`` or ``worker-unknown``.
        TransientFault
            When a worker or the catalogue could not be reached.
        """
        worker = wanted or self._default()
        self._require(worker, "#/worker")
        try:
            found = self._inspected(worker, package, entry)
        except WorkerRefused as refused:
            other = self._which_has(refused.missing) if wanted is None else None
            if other in (None, worker):
                raise self._refusal(worker, refused) from None
            assert other is not None
            worker, found = other, self._again(other, package, entry)
        asked = found.worker
        if wanted is None and asked is not None and asked != worker:
            self._require(asked, "#/package")
            worker, found = asked, self._again(asked, package, entry)
        return found, worker

    def _again(self, worker: str, package: bytes, entry: str | None) -> FunctionEntry:
        try:
            return self._inspected(worker, package, entry)
        except WorkerRefused as refused:
            raise self._refusal(worker, refused) from None

    def _inspected(self, worker: str, package: bytes, entry: str | None) -> FunctionEntry:
        found = self._workers.inspect(worker, self._tenant, package, entry)
        if not found:
            raise invalid_function(
                "The package has no entry point.",
                "Decorate a function with @quantum_function, or derive a class from"
                " RuntimeWorkerBase.",
            )
        if len(found) > 1:
            names = [one.entry for one in found]
            raise invalid_function(
                f"The package has {len(found)} entry points: {', '.join(names[:10])}.",
                f"Name one of them as the entry, such as {names[0]}.",
                entries=names[:10],
            )
        return found[0]

    def _default(self) -> str:
        if DEFAULT_WORKER in self._names or not self._names:
            return DEFAULT_WORKER
        return self._names[0]

    def _require(self, worker: str, pointer: str) -> None:
        if worker not in self._names:
            raise BellpairError(
                ErrorCode.WORKER_UNKNOWN,
                f"There is no worker {worker[:64]}; the workers are"
                f" {', '.join(self._names) or 'none'}.",
                pointer=pointer,
                workers=self._names,
            )

    def _which_has(self, module: str | None) -> str | None:
        """The first worker that has a distribution of the module's name."""
        if module is None:
            return None
        wanted = _distribution(module.partition(".")[0])
        for worker in self._described():
            if wanted in map(_distribution, worker.packages):
                return worker.name
        return None

    def _described(self) -> Sequence[Worker]:
        """The workers as they describe themselves; who has not done so yet is asked now.

        Not before it matters: asking may have to wait for a worker to start, as looking at the
        package does, and one request has no time for both.
        """
        known = known_workers(self._functions, self._names)
        unknown = set(self._names) - {worker.name for worker in known}
        if not unknown:
            return known
        describe_workers(
            unknown, workers=self._workers, functions=self._functions, clock=self._clock
        )
        return known_workers(self._functions, self._names)

    def _refusal(self, worker: str, refused: WorkerRefused) -> BellpairError:
        if refused.missing is None:
            return invalid_function(
                f"Worker {worker}: {_sentence(refused.message)}", refused.remedy
            )
        there = "; ".join(
            f"{known.name} (Python {known.python}, {len(known.packages)} packages)"
            for known in self._described()
        )
        other = self._which_has(refused.missing)
        advice = f"Deploy it to worker {other}" if other else "Do without it"
        return invalid_function(
            f"The module needs {refused.missing[:100]}, which worker {worker} does not have. The"
            f" workers are: {there}.",
            f"{advice}, or have an operator add a worker that has it; GET /v1/workers lists what"
            " each has.",
            missing=refused.missing[:100],
            workers=self._names,
        )


def _distribution(name: str) -> str:
    return name.lower().replace("_", "-")


def _sentence(text: str) -> str:
    text = text.strip()[:1000]
    return text if text.endswith((".", "!", "?")) else f"{text}."
