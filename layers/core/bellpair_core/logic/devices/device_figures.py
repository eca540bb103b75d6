"""What a device would make of a program: expected success, price and wait, without its target.

Control-plane code has a program's shape and the device's entry in the catalogue; what the
compiler says later, of the very qubits that it chose, is in the result.
"""

from __future__ import annotations

from math import sqrt

from bellpair_core.model.choice import ProgramShape
from bellpair_core.model.device import Device, DeviceKind, DeviceTarget

QPU_TASK_SECONDS = 20.0
SIMULATOR_TASK_SECONDS = 3.0
"""What a task that is ahead is taken to last: services tell how many wait, and not for how long."""

_ROUTING = 0.5
"""Over the mean number of neighbours. Fitted to what Qiskit's level 3 makes on square lattices of
20 and 54 qubits of GHZ, QFT and random circuits of 4 to 16 qubits: within a third of it but for
QFT and stars, whose gates routing can put in a better order."""


def expected_success(shape: ProgramShape | None, num_qubits: int, device: Device) -> float | None:
    """Probability, 0 to 1, that no gate and no readout of the program errs on the device.

    The product over gates and readout of their medians of success, as in Murali et al.,
    arXiv:1901.11054, times what was observed of the device where that is less than 1. Idling is
    left out, and so is that a compiler picks better qubits than the median.

    Returns
    -------
    float or None
        1 on a simulator; ``None`` where the shape or the device's medians are unknown.
    """
    if device.kind is DeviceKind.SIMULATOR:
        return 1.0
    if shape is None:
        return None
    needed = shape.needed_two_qubit_gates
    pairs = shape.two_qubit_gates if needed is None else needed
    two = pairs * routing_overhead(shape, num_qubits, device)
    expected = 1.0
    for count, error in (
        (shape.one_qubit_gates, device.median_one_qubit_error),
        (two, device.median_two_qubit_error),
        (shape.measured, device.median_readout_error),
    ):
        if count and error is None:
            return None
        expected *= (1 - (error or 0.0)) ** count
    return expected * min(1.0, 1.0 if device.quality is None else device.quality)


def routing_overhead(shape: ProgramShape, num_qubits: int, device: Device) -> float:
    """By how much routing multiplies the two-qubit gates, 1 or more.

    A program whose pairs are a tree's is laid out as it is. Each further pair asks for routing, the
    more so the fewer neighbours a qubit has.
    """
    if device.couplings is None or not device.num_qubits:
        return 1.0
    neighbours = 2 * device.couplings / device.num_qubits
    beyond = max(0, shape.interactions - (num_qubits - 1))
    return 1.0 + _ROUTING / max(neighbours, 1.0) * sqrt(beyond)


def expected_duration_us(
    shape: ProgramShape, num_qubits: int, device: Device, target: DeviceTarget
) -> float | None:
    """How long one shot takes on a QPU, microseconds, without what lies between shots.

    As many layers of two-qubit gates as the depth and routing come to, and a readout. An upper
    bound: layers of one-qubit gates are counted as long as the others.

    Returns
    -------
    float or None
        ``None`` where the device does not publish its gate times.
    """
    layer = target.two_qubit_us if shape.two_qubit_gates else target.one_qubit_us
    if layer is None or target.readout_us is None:
        return None
    return shape.depth * routing_overhead(shape, num_qubits, device) * layer + target.readout_us


def expected_cost(device: Device, shots: int) -> float:
    """What a task is expected to cost, US dollars; where minutes are paid, of a typical one."""
    return device.price.of(shots, task_seconds(device))


def expected_wait(device: Device, in_flight: int) -> float:
    """How long a task that is made now is expected to wait at the device, seconds.

    Parameters
    ----------
    in_flight
        How many unfinished tasks of the platform are on it. Where the service tells how many
        wait, these are among them.
    """
    return max(device.queue_depth or 0, in_flight) * task_seconds(device)


def task_seconds(device: Device) -> float:
    """How long one task is taken to last."""
    qpu = device.kind is DeviceKind.QPU
    return QPU_TASK_SECONDS if qpu else SIMULATOR_TASK_SECONDS
