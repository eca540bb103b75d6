"""How long native gates take, also where a device's maker does not publish it.

Some makers publish T1 and T2 of their lattices, but no durations. Without any, waiting would seem
to cost nothing, though on such devices it costs more than gates do. What a technology's gates
typically take is near enough to compare forms of one program by: superconducting gates take 20 to
40 and 30 to 90 ns whoever makes them, and ions live so long that waiting hardly counts.
"""

from __future__ import annotations

from statistics import median

from bellpair_core.model.device import DeviceTarget

_SUPERCONDUCTING_T1_MAX_US = 10_000.0
"""Superconducting qubits live for less than this, ions and atoms for seconds."""

_SUPERCONDUCTING_US = (0.03, 0.06)


def gate_durations(target: DeviceTarget) -> tuple[float, float]:
    """Of a native gate on one qubit and on two, microseconds.

    What is not published is assumed to be as on other devices whose qubits live about as long; 0
    where these are not superconducting, or their lifetimes are not known.
    """
    lifetimes = target.t1_us.values()
    short = bool(lifetimes) and median(lifetimes) < _SUPERCONDUCTING_T1_MAX_US
    one, two = _SUPERCONDUCTING_US if short else (0.0, 0.0)
    return (
        one if target.one_qubit_us is None else target.one_qubit_us,
        two if target.two_qubit_us is None else target.two_qubit_us,
    )
