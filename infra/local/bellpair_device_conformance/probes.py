"""Programs to try a device with, compiled as Bellpair compiles jobs."""

from __future__ import annotations

from dataclasses import dataclass

from bellpair_core.model.device import DeviceTarget

_ONE_FLIP = """OPENQASM 3.0;
include "stdgates.inc";
qubit[{width}] q;
bit[{width}] c;
x q[0];
{measurements}
"""

NONSENSE = "OPENQASM 3.0;\nthis is no program;\n"
"""What no device runs."""


@dataclass(frozen=True)
class Probe:
    """A program for the device.

    Attributes
    ----------
    program
        As the device is given it.
    bits
        The device qubit measured into each classical bit, bit 0 first.
    expected
        The text of bits that a device without errors always gives, bit 0 rightmost.
    """

    program: str
    bits: tuple[int | None, ...]
    expected: str


def asymmetric(target: DeviceTarget, shift: int = 1) -> Probe:
    """One qubit in 1 and the others in 0, measured into bits that are shifted against the qubits.

    Read backwards, or with columns and qubits mixed up, the text is another one.

    Parameters
    ----------
    target
        The device; up to three of its qubits are used.
    shift
        Qubit ``i`` is measured into bit ``i + shift``, counted round.
    """
    from bellpair_quantum import compile_program

    width = min(3, len(target.qubits))
    into = [(qubit + shift) % width for qubit in range(width)]
    source = _ONE_FLIP.format(
        width=width,
        measurements="\n".join(f"c[{bit}] = measure q[{qubit}];" for qubit, bit in enumerate(into)),
    )
    made = compile_program(source, "3.0", target)
    bits = ["0"] * width
    bits[into[0]] = "1"
    return Probe(made.program, made.bits, "".join(reversed(bits)))
