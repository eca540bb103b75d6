"""Dynamical decoupling: pulses that cancel in the time in which a qubit waits.

A slow change of a qubit's frequency turns it about Z while it waits; pulses by pi turn that round
again and again, so that it cancels. What is random from moment to moment does not cancel, and each
pulse has an error of its own.

Verbatim programs have no delays on the devices here: when gates start is the device's affair. So
nothing can be put into the middle of a wait, and a wait is filled from end to end with whole
sequences, on the assumption that each gate starts as soon as its qubits are free, and that qubits
begin late where the device takes barriers (`bellpair_quantum.late_starts`). Waits are filled, the
longest first, as long as the pulses' own errors stay within a limit.

After Viola, Knill, Lloyd, "Dynamical decoupling of open quantum systems", Phys. Rev. Lett. 82,
2417 (1999), arXiv:quant-ph/9809071.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, log1p, pi
from typing import Literal

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.late_starts import BARRIER, begun_late
from bellpair_quantum.native import Rotations
from bellpair_quantum.program import Operation

PulseSequence = Literal["xx", "xy4"]

# Axes of the pulses: an X and one the other way round; X Y X Y.
_AXES: dict[PulseSequence, tuple[float, ...]] = {
    "xx": (0.0, pi),
    "xy4": (0.0, pi / 2, 0.0, pi / 2),
}


@dataclass(frozen=True)
class Wait:
    """A time in which a qubit waits between two of its gates, or for its measurement.

    Attributes
    ----------
    before
        Place of the operation that ends it; the number of operations for measurements.
    time_us
        How long it is, microseconds.
    """

    qubit: int
    before: int
    time_us: float


def waits(
    operations: Sequence[Operation], target: DeviceTarget, measured: Sequence[int]
) -> list[Wait]:
    """When qubits wait; a qubit without any gate yet waits for nothing.

    Empty where the calibration tells no durations.
    """
    if not target.one_qubit_us or not target.two_qubit_us:
        return []
    free: dict[int, float] = {}
    held: dict[int, float] = {}
    found = []
    for place, operation in enumerate(operations):
        start = max(max(free.get(q, 0.0), held.get(q, 0.0)) for q in operation.qubits)
        if operation.name == BARRIER:
            held.update(dict.fromkeys(operation.qubits, start))
            continue
        found += [
            Wait(qubit, place, start - free[qubit])
            for qubit in operation.qubits
            if free.get(qubit, start) < start
        ]
        spent = target.one_qubit_us if len(operation.qubits) == 1 else target.two_qubit_us
        free.update(dict.fromkeys(operation.qubits, start + spent))
    end = max(free.values(), default=0.0)
    found += [
        Wait(qubit, len(operations), end - free[qubit])
        for qubit in sorted(set(measured))
        if free.get(qubit, end) < end
    ]
    return found


def decouple(
    operations: Sequence[Operation],
    rotations: Rotations,
    target: DeviceTarget,
    measured: Sequence[int],
    *,
    sequence: PulseSequence = "xx",
    loss_max: float = 0.01,
) -> tuple[list[Operation], int]:
    """Fill waits with pulses.

    Parameters
    ----------
    loss_max
        By how much the pulses' errors may lessen the estimated success, as a share of it.

    Returns
    -------
    operations : list of Operation
    pulses : int
        How many were put in; 0 where the calibration tells no durations.
    """
    axes = _AXES[sequence]
    # What begins late has less to wait for.
    operations = begun_late(operations, target)
    left = -log1p(-loss_max) if loss_max < 1 else inf
    put: defaultdict[int, list[Operation]] = defaultdict(list)
    pulses = 0
    for wait in sorted(waits(operations, target, measured), key=lambda wait: -wait.time_us):
        assert target.one_qubit_us
        # The last digits of a sum of durations are no reason for one sequence less.
        times = int(wait.time_us / (target.one_qubit_us * len(axes)) + 1e-9)
        error = target.one_qubit_error.get(wait.qubit, 0.0)
        cost = times * len(axes) * (-log(1 - error) if error < 1 else inf)
        if times and cost <= left:
            left -= cost
            pulses += times * len(axes)
            put[wait.before] += times * [_pulse(rotations, axis, wait.qubit) for axis in axes]
    filled = []
    for place, operation in enumerate(operations):
        filled += [*put[place], operation] if operation.name != BARRIER else []
    return [*filled, *put[len(operations)]], pulses


def _pulse(rotations: Rotations, axis: float, qubit: int) -> Operation:
    if rotations == "prx":
        return Operation("prx", (pi, axis), (qubit,))
    return Operation("gpi", (axis,), (qubit,))
