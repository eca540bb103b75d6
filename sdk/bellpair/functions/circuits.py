"""Circuits as OpenQASM text: written once, and then only filled with numbers.

A circuit is a qiskit ``QuantumCircuit``, an Amazon Braket ``Circuit`` or OpenQASM 2 or 3 text.
Text has parameters where it declares them, such as ``input float[64] theta;``.
"""

from __future__ import annotations

import re
import weakref
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bellpair.functions.braket_circuits import braket_template, is_braket
from bellpair.functions.errors import InvalidCall
from bellpair.functions.qiskit_circuits import flat, is_qiskit, qiskit_template, uses_bits
from bellpair.functions.template import Template
from bellpair.functions.text_circuits import text_of, text_template, uncommented

_TEMPLATES_MAX = 128


def sampled_template(circuit: Any) -> Template:
    """The template of a circuit with its own measurements.

    Raises
    ------
    InvalidCall
        If it measures nothing, or is no circuit.
    """
    return _remembered(circuit, "sampled", _sampled)


def bare_template(circuit: Any) -> Template:
    """The template of a circuit without measurements, whose qubits are known.

    Raises
    ------
    InvalidCall
        If it measures something already, its qubits can't be told, or it is no circuit.
    """
    return _remembered(circuit, "bare", _bare)


class _Snapshot:
    """A template, and by what it is known that the circuit is still the same."""

    def __init__(self, circuit: Any, template: Template) -> None:
        self.template = template
        self._circuit = weakref.ref(circuit)
        self._contents = _contents(circuit.copy())

    def of(self, circuit: Any) -> bool:
        return self._circuit() is circuit and bool(self._contents == _contents(circuit))


_templates: OrderedDict[tuple[str, Any], Any] = OrderedDict()


def _remembered(circuit: Any, use: str, make: Callable[[Any], Template]) -> Template:
    """The template, which is made again when the circuit has changed."""
    if isinstance(circuit, Path):
        circuit = text_of(circuit)
    is_text = isinstance(circuit, str)
    key = (use, circuit if is_text else id(circuit))
    known = _templates.get(key)
    if known is not None and (is_text or known.of(circuit)):
        _templates.move_to_end(key)
        found: Template = known if is_text else known.template
        return found
    template = make(circuit)
    _templates[key] = template if is_text else _Snapshot(circuit, template)
    if len(_templates) > _TEMPLATES_MAX:
        _templates.popitem(last=False)
    return template


def _contents(circuit: Any) -> tuple[Any, ...]:
    if hasattr(circuit, "data"):
        return circuit.num_qubits, circuit.num_clbits, circuit.data
    return (circuit,)


def _sampled(circuit: Any) -> Template:
    if is_qiskit(circuit):
        if not uses_bits(circuit):
            _nothing_measured("Add circuit.measure_all(), or measure the qubits you need.")
        return qiskit_template(circuit)
    if is_braket(circuit):
        return braket_template(circuit, bare=False)
    template = text_template(text_of(circuit))
    if not re.search(r"\bmeasure\b", uncommented(text_of(circuit))):
        _nothing_measured("Measure qubits into bits, for example: c = measure q;")
    return template


def _bare(circuit: Any) -> Template:
    if is_qiskit(circuit):
        if uses_bits(circuit):
            _measured_already("Use circuit.remove_final_measurements(inplace=False).")
        return qiskit_template(flat(circuit))
    if is_braket(circuit):
        if any(one.operator.name == "Measure" for one in circuit.instructions):
            _measured_already("Remove circuit.measure(…).")
        return braket_template(circuit, bare=True)
    source = text_of(circuit)
    if re.search(r"\bmeasure\b", uncommented(source)):
        _measured_already("Remove its measurements.")
    return text_template(source)


def _nothing_measured(remedy: str) -> None:
    raise InvalidCall("The circuit measures nothing, so there is nothing to sample.", remedy=remedy)


def _measured_already(remedy: str) -> None:
    raise InvalidCall(
        "The circuit has measurements, but the estimator measures in bases of its own.",
        remedy=remedy,
    )
