"""``estimation``: expectation values of observables in the states that circuits make."""

from __future__ import annotations

from typing import Any

from bellpair.functions.builtin.batch import Pub, run_batch, stack_of
from bellpair.functions.declaration import quantum_function
from bellpair.functions.estimation import DEFAULT_PRECISION
from bellpair.functions.plan import Call
from bellpair.functions.runtime import Runtime


@quantum_function(name="estimation")
def estimation(
    runtime: Runtime,
    pubs: list[dict[str, Any]],
    precision: float = DEFAULT_PRECISION,
    options: list[str | dict[str, Any]] | None = None,
    level: int | None = None,
) -> dict[str, Any]:
    """Expectation values of sums of Pauli strings, with their standard errors.

    Parameters
    ----------
    pubs
        Each ``{"circuit", "observables", "parameters"?, "precision"?, "options"?, "level"?}``:
        OpenQASM text without measurements, and what `Estimator` takes for it. What a pub has goes
        before what follows here.
    precision, options, level
        Of pubs that have none of their own; the precision is the standard error of each value at
        most.

    Returns
    -------
    dict
        As `bellpair.functions.builtin.batch.run_batch` gives it. A result has ``values`` and
        ``standard_errors``, nested lists of the shape to which the shapes of parameters and
        observables broadcast, and what options report.
    """

    def planned(pub: Pub) -> Call[Any]:
        return runtime.estimator.later(
            str(pub["circuit"]),
            real_observables(pub["observables"]),
            pub.get("parameters"),
            pub.get("precision") or precision,
            **stack_of(pub, options, level),
        )

    return run_batch(runtime, pubs, planned)


def real_observables(value: Any) -> Any:
    """Observables as `Estimator` takes them: JSON has complex numbers as objects."""
    if isinstance(value, list):
        return [real_observables(one) for one in value]
    if isinstance(value, dict):
        if set(value) == {"re", "im"}:
            return complex(value["re"], value["im"])
        return {label: real_observables(one) for label, one in value.items()}
    return value
