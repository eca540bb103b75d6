"""From what a device's document says to what a compiler may go by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bellpair_core.model.device import DeviceKind, DeviceTarget

from .findings import Findings

Edge = tuple[int, int]

AHEAD_MAX = timedelta(hours=1)
"""A document from further in the future would never grow old."""

T2_OVER_LIMIT_MAX = 1.5
"""T2 cannot be over twice T1; measured apart, both have errors, and a little over is cut down."""

MISSING_SHARE_MAX = 0.5
"""With more of its qubits or edges left out, a document counts as a broken one."""


@dataclass(frozen=True)
class Reading:
    """What a document says, in the units of `DeviceTarget`.

    Attributes
    ----------
    qubits
        All that the document counts to the device.
    edges
        Pairs that are connected, each once, the lower label first; ``None`` where all are.
    one_qubit_error, readout_0_to_1, readout_1_to_0, two_qubit_error, t1_us, t2_us
        Without what has no figure.
    """

    qubits: tuple[int, ...] = ()
    edges: tuple[Edge, ...] | None = None
    gates: tuple[str, ...] = ()
    native_gates: tuple[str, ...] = ()
    one_qubit_error: Mapping[int, float] = field(default_factory=dict)
    readout_0_to_1: Mapping[int, float] = field(default_factory=dict)
    readout_1_to_0: Mapping[int, float] = field(default_factory=dict)
    two_qubit_error: Mapping[Edge, float] = field(default_factory=dict)
    t1_us: Mapping[int, float] = field(default_factory=dict)
    t2_us: Mapping[int, float] = field(default_factory=dict)
    one_qubit_us: float | None = None
    two_qubit_us: float | None = None
    readout_us: float | None = None
    calibrated_at: datetime | None = None
    mid_circuit: bool = False


def target_of(
    device: str, kind: DeviceKind, reading: Reading, findings: Findings, now: datetime
) -> DeviceTarget:
    """What a compiler may go by.

    Qubits and edges without a figure are left out, with a note: nothing is known of them, and
    the maker has mostly taken them out of use.

    Parameters
    ----------
    findings
        What reading found; what is found here is added to it.
    now
        With a time zone.

    Raises
    ------
    CalibrationRefused
        When the document says what cannot be, or too little.
    """
    # What could not be read is not to be missed once more.
    findings.require()
    if not reading.qubits:
        findings.problem("the document names no qubits")
    if reading.calibrated_at is not None and reading.calibrated_at > now + AHEAD_MAX:
        at = reading.calibrated_at.isoformat()
        findings.problem(f"the document is of {at}, which is in the future")
    if kind is DeviceKind.QPU:
        target = _of_qpu(device, reading, findings)
    else:
        # Nothing was measured: its documents of both regions, of any date, are one snapshot.
        target = DeviceTarget(
            device=device,
            kind=kind,
            qubits=reading.qubits,
            edges=reading.edges,
            gates=reading.gates,
            mid_circuit=reading.mid_circuit,
            calibration_id="",
        )
        if not reading.gates:
            findings.problem("the document names no gates")
    findings.require()
    # What compiling does not depend on, such as prices, makes no other snapshot.
    content = target.model_dump(mode="json", exclude={"calibration_id"})
    name = calibration_name(target.calibrated_at or now, content)
    return target.model_copy(update={"calibration_id": name})


def calibration_name(at: datetime, content: Mapping[str, Any]) -> str:
    """A snapshot's name: when it was measured, else first seen, and a digest of what it says.

    Names are in the order of their times.
    """
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}-{digest[:12]}"


def same_content(one: str, other: str) -> bool:
    """Whether snapshots of these names say the same, whenever that was."""
    return one.rpartition("-")[2] == other.rpartition("-")[2]


def edge(a: int, b: int) -> Edge:
    """A pair with the lower label first."""
    return (a, b) if a < b else (b, a)


def _of_qpu(device: str, reading: Reading, findings: Findings) -> DeviceTarget:
    known = frozenset(reading.qubits)
    if not reading.native_gates:
        findings.problem("the document names no native gates")
    if reading.calibrated_at is None:
        findings.note("the document does not say when it was measured, so it counts as old")
    _check_labels(reading, known, findings)
    qubits = _measured_qubits(reading, findings)
    edges = _measured_edges(reading, frozenset(qubits), findings)
    t2_us = _possible_t2(reading, findings)
    both = reading.readout_0_to_1, reading.readout_1_to_0
    return DeviceTarget(
        device=device,
        kind=DeviceKind.QPU,
        qubits=qubits,
        edges=None if reading.edges is None else edges,
        gates=reading.gates,
        native_gates=reading.native_gates,
        one_qubit_error=_of(reading.one_qubit_error, qubits),
        readout_error={
            qubit: (both[0][qubit] + both[1][qubit]) / 2 for qubit in qubits if qubit in both[0]
        },
        readout_0_to_1=_of(both[0], qubits),
        readout_1_to_0=_of(both[1], qubits),
        two_qubit_error={_label(pair): reading.two_qubit_error[pair] for pair in edges},
        t1_us=_of(reading.t1_us, qubits),
        t2_us=_of(t2_us, qubits),
        one_qubit_us=reading.one_qubit_us,
        two_qubit_us=reading.two_qubit_us,
        readout_us=reading.readout_us,
        calibrated_at=reading.calibrated_at,
        mid_circuit=reading.mid_circuit,
        calibration_id="",
    )


def _check_labels(reading: Reading, known: frozenset[int], findings: Findings) -> None:
    """Figures and edges are of the device's own qubits."""
    edges = reading.edges or ()
    for pair in (*edges, *(pair for pair in reading.two_qubit_error if pair not in edges)):
        if pair[0] == pair[1]:
            findings.problem(f"edge {_label(pair)} leads from a qubit to itself")
        elif strange := [qubit for qubit in pair if qubit not in known]:
            findings.problem(f"edge {_label(pair)} leads to qubit {strange[0]}, which is not there")
    tables = (reading.one_qubit_error, reading.readout_0_to_1, reading.readout_1_to_0)
    strange = sorted({q for table in tables for q in table} - known)
    if strange:
        findings.problem(f"qubit {strange[0]} has figures, and is not there")
    if reading.edges is not None:
        unconnected = sorted(set(reading.two_qubit_error) - set(reading.edges))
        findings.note_each("edges with a figure that connect nothing", map(_label, unconnected))


def _measured_qubits(reading: Reading, findings: Findings) -> tuple[int, ...]:
    """The qubits with a gate's error and, where any has one, a readout error."""
    if reading.qubits and not reading.one_qubit_error:
        findings.problem("no qubit has a gate fidelity")
    if reading.qubits and not reading.readout_0_to_1:
        findings.note("no qubit has a readout error")
    measured: list[int] = []
    left_out: list[int] = []
    for qubit in reading.qubits:
        readable = not reading.readout_0_to_1 or (
            qubit in reading.readout_0_to_1 and qubit in reading.readout_1_to_0
        )
        (measured if qubit in reading.one_qubit_error and readable else left_out).append(qubit)
    _left_out("qubits", left_out, len(reading.qubits), findings)
    for name, times in (("T1", reading.t1_us), ("T2", reading.t2_us)):
        findings.note_each(f"qubits without {name}", [q for q in measured if q not in times])
    return tuple(measured)


def _measured_edges(
    reading: Reading, qubits: frozenset[int], findings: Findings
) -> tuple[Edge, ...]:
    """The edges between measured qubits that have a gate's error."""
    edges = reading.edges
    if edges is None:
        labels = sorted(qubits)
        edges = tuple((a, b) for a in labels for b in labels if a < b)
    if edges and not reading.two_qubit_error:
        findings.problem("no edge has a gate fidelity")
    within = [pair for pair in edges if qubits.issuperset(pair)]
    left_out = [pair for pair in within if pair not in reading.two_qubit_error]
    _left_out("edges", [_label(pair) for pair in left_out], len(edges), findings)
    return tuple(pair for pair in within if pair in reading.two_qubit_error)


def _left_out(what: str, left_out: list[Any], of: int, findings: Findings) -> None:
    if len(left_out) > MISSING_SHARE_MAX * of:
        findings.problem(f"{len(left_out)} of {of} {what} have no figures")
    else:
        findings.note_each(f"{what} without figures, left out", left_out)


def _possible_t2(reading: Reading, findings: Findings) -> dict[int, float]:
    possible, cut = {}, []
    for qubit, t2 in reading.t2_us.items():
        limit = 2 * reading.t1_us.get(qubit, t2)
        if t2 > T2_OVER_LIMIT_MAX * limit:
            findings.problem(
                f"qubit {qubit} has a T2 of {t2:g} us, which cannot be over twice its T1 of"
                f" {reading.t1_us[qubit]:g} us"
            )
        elif t2 > limit:
            cut.append(qubit)
        possible[qubit] = min(t2, limit)
    findings.note_each("qubits whose T2 was cut to twice their T1", cut)
    return possible


def _of(figures: Mapping[int, float], qubits: Iterable[int]) -> dict[int, float]:
    return {qubit: figures[qubit] for qubit in qubits if qubit in figures}


def _label(pair: Edge) -> str:
    return f"{pair[0]}-{pair[1]}"
