"""Run a quantum function in this process: for unit tests, and for trying out."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Mapping
from typing import Any

from bellpair.functions.errors import FunctionError, InvalidCall
from bellpair.functions.json_forms import to_json
from bellpair.functions.plan import PARTIAL, VALUES
from bellpair.functions.statevector import sampled_counts
from bellpair.functions.text_circuits import with_values

_RUNS_MAX = 100_000


def run_local(
    worker: Any,
    inputs: Mapping[str, Any] | None = None,
    /,
    *,
    seed: int = 0,
    device: str | None = None,
    replay_every: int = 0,
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
    sample: Callable[[str, int, int], Mapping[str, int]] | None = None,
    **named_inputs: Any,
) -> Any:
    """Run a quantum function here, by the same engine as on the platform.

    Circuits run on a state-vector simulator without noise, with samples that depend on the seed
    and the call's number alone. Checkpoints, steps and recorded times work as on the platform;
    ``context.wait`` does not wait.

    Parameters
    ----------
    worker
        A worker class, one of its objects, or a decorated function.
    seed
        Of the simulator, of `Runtime.random` and of `Runtime.rng`.
    device
        What `Runtime.device` says; the simulator is the same.
    replay_every
        Suspend at every so many-th quantum call, and repeat the function from its journal, as
        the platform may do at any call. 1 proves that the function is deterministic; 0 never
        suspends.
    on_progress
        Is told what `Runtime.progress` is.
    sample
        ``(source, shots, seed)`` to counts: another simulator in place of the one here.
    inputs, named_inputs
        The function's inputs, those with one of the names above in the mapping. They are passed
        through JSON, like on the platform.

    Returns
    -------
    Any
        What the function returned, in its JSON form.

    Raises
    ------
    Exception
        What the function raised.
    FunctionError
        What the platform holds against it, with the `code` that its job would end with: an
        output without a JSON form, another course when repeated, `sys.exit`.

    Examples
    --------
    >>> from bellpair.functions import quantum_function
    >>> @quantum_function
    ... def add(runtime, a: float, b: float) -> float:
    ...     return a + b
    >>> run_local(add, a=1, b=2)
    3.0
    """
    try:
        from bellpair.functions.engine import run_worker
        from bellpair.functions.memory_service import MemoryService
    except ModuleNotFoundError as error:
        raise FunctionError(
            f"Functions are run by a library that is not installed: {error.name}.",
            remedy='Install it: pip install "bellpair[functions]".',
        ) from None

    service = MemoryService(
        _Simulator(seed, sample or sampled_counts),
        lambda call: not replay_every or (call + 1) % replay_every != 0,
    )
    plain = json.loads(to_json({**(inputs or {}), **named_inputs}, "the inputs"))
    stdout = sys.stdout  # while the function runs, it is another

    def printed(text: str) -> None:
        stdout.write(text)

    for _ in range(_RUNS_MAX):
        outcome = run_worker(
            worker,
            plain,
            client=service,
            execution="local",
            token="0",  # noqa: S106  # the engine wants one
            operations=service.operations(),
            seed=seed,
            state=service.state,
            checkpoints=service.checkpoints,
            device=device,
            takes=(VALUES, PARTIAL),
            on_output=printed,
            on_progress=on_progress,
        )
        if outcome.kind == "finished":
            return json.loads(outcome.output_json or "null")
        if isinstance(outcome.cause, Exception):
            raise outcome.cause
        if outcome.error is not None:
            told = dict(outcome.error)
            raise FunctionError(told.pop("message"), **told)
        service.settle()
    raise FunctionError("The function was suspended again and again, and came to no end.")


class _Simulator:
    """Answers quantum calls; each circuit has a seed of its own."""

    def __init__(self, seed: int, sample: Callable[[str, int, int], Mapping[str, int]]) -> None:
        self._sample = sample
        self._seeds = random.Random(seed)

    def __call__(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        results: list[dict[str, Any]] = []
        for program in payload["programs"]:
            seed = self._seeds.getrandbits(63)
            try:
                source = with_values(program["source"], program.get("values"))
                counts = dict(self._sample(source, program["shots"], seed))
            except InvalidCall as error:
                if not payload.get("partial"):
                    raise
                told = {"code": error.code, "message": error.detail, "remedy": error.remedy}
                results.append({"error": told})
                continue
            bits = len(next(iter(counts), ""))
            results.append({"counts": counts, "shots": program["shots"], "bits": bits})
        return {"results": results, "device": "local", "calibration_id": None, "cost_usd": 0.0}
