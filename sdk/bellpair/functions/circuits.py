"""Circuits as OpenQASM text: written once, and then only filled with numbers.

A circuit is a qiskit ``QuantumCircuit``, an Amazon Braket ``Circuit`` or OpenQASM 2 or 3 text.
Text has parameters where it declares them, such as ``input float[64] theta;``.
"""

from __future__ import annotations

import importlib
import math
import re
import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bellpair.braket_export import braket_body, preamble
from bellpair.errors import BellpairError
from bellpair.functions.errors import InvalidCall
from bellpair.programs import openqasm_source

_TEMPLATES_MAX = 128
_NESTED_MAX = 8

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INPUT = re.compile(r"\binput\s+((float|angle|u?int)\s*(?:\[[^\]]*\])?)\s+([^\W\d]\w*)\s*;")
_QUBITS = re.compile(
    r"\bqubit\s*(?:\[\s*(?P<size>[^\]]*?)\s*\])?\s*(?P<name>[^\W\d]\w*)\s*;"
    r"|\bqreg\s+(?P<name2>[^\W\d]\w*)\s*(?:\[\s*(?P<size2>[^\]]*?)\s*\])?\s*;"
)
_VERSION_2 = re.compile(r"\s*OPENQASM\s+2")
_PLACEHOLDER = re.compile(r"\bbellpair_(\d+)_\b")
_PLACEHOLDER_INPUT = re.compile(r"input float\[64\] bellpair_\d+_;\n")
_BRAKET_INPUT = re.compile(r"input float (\w+);\n?")
_BRAKET_MEASURE = re.compile(r"(?:bit\[\d+\] b;|b\[\d+\] = measure [^;]*;)\n?")
_BASES = {"X": "U(pi/2, 0, pi) {};\n", "Y": "U(pi/2, 0, pi/2) {};\n", "Z": ""}


@dataclass(frozen=True)
class Template:
    """A circuit's text with gaps for its parameters' values.

    Attributes
    ----------
    parameters
        Their names, in the order in which values are given.
    qubits
        The text's name for each qubit, qubit 0 first; known only for circuits without
        measurements.
    write
        Gives the text for these values.
    version2
        Whether it is OpenQASM 2.
    """

    parameters: tuple[str, ...]
    write: Callable[[Sequence[float]], str]
    qubits: tuple[str, ...] = ()
    version2: bool = False

    def measured_in(self, text: str, basis: str) -> str:
        """The text followed by measurements in a basis.

        Parameters
        ----------
        text
            What `write` gave.
        basis
            ``I``, ``X``, ``Y`` or ``Z`` for each qubit, qubit 0 last, as in ``"IZX"``. Qubits
            with ``I`` are left alone; the others are read into one bit each, the lowest qubit
            into bit 0.
        """
        letters = [(qubit, letter) for qubit, letter in enumerate(reversed(basis)) if letter != "I"]
        name = "bellpair_bits"
        while name in text:
            name += "_"
        size = len(letters)
        lines = [f"creg {name}[{size}];\n" if self.version2 else f"bit[{size}] {name};\n"]
        lines += [_BASES[letter].format(self.qubits[qubit]) for qubit, letter in letters]
        for bit, (qubit, _) in enumerate(letters):
            operand = self.qubits[qubit]
            if self.version2:
                lines.append(f"measure {operand} -> {name}[{bit}];\n")
            else:
                lines.append(f"{name}[{bit}] = measure {operand};\n")
        return text.rstrip() + "\n" + "".join(lines)


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


def written(value: float) -> str:
    """A number as OpenQASM has it.

    Raises
    ------
    InvalidCall
        If it is not finite.
    """
    if not math.isfinite(value):
        raise InvalidCall(
            f"A parameter has the value {value}.", remedy="Give finite numbers as parameters."
        )
    return repr(float(value))


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
        circuit = _source(circuit)
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
    if _is_qiskit(circuit):
        if not _uses_bits(circuit):
            _nothing_measured("Add circuit.measure_all(), or measure the qubits you need.")
        return _qiskit_template(circuit)
    if _is_braket(circuit):
        return _braket_template(circuit, bare=False)
    template = _text_template(_source(circuit))
    if not re.search(r"\bmeasure\b", _uncommented(_source(circuit))):
        _nothing_measured("Measure qubits into bits, for example: c = measure q;")
    return template


def _bare(circuit: Any) -> Template:
    if _is_qiskit(circuit):
        if _uses_bits(circuit):
            _measured_already("Use circuit.remove_final_measurements(inplace=False).")
        return _qiskit_template(_flat(circuit))
    if _is_braket(circuit):
        if any(one.operator.name == "Measure" for one in circuit.instructions):
            _measured_already("Remove circuit.measure(…).")
        return _braket_template(circuit, bare=True)
    source = _source(circuit)
    if re.search(r"\bmeasure\b", _uncommented(source)):
        _measured_already("Remove its measurements.")
    return _text_template(source)


def _nothing_measured(remedy: str) -> None:
    raise InvalidCall("The circuit measures nothing, so there is nothing to sample.", remedy=remedy)


def _measured_already(remedy: str) -> None:
    raise InvalidCall(
        "The circuit has measurements, but the estimator measures in bases of its own.",
        remedy=remedy,
    )


# OpenQASM text


def _source(program: Any) -> str:
    try:
        return openqasm_source(program)
    except InvalidCall:
        raise
    except BellpairError as error:
        raise InvalidCall(error.detail, remedy=error.remedy) from None


def _uncommented(source: str) -> str:
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)


def _text_template(source: str) -> Template:
    plain = _uncommented(source)
    inputs = list(_INPUT.finditer(plain))
    pieces, start = [], 0
    for match in inputs:
        pieces.append(source[start : match.start()] + f"const {match[1]} {match[3]} = ")
        start = match.end() - 1
    pieces.append(source[start:])
    whole = [match[2] in ("int", "uint") for match in inputs]

    def write(values: Sequence[float]) -> str:
        numbers = [
            _whole(value) if is_whole else written(value)
            for value, is_whole in zip(values, whole, strict=True)
        ]
        return _joined(pieces, numbers)

    return Template(
        parameters=tuple(match[3] for match in inputs),
        write=write,
        qubits=_declared_qubits(plain),
        version2=_VERSION_2.match(plain) is not None,
    )


def _declared_qubits(plain: str) -> tuple[str, ...]:
    """Names of the qubits in the order of their declarations; none if a size is no number."""
    qubits: list[str] = []
    for match in _QUBITS.finditer(plain):
        name, size = match["name"] or match["name2"], match["size"] or match["size2"]
        if size is None:
            qubits.append(name)
        elif size.isdigit():
            qubits += [f"{name}[{index}]" for index in range(int(size))]
        else:
            return ()
    return tuple(qubits)


def _joined(pieces: Sequence[str], gaps: Sequence[str]) -> str:
    parts = [pieces[0]]
    for gap, piece in zip(gaps, pieces[1:], strict=True):
        parts += (gap, piece)
    return "".join(parts)


def _whole(value: float) -> str:
    if value != int(value):
        raise InvalidCall(
            f"An integer parameter has the value {value!r}.", remedy="Give a whole number."
        )
    return str(int(value))


# Qiskit


def _is_qiskit(circuit: Any) -> bool:
    # Whoever holds a circuit has imported its library already, so none is imported here.
    qiskit = sys.modules.get("qiskit")
    return qiskit is not None and isinstance(circuit, qiskit.QuantumCircuit)


def _uses_bits(circuit: Any) -> bool:
    """Whether it measures; a measurement may be inside of an instruction of the user's own."""
    return any(instruction.clbits for instruction in circuit.data)


def _flat(circuit: Any) -> Any:
    """A circuit of gates on one register of qubits, without its classical bits."""
    qiskit = sys.modules["qiskit"]
    flat = qiskit.QuantumCircuit(qiskit.QuantumRegister(circuit.num_qubits, "q"))
    for instruction in circuit.data:
        places = [flat.qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        flat.append(instruction.operation, places, copy=False)
    return flat


def _qiskit_template(circuit: Any) -> Template:
    parameters = tuple(circuit.parameters)
    qubits = tuple(f"q[{index}]" for index in range(circuit.num_qubits))
    write = _filled_once(circuit, parameters) if parameters else None
    return Template(tuple(one.name for one in parameters), write or _exported_anew(circuit), qubits)


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
) -> Callable[[Sequence[float]], str] | None:
    """Writes a circuit that was exported once; ``None`` where that can't be relied on.

    Each expression becomes a gap of its own, and qiskit's own arithmetic gives its number.
    """
    circuit = _in_standard_gates(circuit)
    if circuit is None:
        return None
    parameter = sys.modules["qiskit.circuit"].Parameter
    gaps: list[Any] = []
    shape = circuit.copy_empty_like()
    shape.global_phase = 0
    for instruction in circuit.data:
        operation = instruction.operation
        if _open_parameters(operation):
            operation = operation.to_mutable()
            for index, one in _open_parameters(operation):
                operation.params[index] = parameter(f"bellpair_{len(gaps)}_")
                gaps.append(one)
        shape.append(operation, instruction.qubits, instruction.clbits, copy=False)
    text = _PLACEHOLDER_INPUT.sub("", _dumped(shape))
    parts = _PLACEHOLDER.split(text)
    pieces, order = parts[::2], [int(number) for number in parts[1::2]]
    if sorted(order) != list(range(len(gaps))) or "input " in text:
        return None
    numbers = [_number(gaps[place], parameters) for place in order]

    def write(values: Sequence[float]) -> str:
        return _joined(pieces, [written(number(values)) for number in numbers])

    return write


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


# Amazon Braket


def _is_braket(circuit: Any) -> bool:
    braket = sys.modules.get("braket.circuits")
    return braket is not None and isinstance(circuit, braket.Circuit)


def _braket_template(circuit: Any, *, bare: bool) -> Template:
    if circuit.result_types:
        raise InvalidCall(
            "The Braket circuit has result types, which the runtime has calls for.",
            remedy="Remove them, and use runtime.estimator for expectation values.",
        )
    names = tuple(sorted(parameter.name for parameter in circuit.parameters))
    body = _BRAKET_INPUT.sub("", braket_body(circuit))
    if bare:
        body = _BRAKET_MEASURE.sub("", body)
    pieces, order = _split_at(names, body)
    # Gates are defined only now: their own parameters may have the same names.
    pieces[0] = preamble(body) + pieces[0]

    def write(values: Sequence[float]) -> str:
        return _joined(pieces, [f"({written(values[index])})" for index in order])

    return Template(names, write, _declared_qubits(body))


def _split_at(names: Sequence[str], body: str) -> tuple[list[str], list[int]]:
    """The text between the parameters, and which one is in each gap.

    Only what is in parentheses can be a parameter; outside, the name may be a gate's.
    """
    pieces, order, start, depth = [], [], 0, 0
    for match in re.finditer(r"[()]|[^\W\d]\w*", body):
        word = match.group()
        depth += (word == "(") - (word == ")")
        if depth and word in names:
            pieces.append(body[start : match.start()])
            order.append(names.index(word))
            start = match.end()
    return [*pieces, body[start:]], order
