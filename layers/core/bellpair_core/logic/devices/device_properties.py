"""Reads a ``braket.device_schema`` capabilities document.

Makers fill the schema in two ways: a superconducting device has a table of figures by qubit and by
edge, trapped ions have means over the whole device. Times of the provider's own part are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from .calibration_reading import Edge, Reading, edge
from .findings import Findings

FORMAT = "braket.device-capabilities"
"""What devices behind Amazon Braket call such a document."""

Document = Mapping[str, Any]

_OPENQASM = "braket.ir.openqasm.program"
_FEED_FORWARD = "measure_ff"
"""The gate by which a device says that it measures within a program."""

_MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}


def read_properties(properties: Document, findings: Findings) -> Reading:
    """What the document says, wherever it says it.

    Parameters
    ----------
    findings
        What is wrong is added to it.
    """
    if not properties:
        findings.problem("the document is empty")
        return Reading()
    for part in ("service", "paradigm", "action"):
        if not _table(properties, part):
            findings.problem(f"the document has no part {part}")
    paradigm = _table(properties, "paradigm")
    standardized = _table(properties, "standardized")
    by_qubit = _table(standardized, "oneQubitProperties")
    qubits, edges = _topology(paradigm, by_qubit, findings)
    accepted = _names(_table(_table(properties, "action"), _OPENQASM).get("supportedOperations"))
    native = _names(paradigm.get("nativeGateSet"))
    if by_qubit:
        by_edge = _table(standardized, "twoQubitProperties")
        _require_edges(edges or (), by_qubit, by_edge, findings)
        figures = _by_qubit(by_qubit, by_edge, native, findings)
    else:
        figures = _means(properties, qubits, edges, findings)
    return Reading(
        qubits=qubits,
        edges=edges,
        gates=accepted,
        native_gates=native,
        calibrated_at=_updated_at(_table(properties, "service").get("updatedAt"), findings),
        mid_circuit=_FEED_FORWARD in (*accepted, *native),
        **figures,
        **_durations(properties, findings),
    )


def _topology(
    paradigm: Document, by_qubit: Document, findings: Findings
) -> tuple[tuple[int, ...], tuple[Edge, ...] | None]:
    """Qubits and edges: ``paradigm.qubitCount`` and ``paradigm.connectivity``.

    A qubit is there that has a list of neighbours or figures of its own.
    """
    count = paradigm.get("qubitCount")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        findings.problem("paradigm.qubitCount is not a number of qubits")
        return (), None
    connectivity = _table(paradigm, "connectivity") or {"fullyConnected": True}
    graph = _table(connectivity, "connectivityGraph")
    where = "paradigm.connectivity.connectivityGraph"
    labels = set(_labels(graph, where, findings))
    labels |= set(_labels(by_qubit, "standardized.oneQubitProperties", findings))
    if len(labels) > count:
        findings.problem(f"paradigm.qubitCount is {count}, and {len(labels)} qubits are named")
    if connectivity.get("fullyConnected"):
        return tuple(sorted(labels) or range(count)), None
    edges = {
        edge(a, b)
        for label, others in graph.items()
        for a in _labels((label,), where, Findings())
        for b in _labels(others, where, findings)
    }
    return tuple(sorted(labels)), tuple(sorted(edges))


def _require_edges(
    edges: tuple[Edge, ...], ones: Document, twos: Document, findings: Findings
) -> None:
    """What is connected between qubits with properties has properties too.

    A maker who takes an edge out of use takes it out of the topology, or says that its fidelity
    is 0. A topology and properties that disagree are of different times, or one is cut off.
    """
    where = "standardized"
    qubits = set(_labels(ones, where, Findings()))
    told = {frozenset(_labels(label.split("-"), where, Findings())) for label in twos}
    missing = [f"{a}-{b}" for a, b in edges if a != b and {a, b} <= qubits and {a, b} not in told]
    if twos:
        findings.problem_each(
            f"{where}.twoQubitProperties lacks edges that the topology has", missing
        )


def _by_qubit(
    ones: Document, twos: Document, native: tuple[str, ...], findings: Findings
) -> dict[str, Any]:
    """``standardized.oneQubitProperties`` and ``standardized.twoQubitProperties``."""
    gate: dict[int, float] = {}
    up: dict[int, float] = {}
    down: dict[int, float] = {}
    times: dict[str, dict[int, float]] = {"T1": {}, "T2": {}}
    for label, one in ones.items():
        where = f"standardized.oneQubitProperties.{label}"
        for qubit in _labels((label,), where, Findings()):
            for name, of_name in times.items():
                _keep(of_name, qubit, _time(_table(one, name), f"{where}.{name}", findings))
            fidelities = _fidelities(one, "oneQubitFidelity")
            _keep(gate, qubit, _gate_error(fidelities, where, findings))
            for table, error in zip(
                (up, down), _readout_errors(fidelities, where, findings), strict=True
            ):
                _keep(table, qubit, error)
    return {
        "one_qubit_error": gate,
        "readout_0_to_1": up,
        "readout_1_to_0": down,
        "two_qubit_error": _two_qubit_errors(twos, native, findings),
        "t1_us": times["T1"],
        "t2_us": times["T2"],
    }


def _gate_error(fidelities: Mapping[str, object], where: str, findings: Findings) -> float | None:
    """Of gates on one qubit; measured at all qubits at once where there is a choice.

    Programs act on many qubits at once, too, and their crosstalk is then in the figure.
    """
    errors = {
        kind: findings.error_of(value, f"{where} {kind}")
        for kind, value in fidelities.items()
        if "READOUT" not in kind
    }
    together = [kind for kind in errors if "SIMULTANEOUS" in kind]
    return errors[(together or list(errors))[0]] if errors else None


def _readout_errors(
    fidelities: Mapping[str, object], where: str, findings: Findings
) -> tuple[float | None, float | None]:
    """P(1|0) and P(0|1).

    Both of them are probabilities of error, though the schema has no better name for them than
    fidelity; ``READOUT`` is one less their mean.
    """
    up, down = (
        findings.probability(fidelities.get(kind), f"{where} {kind}")
        for kind in ("READOUT_ERROR_0_TO_1", "READOUT_ERROR_1_TO_0")
    )
    both = findings.error_of(fidelities.get("READOUT"), f"{where} READOUT")
    return (both, both) if up is None or down is None else (up, down)


def _two_qubit_errors(
    twos: Document, native: tuple[str, ...], findings: Findings
) -> dict[Edge, float]:
    """By edge, of the native gate: the best one's, where there are several.

    Where no figure is of a native gate, such as of a random Clifford alone, the best of them has
    to stand for it.
    """
    errors: dict[Edge, float] = {}
    foreign: list[str] = []
    for label, two in twos.items():
        where = f"standardized.twoQubitProperties.{label}"
        pair = _labels(label.split("-"), where, findings)
        if len(pair) != 2:
            findings.problem(f"{where} is no pair of qubits")
            continue
        by_gate: dict[bool, list[float]] = {True: [], False: []}
        for figure in _tables(two, "twoQubitGateFidelity"):
            name = str(figure.get("gateName", "")).lower()
            error = findings.error_of(figure.get("fidelity"), f"{where} {name}")
            if error is not None:
                by_gate[name in native].append(error)
        if by_gate[False] and not by_gate[True]:
            foreign.append(label)
        if found := by_gate[True] or by_gate[False]:
            errors[edge(*pair)] = min(found)
    findings.note_each("edges whose figure is not of a native gate", foreign)
    return errors


def _means(
    properties: Document,
    qubits: tuple[int, ...],
    edges: tuple[Edge, ...] | None,
    findings: Findings,
) -> dict[str, Any]:
    """``provider.fidelity`` and ``provider.timing``, else ``standardized``; none of simulators."""
    provider, standardized = _table(properties, "provider"), _table(properties, "standardized")
    own, timing = _table(provider, "fidelity"), _table(provider, "timing")

    def mean(name: str, standard: str) -> float | None:
        if value := _table(own, name).get("mean"):
            return findings.error_of(value, f"provider.fidelity.{name}.mean")
        figures = _tables(standardized, standard)
        value = figures[0].get("fidelity") if figures else None
        return findings.error_of(value, f"standardized.{standard}")

    def time(name: str) -> float | None:
        if timing.get(name) is not None:
            return findings.microseconds(timing[name], 1e6, f"provider.timing.{name}")
        return _time(_table(standardized, name), f"standardized.{name}", findings)

    pairs = edges
    if pairs is None:
        pairs = tuple((a, b) for a in qubits for b in qubits if a < b)
    readout = mean("spam", "readoutFidelity")
    return {
        "one_qubit_error": _for_all(qubits, mean("1Q", "singleQubitFidelity")),
        "readout_0_to_1": _for_all(qubits, readout),
        "readout_1_to_0": _for_all(qubits, readout),
        "two_qubit_error": _for_all(pairs, mean("2Q", "twoQubitGateFidelity")),
        "t1_us": _for_all(qubits, time("T1")),
        "t2_us": _for_all(qubits, time("T2")),
    }


def _durations(properties: Document, findings: Findings) -> dict[str, Any]:
    """``standardized`` where it has them, else ``provider.timing``."""
    standardized = _table(properties, "standardized")
    timing = _table(_table(properties, "provider"), "timing")
    found: dict[str, Any] = {}
    for name, standard, own in (
        ("one_qubit_us", "singleQubitGateDuration", "1Q"),
        ("two_qubit_us", "twoQubitGateDuration", "2Q"),
        ("readout_us", "readoutDuration", "readout"),
    ):
        found[name] = _time(_table(standardized, standard), f"standardized.{standard}", findings)
        if found[name] is None:
            where = f"provider.timing.{own}"
            found[name] = findings.microseconds(timing.get(own), 1e6, where)
    return found


def _updated_at(text: object, findings: Findings) -> datetime | None:
    """``service.updatedAt``; UTC where it names no zone."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        findings.problem("service.updatedAt is no time")
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _fidelities(one: Document, name: str) -> dict[str, object]:
    """Figures by the kind of measurement; the first of a kind stands."""
    found: dict[str, object] = {}
    for figure in _tables(one, name):
        kind = str(_table(figure, "fidelityType").get("name", "")).upper()
        found.setdefault(kind, figure.get("fidelity"))
    return found


def _time(figure: Document, where: str, findings: Findings) -> float | None:
    unit = str(figure.get("unit", "s")).lower()
    if unit not in _MICROSECONDS:
        findings.problem(f"{where} has the unknown unit {unit[:20]}")
        return None
    return findings.microseconds(figure.get("value"), _MICROSECONDS[unit], where)


def _labels(texts: object, where: str, findings: Findings) -> list[int]:
    """Qubit labels, which are texts of digits."""
    labels = []
    for text in texts if isinstance(texts, Iterable) else ():
        if not (str(text).isascii() and str(text).isdigit()):
            findings.problem(f"{where} names the qubit {str(text)[:20]!r}")
            continue
        labels.append(int(text))
    return labels


def _names(texts: object) -> tuple[str, ...]:
    return tuple(str(text).lower() for text in texts) if isinstance(texts, list | tuple) else ()


def _table(document: object, name: str) -> Document:
    """A part that is an object; empty where it is not there, or something else."""
    found = document.get(name) if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _tables(document: object, name: str) -> list[Document]:
    found = document.get(name) if isinstance(document, Mapping) else None
    return list(_each_table(found)) if isinstance(found, list) else []


def _each_table(found: Iterable[object]) -> Iterator[Document]:
    return (item for item in found if isinstance(item, Mapping))


def _for_all(keys: Iterable[Any], value: float | None) -> dict[Any, float]:
    return {} if value is None else dict.fromkeys(keys, value)


def _keep(table: dict[int, float], qubit: int, value: float | None) -> None:
    if value is not None:
        table[qubit] = value
