"""``sampling``: counts of many circuits, each with any sweep of its parameters."""

from __future__ import annotations

from typing import Any

from bellpair.functions.builtin.batch import Pub, run_batch, stack_of
from bellpair.functions.declaration import quantum_function
from bellpair.functions.plan import Call
from bellpair.functions.runtime import Runtime
from bellpair.functions.sampling import DEFAULT_SHOTS


@quantum_function(name="sampling")
def sampling(
    runtime: Runtime,
    pubs: list[dict[str, Any]],
    shots: int = DEFAULT_SHOTS,
    options: list[str | dict[str, Any]] | None = None,
    level: int | None = None,
) -> dict[str, Any]:
    """Counts of many circuits, each with any sweep of its parameters, in one job.

    Parameters
    ----------
    pubs
        Each ``{"circuit", "parameters"?, "shots"?, "options"?, "level"?}``: OpenQASM text that
        measures, and what `Sampler` takes for it. What a pub has goes before what follows here.
    shots, options, level
        Of pubs that have none of their own.

    Returns
    -------
    dict
        As `bellpair.functions.builtin.batch.run_batch` gives it. A result has ``counts``, in
        nested lists of the sweep's shape, ``shots``, ``bits`` and what options report.
    """

    def planned(pub: Pub) -> Call[Any]:
        return runtime.sampler.later(
            str(pub["circuit"]),
            pub.get("parameters"),
            pub.get("shots") or shots,
            **stack_of(pub, options, level),
        )

    return run_batch(runtime, pubs, planned)
