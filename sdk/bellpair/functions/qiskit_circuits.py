"""Templates of Qiskit's circuits."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from bellpair.functions.errors import InvalidCall
from bellpair.functions.template import LateForm, Template, joined, written

_NESTED_MAX = 8

_PLACEHOLDER = re.compile(r"\bbellpair_(\d+)_\b")
_PLACEHOLDER_INPUT = re.compile(r"input float\[64\] bellpair_(\d+)_;\n")


def is_qiskit(circuit: Any) -> bool:
    """Whether it is a qiskit ``QuantumCircuit``."""
    # Whoever holds a circuit has imported its library already, so none is imported here.
    qiskit = sys.modules.get("qiskit")
    return qiskit is not None and isinstance(circuit, qiskit.QuantumCircuit)


def uses_bits(circuit: Any) -> bool:
    """Whether it measures; a measurement may be inside of an instruction of the user's own."""
    return any(instruction.clbits for instruction in circuit.data)


def flat(circuit: Any) -> Any:
    """A circuit of gates on one register of qubits, without its classical bits."""
    qiskit = sys.modules["qiskit"]
    made = qiskit.QuantumCircuit(qiskit.QuantumRegister(circuit.num_qubits, "q"))
    for instruction in circuit.data:
        places = [made.qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        made.append(instruction.operation, places, copy=False)
    return made


def qiskit_template(circuit: Any) -> Template:
    """The template of a circuit, whose parameters are in the order that Qiskit gives them.

    Raises
    ------
    InvalidCall
        If Qiskit cannot write it as OpenQASM 3.
    """
    parameters = tuple(circuit.parameters)
    qubits = tuple(f"q[{index}]" for index in range(circuit.num_qubits))
    names = tuple(one.name for one in parameters)
    filled = _filled_once(circuit, parameters) if parameters else None
    if filled is None:
        return Template(names, _exported_anew(circuit), qubits)
    write, late = filled
    return Template(names, write, qubits, late=late)


def _exported_anew(circuit: Any) -> Callable[[Sequence[float]], str]:
    """Writes any circuit, by exporting it with its values."""
    if not circuit.parameters:
        text = _dumped(circuit)
        return lambda _values: text
    shape = circuit.copy()

    def write(values: Sequence[float]) -> str:
        for value in values:
            written(value)
        return _dumped(shape.assign_parameters([float(value) for value in values]))

    return write


def _dumped(circuit: Any) -> str:
    try:
        return str(importlib.import_module("qiskit.qasm3").dumps(circuit))
    except sys.modules["qiskit"].QiskitError as error:
        raise InvalidCall(
            f"Qiskit cannot write the circuit as OpenQASM 3: {error.message}.",
            remedy="circuit.decompose() takes an instruction of your own apart.",
        ) from None


def _filled_once(
    circuit: Any, parameters: Sequence[Any]
) -> tuple[Callable[[Sequence[float]], str], LateForm] | None:
    """Writes a circuit that was exported once; ``None`` where that can't be relied on.

    Each different expression becomes a gap of its own, and qiskit's own arithmetic gives its
    number.
    """
    circuit = _in_standard_gates(circuit)
    if circuit is None:
        return None
    parameter = sys.modules["qiskit.circuit"].Parameter
    gaps: dict[Any, Any] = {}
    shape = circuit.copy_empty_like()
    shape.global_phase = 0
    for instruction in circuit.data:
        operation = instruction.operation
        if _open_parameters(operation):
            operation = operation.to_mutable()
            for index, one in _open_parameters(operation):
                if one not in gaps:
                    gaps[one] = parameter(f"bellpair_{len(gaps)}_")
                operation.params[index] = gaps[one]
        shape.append(operation, instruction.qubits, instruction.clbits, copy=False)
    source = _dumped(shape)
    declared = [int(number) for number in _PLACEHOLDER_INPUT.findall(source)]
    text = _PLACEHOLDER_INPUT.sub("", source)
    parts = _PLACEHOLDER.split(text)
    pieces, order = parts[::2], [int(number) for number in parts[1::2]]
    if set(order) != set(range(len(gaps))) or set(order) != set(declared) or "input " in text:
        return None
    numbers = [_number(expression, parameters) for expression in gaps]

    def write(values: Sequence[float]) -> str:
        filled = [written(number(values)) for number in numbers]
        return joined(pieces, [filled[place] for place in order])

    def late(values: Sequence[float]) -> list[float]:
        return [numbers[place](values) for place in declared]

    return write, LateForm(source, late)


def _in_standard_gates(circuit: Any) -> Any | None:
    """The circuit with whatever has parameters written out in Qiskit's own gates."""
    for _ in range(_NESTED_MAX):
        foreign = set()
        for instruction in circuit.data:
            operation = instruction.operation
            if any(block.parameters for block in getattr(operation, "blocks", ())):
                return None
            if _open_parameters(operation) and not type(operation).__module__.startswith(
                "qiskit.circuit.library.standard_gates"
            ):
                foreign.add(operation.name)
        if not foreign:
            return circuit
        circuit = circuit.decompose(gates_to_decompose=sorted(foreign))
    return None


def _open_parameters(operation: Any) -> list[tuple[int, Any]]:
    """The parameters that are expressions, and their places."""
    expression = sys.modules["qiskit.circuit"].ParameterExpression
    return [
        (index, one) for index, one in enumerate(operation.params) if isinstance(one, expression)
    ]


def _number(expression: Any, parameters: Sequence[Any]) -> Callable[[Sequence[float]], float]:
    place = {parameter: index for index, parameter in enumerate(parameters)}
    if expression in place:
        index = place[expression]
        return lambda values: float(values[index])
    used = [(parameter, place[parameter]) for parameter in expression.parameters]

    def number(values: Sequence[float]) -> float:
        return float(expression.bind({one: float(values[index]) for one, index in used}))

    return number
