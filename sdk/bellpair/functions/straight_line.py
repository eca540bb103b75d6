"""Read OpenQASM programs without branches and loops, for the simulator in this process.

The service reads more; this is what circuits exported from Qiskit and Braket have, and what
most circuits written by hand do.
"""

from __future__ import annotations

import ast
import cmath
import functools
import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bellpair.functions.errors import InvalidCall

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_GATE = re.compile(r"\bgate\s+(\w+)\s*(?:\(([^)]*)\))?([^{;]*)\{([^}]*)\}")
_DECLARATION = re.compile(r"(qubit|bit)\s*(?:\[(.+?)\])?\s*(\w+)$")
_DECLARATION_2 = re.compile(r"(qreg|creg)\s+(\w+)\s*(?:\[(.+?)\])?$")
_CONSTANT = re.compile(r"const\s+\w+\s*(?:\[.*?\])?\s+(\w+)\s*=\s*(.+)$", re.DOTALL)
_IGNORED = ("OPENQASM", "include", "barrier")
_REFUSED = ("if", "for", "while", "reset", "def", "let", "switch", "box", "input", "opaque")
_NAMES = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "ln": math.log,
    "log": math.log,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "mod": operator.mod,
    "pow": operator.pow,
}
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


@dataclass
class StraightLine:
    """A program read.

    Attributes
    ----------
    qubits, bits
        How many are declared.
    gates
        Unitary matrices and the qubits they act on; the first qubit is the matrix index's most
        significant bit.
    measured
        The qubit last measured into each bit.
    """

    qubits: int = 0
    bits: int = 0
    gates: list[tuple[NDArray[np.complex128], tuple[int, ...]]] = field(default_factory=list)
    measured: dict[int, int] = field(default_factory=dict)


def read_program(source: str) -> StraightLine:
    """Read a program.

    Raises
    ------
    InvalidCall
        If it has what the simulator in this process does not read.
    """
    return _Reader(_COMMENT.sub(" ", source)).program()


class _Reader:
    def __init__(self, text: str) -> None:
        self._division = operator.truediv if re.match(r"\s*OPENQASM\s+2", text) else _divide
        self._read = StraightLine()
        self._registers: dict[str, tuple[str, int, int, bool]] = {}
        self._constants: dict[str, float] = {}
        self._definitions = {
            match[1]: (_listed(match[2] or ""), _listed(match[3]), match[4].split(";"))
            for match in _GATE.finditer(text)
        }
        self._statements = [one.strip() for one in _GATE.sub(" ", text).split(";")]

    def program(self) -> StraightLine:
        for statement in self._statements:
            if statement:
                self._statement(statement)
        return self._read

    def _statement(self, text: str) -> None:
        word = re.split(r"\W", text, maxsplit=1)[0]
        if word in _IGNORED:
            return
        if word in _REFUSED or "{" in text or text.startswith("#"):
            _refuse(text)
        if match := _CONSTANT.match(text):
            self._constants[match[1]] = self._value(match[2], self._constants)
        elif match := _DECLARATION.match(text):
            self._declare(match[1], match[3], match[2])
        elif match := _DECLARATION_2.match(text):
            self._declare("qubit" if match[1] == "qreg" else "bit", match[2], match[3])
        elif word == "measure" or re.search(r"=\s*measure\b", text):
            self._measure(text)
        else:
            self._apply(text)

    def _declare(self, kind: str, name: str, size: str | None) -> None:
        count = 1 if size is None else int(self._value(size, self._constants))
        start = self._read.qubits if kind == "qubit" else self._read.bits
        self._registers[name] = (kind, start, count, size is None)
        if kind == "qubit":
            self._read.qubits += count
        else:
            self._read.bits += count

    def _measure(self, text: str) -> None:
        if "->" in text:
            qubits, bits = text.removeprefix("measure").split("->")
        else:
            bits, qubits = re.split(r"=\s*measure\b", text)
        pairs = zip(self._operand(bits), self._operand(qubits), strict=True)
        self._read.measured.update(pairs)

    def _apply(self, text: str) -> None:
        name, modifiers, params, operands = _application(text)
        values = [self._value(one, self._constants) for one in params]
        places = [self._operand(one) for one in operands]
        width = max(map(len, places), default=1)
        matrix = self._matrix(name, tuple(values), modifiers, text)
        for turn in range(width):
            qubits = tuple(place[turn if len(place) > 1 else 0] for place in places)
            self._place(matrix, qubits, text)

    def _place(self, matrix: Any, qubits: tuple[int, ...], text: str) -> None:
        if matrix.shape != (2 ** len(qubits),) * 2 or len(set(qubits)) != len(qubits):
            raise InvalidCall(
                f"The statement {text[:60]!r} has operands that the gate does not take.",
                remedy="Give the gate as many different qubits as it acts on.",
            )
        if not set(qubits).isdisjoint(self._read.measured.values()):
            _refuse(text, "A qubit is used after it was measured")
        if qubits:
            self._read.gates.append((matrix, qubits))

    def _operand(self, text: str) -> list[int]:
        match = re.fullmatch(r"\s*(\w+)\s*(?:\[(.+)\])?\s*", text)
        register = self._registers.get(match[1]) if match else None
        if match is None or register is None:
            _refuse(text.strip())
            return []
        _, start, count, _ = register
        if match[2] is None:
            return list(range(start, start + count))
        index = int(self._value(match[2], self._constants))
        if not -count <= index < count:
            raise InvalidCall(
                f"{text.strip()} is outside of its register.", remedy=f"It has {count} elements."
            )
        return [start + index % count]

    def _value(self, text: str, names: Mapping[str, float]) -> Any:
        return _evaluated(_parsed(text.replace("^", "**").strip()), names, self._division, text)

    def _matrix(
        self, name: str, params: tuple[float, ...], modifiers: Sequence[str], text: str
    ) -> NDArray[np.complex128]:
        import numpy as np

        matrix = self._plain_matrix(name, params, text)
        for modifier in reversed(modifiers):
            word, _, argument = modifier.partition("(")
            number = self._value(argument.rstrip(") "), self._constants) if argument else 1
            match word.strip():
                case "inv":
                    matrix = matrix.conj().T
                case "pow" if number == int(number):
                    matrix = np.linalg.matrix_power(matrix, int(number))
                case "ctrl":
                    matrix = functools.reduce(
                        lambda one, _: _controlled(one), range(number), matrix
                    )
                case _:
                    _refuse(text)
        return matrix

    def _plain_matrix(
        self, name: str, params: tuple[float, ...], text: str
    ) -> NDArray[np.complex128]:
        if name not in self._definitions:
            try:
                return _given(name, params)
            except (KeyError, TypeError):
                _refuse(text, f"The gate {name!r} is not known with {len(params)} parameters")
        names, qubits, body = self._definitions[name]
        import numpy as np

        bound = {**self._constants, **dict(zip(names, params, strict=True))}
        matrix: NDArray[np.complex128] = np.eye(2 ** len(qubits), dtype=complex)
        for statement in body:
            if not statement.strip() or statement.strip().startswith("barrier"):
                continue
            inner, modifiers, inner_params, operands = _application(statement)
            values = tuple(self._value(one, bound) for one in inner_params)
            part = self._matrix(inner, values, modifiers, statement)
            places = [qubits.index(one.strip()) for one in operands]
            matrix = applied(part, places, matrix.reshape((2,) * len(qubits) + (-1,))).reshape(
                matrix.shape
            )
        return matrix


def applied(matrix: Any, places: Sequence[int], state: Any) -> Any:
    """A state after a gate; axis i of the state is qubit i."""
    import numpy as np

    count = len(places)
    tensor = matrix.reshape((2,) * (2 * count))
    moved = np.tensordot(tensor, state, axes=(range(count, 2 * count), places))
    return np.moveaxis(moved, range(count), places)


def _application(text: str) -> tuple[str, list[str], list[str], list[str]]:
    """Name, modifiers, parameters and operands of a gate's application."""
    *modifiers, rest = (part.strip() for part in text.split("@"))
    match = re.match(r"(\w+)\s*", rest)
    if match is None:
        _refuse(text)
    assert match is not None
    name, rest = match[1], rest[match.end() :]
    if not rest.startswith("("):
        return name, modifiers, [], _listed(rest)
    depths = itertools.accumulate((one == "(") - (one == ")") for one in rest)
    end = next((place for place, depth in enumerate(depths) if not depth), len(rest))
    return name, modifiers, _listed(rest[1:end]), _listed(rest[end + 1 :])


def _listed(text: str) -> list[str]:
    """What commas outside of parentheses separate."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        raise InvalidCall(f"The expression {text[:60]!r} cannot be read.") from None


def _evaluated(
    node: ast.expr, names: Mapping[str, float], division: Callable[..., Any], text: str
) -> Any:
    def value(part: ast.expr) -> Any:
        return _evaluated(part, names, division, text)

    result: Any = None
    match node:
        case ast.Constant(value=int() | float() as number):
            result = number
        case ast.Name(id=name):
            result = names.get(name, _NAMES.get(name))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            result = division(value(left), value(right))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            result = _OPERATORS[type(sign)](value(left), value(right))
        case ast.UnaryOp(op=sign, operand=part) if type(sign) in _OPERATORS:
            result = _OPERATORS[type(sign)](value(part))
        case ast.Call(func=ast.Name(id=name), args=parts) if name in _FUNCTIONS:
            result = _FUNCTIONS[name](*map(value, parts))
    return _refuse(text) if result is None else result


def _divide(a: Any, b: Any) -> Any:
    # Between integers the division of OpenQASM 3 truncates.
    return int(a / b) if isinstance(a, int) and isinstance(b, int) else a / b


def _given(name: str, params: Sequence[float]) -> NDArray[np.complex128]:
    """The matrix of a gate of stdgates.inc or qelib1.inc."""
    import numpy as np

    if name in _ONE_QUBIT:
        return np.array(_ONE_QUBIT[name](*params), dtype=complex)
    if name in _CONTROLLED:
        return _controlled(_given(_CONTROLLED[name], params))
    match name:
        case "swap":
            return np.eye(4, dtype=complex)[[0, 2, 1, 3]]
        case "cu":
            *angles, phase = params
            return _controlled(cmath.exp(1j * phase) * _given("u", angles))
        case "rzz" | "rxx" | "ryy":
            pauli = np.array(_ONE_QUBIT[name[1]](), dtype=complex)
            (angle,) = params
            both = np.kron(pauli, pauli)
            return math.cos(angle / 2) * np.eye(4) - 1j * math.sin(angle / 2) * both
        case "gphase":
            (angle,) = params
            return np.array([[cmath.exp(1j * angle)]])
    raise KeyError(name)


def _controlled(matrix: NDArray[np.complex128]) -> NDArray[np.complex128]:
    import numpy as np

    size = len(matrix)
    full = np.eye(2 * size, dtype=complex)
    full[size:, size:] = matrix
    return full


def _u(theta: float, phi: float, lam: float) -> list[list[complex]]:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return [
        [cos, -cmath.exp(1j * lam) * sin],
        [cmath.exp(1j * phi) * sin, cmath.exp(1j * (phi + lam)) * cos],
    ]


def _phase(angle: float) -> list[list[complex]]:
    return [[1, 0], [0, cmath.exp(1j * angle)]]


_HALF = math.pi / 2
_ONE_QUBIT: dict[str, Callable[..., list[list[complex]]]] = {
    "id": lambda: [[1, 0], [0, 1]],
    "x": lambda: [[0, 1], [1, 0]],
    "y": lambda: [[0, -1j], [1j, 0]],
    "z": lambda: [[1, 0], [0, -1]],
    "h": lambda: _u(_HALF, 0, math.pi),
    "s": lambda: _phase(_HALF),
    "sdg": lambda: _phase(-_HALF),
    "t": lambda: _phase(_HALF / 2),
    "tdg": lambda: _phase(-_HALF / 2),
    "sx": lambda: [[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]],
    "sxdg": lambda: [[0.5 - 0.5j, 0.5 + 0.5j], [0.5 + 0.5j, 0.5 - 0.5j]],
    "rx": lambda t: _u(t, -_HALF, _HALF),
    "ry": lambda t: _u(t, 0, 0),
    "rz": lambda t: [[cmath.exp(-0.5j * t), 0], [0, cmath.exp(0.5j * t)]],
    "u0": lambda _: [[1, 0], [0, 1]],
    "u2": lambda phi, lam: _u(_HALF, phi, lam),
    **dict.fromkeys(("p", "phase", "u1"), _phase),
    **dict.fromkeys(("u", "U", "u3"), _u),
}
_CONTROLLED = {
    "cx": "x",
    "CX": "x",
    "cy": "y",
    "cz": "z",
    "ch": "h",
    "csx": "sx",
    "cp": "p",
    "cphase": "p",
    "cu1": "p",
    "crx": "rx",
    "cry": "ry",
    "crz": "rz",
    "cu3": "u3",
    "ccx": "cx",
    "ccz": "cz",
    "cswap": "swap",
    "c3x": "ccx",
    "c4x": "c3x",
}


def _refuse(text: str, why: str = "The simulator in this process does not read this") -> Any:
    raise InvalidCall(
        f"{why}: {' '.join(text.split())[:80]!r}.",
        remedy="It reads gates and final measurements. Write loops out, or give run_local "
        "another simulator by sample=.",
    )
