"""A circuit's text that is written once, and then only filled with numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellpair.functions.errors import InvalidCall
from bellpair.functions.plan import Program

_BASES = {"X": "U(pi/2, 0, pi) {};\n", "Y": "U(pi/2, 0, pi/2) {};\n", "Z": ""}


@dataclass(frozen=True)
class LateForm:
    """A circuit's text with inputs, which get their values after it is compiled.

    Attributes
    ----------
    source
        OpenQASM 3 with a declaration ``input float …`` for each input.
    values
        Gives the inputs' values, in the order of their declarations, from the parameters'.
    """

    source: str
    values: Callable[[Sequence[float]], Sequence[float]]


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
    late
        The text with inputs in place of the gaps; ``None`` where it has no parameters, or they
        are more than angles.
    """

    parameters: tuple[str, ...]
    write: Callable[[Sequence[float]], str]
    qubits: tuple[str, ...] = ()
    version2: bool = False
    late: LateForm | None = None

    def program(self, values: Sequence[float], shots: int, basis: str | None = None) -> Program:
        """The circuit with these values, to be run.

        Parameters
        ----------
        basis
            In which its qubits are measured, as `measured_in` takes it; ``None`` for a circuit
            that measures itself.
        """
        text = self._measured(self.write(values), basis)
        if self.late is None:
            return Program(text, shots)
        late = tuple(float(value) for value in self.late.values(values))
        return Program(self._measured(self.late.source, basis), shots, late, text=text)

    def _measured(self, text: str, basis: str | None) -> str:
        return text if basis is None else self.measured_in(text, basis)

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


def joined(pieces: Sequence[str], gaps: Sequence[str]) -> str:
    """A text from its pieces and what stands between each two of them."""
    parts = [pieces[0]]
    for gap, piece in zip(gaps, pieces[1:], strict=True):
        parts += (gap, piece)
    return "".join(parts)
