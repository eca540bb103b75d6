"""What a client does with the two functions that come with the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bellpair.errors import InvalidRequest
from bellpair.function_client import FunctionClient
from bellpair.programs import openqasm_source

if TYPE_CHECKING:
    from bellpair.functions.template import Template
    from bellpair.job import Job

OptionAsked = str | Mapping[str, Any]


class PrimitiveClient(FunctionClient):
    """The part of a `bellpair.Client` that samples and estimates many circuits in one job."""

    def sampling(
        self,
        pubs: Any,
        shots: int | None = None,
        *,
        options: Sequence[OptionAsked] | None = None,
        level: int | None = None,
        **asked: Any,
    ) -> Job:
        """Sample circuits, each with any sweep of its parameters, in one job.

        Parameters
        ----------
        pubs
            A circuit that measures (OpenQASM text, a `pathlib.Path`, a qiskit ``QuantumCircuit``
            or a Braket ``Circuit``), or a list of circuits and tuples ``(circuit, parameters,
            shots)``, whose last two may be left out. Parameters are an array whose last axis is
            over them, or a dict from their names to arrays.
        shots
            Of circuits that bring none; 1,024 when not given.
        options, level
            Execution options, or a level 0 to 3 that stands for a stack of them.
        asked
            Device, cost cap and so on, as `Client.invoke` takes them.

        Returns
        -------
        Job
            Its `Job.output` has ``results`` in order: counts, or the error of a circuit that could
            not be run.

        Raises
        ------
        InvalidRequest
            If circuits, parameters, shots or options are refused; `pointer` names the place.

        Examples
        --------
        >>> job = client.sampling([bell, (ansatz, [[0.1], [0.2]])], shots=500)  # doctest: +SKIP
        >>> job.output()["results"][0]["counts"]  # doctest: +SKIP
        """
        inputs = {
            "pubs": [_sampled(pub) for pub in _listed(pubs)],
            "shots": shots,
            "options": options,
            "level": level,
        }
        return self.invoke("sampling", _given(inputs), **asked)

    def estimation(
        self,
        pubs: Any,
        observables: Any = None,
        precision: float | None = None,
        *,
        options: Sequence[OptionAsked] | None = None,
        level: int | None = None,
        **asked: Any,
    ) -> Job:
        """Estimate expectation values of observables, in one job.

        Parameters
        ----------
        pubs
            A circuit without measurements, of the kinds that `sampling` takes, or a list of tuples
            ``(circuit, observables, parameters, precision)``, whose last two may be left out.
        observables
            Of the one circuit: a Pauli string (its last letter is for qubit 0), a dict from Pauli
            strings to real coefficients, a qiskit ``SparsePauliOp``, or a nested list of these.
        precision
            The standard error that each value may have at most, where a tuple brings none.
        options, level, asked
            As `sampling` takes them.

        Returns
        -------
        Job
            Its `Job.output` has ``results`` in order: values and standard errors, or the error of
            a circuit that could not be run.

        Raises
        ------
        InvalidRequest
            If circuits, observables, parameters, precision or options are refused.

        Examples
        --------
        >>> job = client.estimation(ansatz, {"ZZ": 0.5, "XX": 0.25}, 0.01)  # doctest: +SKIP
        >>> job.output()["results"][0]["values"]  # doctest: +SKIP
        """
        listed = [(pubs, observables)] if observables is not None else _listed(pubs)
        inputs = {
            "pubs": [_estimated(pub) for pub in listed],
            "precision": precision,
            "options": options,
            "level": level,
        }
        return self.invoke("estimation", _given(inputs), **asked)


def _listed(pubs: Any) -> list[Any]:
    return list(pubs) if isinstance(pubs, list) else [pubs]


def _sampled(pub: Any) -> dict[str, Any]:
    from bellpair.functions.circuits import sampled_template

    parts = pub if isinstance(pub, tuple) else (pub,)
    if not 1 <= len(parts) <= 3:
        raise InvalidRequest(
            f"A tuple of {len(parts)} cannot be sampled.",
            remedy="Write (circuit,), (circuit, parameters) or (circuit, parameters, shots).",
        )
    circuit, parameters, shots = (*parts, None, None)[:3]
    return _given({**_bound(circuit, parameters, sampled_template), "shots": shots})


def _estimated(pub: Any) -> dict[str, Any]:
    from bellpair.functions.circuits import bare_template

    if not isinstance(pub, tuple) or not 2 <= len(pub) <= 4:
        raise InvalidRequest(
            "A circuit to be estimated comes with observables.",
            remedy="Write (circuit, observables), (circuit, observables, parameters) or (circuit,"
            " observables, parameters, precision).",
        )
    circuit, observables, parameters, precision = (*pub, None, None)[:4]
    return _given(
        {
            **_bound(circuit, parameters, bare_template),
            "observables": _plain(observables),
            "precision": precision,
        }
    )


def _bound(circuit: Any, parameters: Any, template_of: Any) -> dict[str, Any]:
    """A circuit as text with inputs, and the inputs' values."""
    if isinstance(circuit, str) or hasattr(circuit, "read_text"):
        return {"circuit": openqasm_source(circuit), "parameters": parameters}
    template: Template = template_of(circuit)
    if not template.parameters:
        return {"circuit": template.write(()), "parameters": parameters}
    return _with_inputs(template, parameters)


def _with_inputs(template: Template, parameters: Any) -> dict[str, Any]:
    import numpy as np

    from bellpair.functions.bindings import bound_values

    if template.late is None:
        raise InvalidRequest(
            "The circuit's parameters cannot be left open in OpenQASM 3.",
            remedy="Give them their values first, one circuit for each set.",
        )
    values = bound_values(template.parameters, parameters)
    sets = values.reshape(-1, values.shape[-1])
    filled = np.array([template.late.values(one) for one in sets.tolist()], dtype=float)
    return {
        "circuit": template.late.source,
        "parameters": filled.reshape(*values.shape[:-1], -1).tolist(),
    }


def _plain(value: Any) -> Any:
    """Observables as JSON has them."""
    if hasattr(value, "to_list"):  # qiskit's SparsePauliOp
        terms: dict[str, complex] = {}
        for label, coefficient in value.to_list():
            terms[label] = terms.get(label, 0) + complex(coefficient)
        return {label: _number(coefficient) for label, coefficient in terms.items()}
    if hasattr(value, "to_label"):  # qiskit's Pauli
        return value.to_label()
    if isinstance(value, Mapping):
        return {str(label): _number(coefficient) for label, coefficient in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return _number(value)


def _number(value: Any) -> Any:
    """A number that has no imaginary part without it."""
    if isinstance(value, complex):
        return value.real if value.imag == 0 else {"re": value.real, "im": value.imag}
    return value


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
