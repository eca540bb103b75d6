"""Beginning with each qubit as late as the program allows.

A qubit in its ground state loses nothing; from its first gate on it does. Devices start each gate
as soon as its qubits are free, so that a qubit whose partner is busy waits in a state that decays.
Where a device takes barriers in verbatim programs, one between a fresh qubit and a busy one holds
the first gate of the fresh one back until the other has done what comes before the barrier. That
is scheduling as late as possible, written so that it needs no delays and hardly depends on how
long gates really take.

Only first gates are held back. All others still start as soon as they can, because a qubit that
waits for its readout loses less than one that waits between gates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bellpair_core.model.device import DeviceTarget
from bellpair_quantum.durations import gate_durations
from bellpair_quantum.program import MEASURED, Operation

BARRIER = "barrier"

Plan = Sequence[int | tuple[int, ...]]
"""A program in order: places of its gates, and qubits of the barriers between them."""

_SAME_TIME = 1e-9
"""Microseconds; sums of durations differ by less where they should not."""


def begun_late(operations: Sequence[Operation], target: DeviceTarget) -> list[Operation]:
    """Put barriers between gates, so that qubits begin late.

    Parameters
    ----------
    operations
        Native gates in order, without barriers.

    Returns
    -------
    list of Operation
        Gates on a qubit keep their order; as given where the device takes no barriers.
    """
    return planned(operations, late_plan(operations, target))


def planned(operations: Sequence[Operation], plan: Plan | None) -> list[Operation]:
    """Write gates by their plan; None leaves them as they are."""
    if plan is None:
        return list(operations)
    return [
        operations[each] if isinstance(each, int) else Operation(BARRIER, (), each) for each in plan
    ]


def late_plan(operations: Sequence[Operation], target: DeviceTarget) -> Plan | None:
    """Plan a program; None where there is nothing to gain.

    It follows from the operations' names and qubits alone.
    """
    one, two = gate_durations(target)
    if BARRIER not in target.native_gates or not one or not two:
        return None
    if any(each.name == MEASURED for each in operations):
        # What is done by a result of another qubit would have to stay behind its measurement.
        return None
    gates = [each.qubits for each in operations]
    lengths = [one if len(qubits) == 1 else two for qubits in gates]
    starts = _starts(gates, lengths)
    order = sorted(range(len(gates)), key=lambda place: (starts[place], place))
    after: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
    ends: list[tuple[float, int]] = []
    free: dict[int, float] = {}
    for place in order:
        qubits = gates[place]
        begin = max(free.get(qubit, 0.0) for qubit in qubits)
        fresh = [qubit for qubit in qubits if qubit not in free]
        if fresh and starts[place] > begin + _SAME_TIME:
            # The last gate that ends by then.
            found = bisect_right(ends, (starts[place] + _SAME_TIME, len(gates)))
            end, anchor = ends[found - 1] if found else (0.0, 0)
            if end > begin + _SAME_TIME:
                after[anchor].append((fresh[0], gates[anchor][0]))
                begin = end
        end = begin + lengths[place]
        free.update(dict.fromkeys(qubits, end))
        ends.insert(bisect_right(ends, (end, place)), (end, place))
    if not after:
        return None
    plan: list[int | tuple[int, ...]] = []
    for place in order:
        plan += [place, *after[place]]
    return plan


def _starts(gates: Sequence[tuple[int, ...]], lengths: Sequence[float]) -> list[float]:
    """When each gate starts: first ones as late as possible, the others as soon as possible."""
    total = max(_free(gates, lengths).values(), default=0.0)
    due: dict[int, float] = {}
    latest = [0.0] * len(gates)
    for place in range(len(gates) - 1, -1, -1):
        qubits = gates[place]
        latest[place] = min(due.get(qubit, total) for qubit in qubits) - lengths[place]
        due.update(dict.fromkeys(qubits, latest[place]))
    starts: list[float] = []
    free: dict[int, float] = {}
    for qubits, length, late in zip(gates, lengths, latest, strict=True):
        start = max(free.get(qubit, late) for qubit in qubits)
        starts.append(start)
        free.update(dict.fromkeys(qubits, start + length))
    return starts


def _free(gates: Iterable[tuple[int, ...]], lengths: Iterable[float]) -> dict[int, float]:
    """When each qubit is free, if all gates start as soon as they can."""
    free: dict[int, float] = {}
    for qubits, length in zip(gates, lengths, strict=True):
        end = max(free.get(qubit, 0.0) for qubit in qubits) + length
        free.update(dict.fromkeys(qubits, end))
    return free
