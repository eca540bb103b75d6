"""What a compiled program asks of its device, and how well that goes by a calibration."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod

from bellpair_core.model.compiling import DeviceUse
from bellpair_core.model.device import DeviceKind, DeviceTarget

_OF_THE_SNAPSHOT = {"calibration_id", "calibrated_at"}
"""What differs between two snapshots that say the same."""


def use_of(
    operations: Iterable[tuple[str, tuple[float, ...], tuple[int, ...]]],
    bits: Sequence[int | None],
    target: DeviceTarget,
) -> DeviceUse:
    """What a program of these native gates and measurements asks of the device.

    Parameters
    ----------
    operations
        Name, parameters and qubits of each gate.
    bits
        The device qubit measured into each classical bit.
    target
        What it was compiled against.
    """
    one_qubit: Counter[int] = Counter()
    two_qubit: Counter[str] = Counter()
    # A simulator's qubits are as many as a program needs, and none is better than another.
    for _, _, qubits in operations if target.kind is DeviceKind.QPU else ():
        if len(qubits) == 1:
            one_qubit[qubits[0]] += 1
        elif len(qubits) == 2:
            two_qubit[_edge(*qubits)] += 1
    measured = {qubit for qubit in bits if qubit is not None}
    use = DeviceUse(
        one_qubit=dict(sorted(one_qubit.items())),
        two_qubit=dict(sorted(two_qubit.items())),
        measured=tuple(sorted(measured)) if target.kind is DeviceKind.QPU else (),
        target=content_digest(target),
    )
    return use.model_copy(update={"success": success_by(use, target)})


def lacking(use: DeviceUse, target: DeviceTarget) -> list[str]:
    """The qubits and edges that the program uses and the device has no more, for people."""
    there = set(target.qubits)
    qubits = sorted({*use.one_qubit, *use.measured} - there)
    if target.edges is None:
        ends = {edge: edge.split("-") for edge in use.two_qubit}
        gone = [edge for edge, pair in ends.items() if not {int(end) for end in pair} <= there]
    else:
        gone = sorted(set(use.two_qubit) - {_edge(*edge) for edge in target.edges})
    return [*(f"qubit {qubit}" for qubit in qubits), *(f"edge {edge}" for edge in gone)]


def success_by(use: DeviceUse, target: DeviceTarget) -> float:
    """Probability, 0 to 1, that no gate and no readout errs, by the target's rates.

    Errors are taken as independent, a rate that the target lacks counts as 0, and a program that
    uses what the device lacks has no chance.
    """
    if lacking(use, target):
        return 0.0
    one = prod(
        (1 - target.one_qubit_error.get(qubit, 0.0)) ** count
        for qubit, count in use.one_qubit.items()
    )
    two = prod(
        (1 - target.two_qubit_error.get(edge, 0.0)) ** count
        for edge, count in use.two_qubit.items()
    )
    return one * two * prod(1 - target.readout_error.get(qubit, 0.0) for qubit in use.measured)


def rescored(estimated_success: float, use: DeviceUse, target: DeviceTarget) -> float:
    """What the program's estimated success is by another calibration.

    The compiler's estimate knows of more than the rates of gates and readout, such as idle
    times; that part is taken to be as it was.
    """
    if use.success <= 0.0:
        return success_by(use, target)
    return min(1.0, estimated_success * success_by(use, target) / use.success)


def content_digest(target: DeviceTarget) -> str:
    """SHA-256, in hex, of what a calibration says, whatever it is called and how old it is."""
    return hashlib.sha256(target.model_dump_json(exclude=_OF_THE_SNAPSHOT).encode()).hexdigest()


def _edge(first: int, second: int) -> str:
    return f"{min(first, second)}-{max(first, second)}"
