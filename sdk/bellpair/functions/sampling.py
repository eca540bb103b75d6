"""Sampling circuits: counts of what they measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bellpair.functions.bindings import bound_values
from bellpair.functions.circuits import sampled_template
from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Call, Measured, Origin, checked_shots
from bellpair.functions.results import Sample
from bellpair.functions.stacks import OptionAsked, Stack, Stacks, no_seed
from bellpair.options.request import Request

DEFAULT_SHOTS = 1024
KIND = "sampling"


class Sampler:
    """``runtime.sampler``: run circuits, and count what was read.

    Called with one circuit it gives one `Sample`; called with a list, a list of them.
    """

    def __init__(
        self,
        make: Callable[[str, list[Call[Any]]], list[Any]],
        seed: Callable[[], int] = no_seed,
        options: Sequence[OptionAsked] = (),
    ) -> None:
        self._make = make
        self._stacks = Stacks(KIND, seed, options)

    def __call__(
        self,
        circuits: Any,
        parameters: Any = None,
        shots: int = DEFAULT_SHOTS,
        *,
        device: str | None = None,
        options: Sequence[OptionAsked] | None = None,
        level: int | None = None,
    ) -> Any:
        """Run circuits now; the function waits, maybe suspended, until the result is there.

        Parameters
        ----------
        circuits
            One circuit with measurements: a qiskit ``QuantumCircuit``, a Braket ``Circuit``
            (which measures all its qubits if it measures none), or OpenQASM 2 or 3 text. Or a
            list of circuits and tuples ``(circuit, parameters, shots)``, whose last two may be
            left out: Qiskit's PUBs.
        parameters
            Values of the one circuit's parameters, of shape ``(*shape, number of parameters)``:
            in the order of ``circuit.parameters`` for Qiskit, sorted by name for Braket, in
            the order of ``input float …`` declarations for text. Or by name:
            ``{"theta": [0.1, 0.2]}``. See `bellpair.functions.bindings`.
        shots
            How often each circuit is run with each set of parameters, 1 to 100,000.
        device
            Overrules the function's own device.
        options
            Execution options in the order in which they wrap the device, the nearest first; each a
            name, or a dict of a name and parameters: ``{"name": "twirling", "instances": 4}``.
            Without options and level, those that the function declares; ``[]`` is none.
        level
            0 to 3: a sensible stack of options, in place of `options`.

        Returns
        -------
        Sample or list of Sample
            Counts, of shape ``shape``: ``.counts`` is a dict for one set of parameters,
            ``.array`` a numpy array of dicts for any shape.

        Raises
        ------
        InvalidCall
            If circuits, parameters, shots or options cannot be.
        LimitExceeded
            If it is too much for one call.
        CallFailed
            If the device could not run it.
        """
        call = self.later(circuits, parameters, shots, device=device, options=options, level=level)
        return self._make("sample", [call])[0]

    def later(
        self,
        circuits: Any,
        parameters: Any = None,
        shots: int = DEFAULT_SHOTS,
        *,
        device: str | None = None,
        options: Sequence[OptionAsked] | None = None,
        level: int | None = None,
    ) -> Call[Any]:
        """The same call, described only: for `Runtime.gather`.

        Raises
        ------
        InvalidCall
            When circuits, parameters, shots or options do not go together.
        """
        stack = self._stacks.given(options, level)
        if not isinstance(circuits, list | tuple):
            call = _planned(circuits, parameters, shots, stack)
            return Call("sample", call.programs, device, call.read)
        if parameters is not None:
            raise InvalidCall(
                "A list of circuits brings its parameters along.",
                remedy="Write sampler([(circuit, parameters), …]).",
            )
        return together("sample", [_pub(one, shots, stack) for one in circuits], device)


def together(kind: str, calls: Sequence[Call[Any]], device: str | None) -> Call[list[Any]]:
    """Several calls as one, which gives the list of their results."""

    def read(measured: Sequence[Measured], origin: Origin) -> list[Any]:
        results, start = [], 0
        for call in calls:
            end = start + len(call.programs)
            results.append(call.read(measured[start:end], origin))
            start = end
        return results

    programs = tuple(program for call in calls for program in call.programs)
    return Call(kind, programs, device, read)


def _pub(pub: Any, shots: int, stack: Stack) -> Call[Sample]:
    if not isinstance(pub, tuple):
        return _planned(pub, None, shots, stack)
    if not 1 <= len(pub) <= 3:
        raise InvalidCall(
            f"A tuple of {len(pub)} cannot be sampled.",
            remedy="Write (circuit,), (circuit, parameters) or (circuit, parameters, shots).",
        )
    circuit, parameters, own_shots = (*pub, None, None)[:3]
    return _planned(circuit, parameters, shots if own_shots is None else own_shots, stack)


def _planned(circuit: Any, parameters: Any, shots: Any, stack: Stack) -> Call[Sample]:
    import numpy as np

    shots = checked_shots(shots)
    template = sampled_template(circuit)
    values = bound_values(template.parameters, parameters)
    shape = values.shape[:-1]
    sets = (
        values.reshape(-1, values.shape[-1])
        if values.shape[-1]
        else np.empty((int(np.prod(shape)), 0))
    )
    requests = [Request(template.program(one, shots)) for one in sets.tolist()]
    plan = stack.plan(requests)

    def read(measured: Sequence[Measured], origin: Origin) -> Sample:
        outcomes = plan.read(measured)
        array = np.empty(len(outcomes), dtype=object)
        for index, outcome in enumerate(outcomes):
            array[index] = dict(outcome.counts)
        return Sample(
            array=array.reshape(shape),
            shots=shots,
            bits=measured[0].bits if measured else 0,
            device=origin.device,
            calibration_id=origin.calibration_id,
            cost_usd=origin.cost_usd,
            options=stack.report(outcomes),
            metrics=stack.metrics(outcomes),
            shots_used=sum(one.shots for one in measured),
            circuits=len(measured),
            overhead=stack.overhead(len(requests), plan),
        )

    return Call("sample", plan.programs, None, read)
