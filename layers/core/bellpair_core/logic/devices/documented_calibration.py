"""Reads a ``bellpair.calibration/1`` document, by which a device's own service tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from pydantic import ValidationError

from bellpair_core.model.device_api import CALIBRATION_FORMAT as FORMAT
from bellpair_core.model.device_api import CalibrationDocument

from .calibration_reading import Edge, Reading, edge
from .findings import Findings

__all__ = ["FORMAT", "read_documented"]

_BY_QUBIT = ("one_qubit_error", "readout_0_to_1", "readout_1_to_0", "t1_us", "t2_us")


def read_documented(content: Mapping[str, Any], findings: Findings) -> Reading:
    """What the document says.

    Parameters
    ----------
    findings
        What does not fit the document's form is added to it, each with its place.
    """
    try:
        document = CalibrationDocument.model_validate(content)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            where = ".".join(map(str, found["loc"])) or "the document"
            findings.problem(f"{where}: {found['msg']}")
        return Reading()
    labels = tuple(sorted(qubit.label for qubit in document.qubits))
    by_label = {qubit.label: qubit for qubit in document.qubits}
    edges, two_qubit_error = _couplings(document, labels)
    figures: dict[str, dict[int, float]] = {
        name: {
            label: float(value)
            for label in labels
            if (value := getattr(by_label[label], name)) is not None
        }
        for name in _BY_QUBIT
    }
    return Reading(
        qubits=labels,
        edges=edges,
        gates=document.gates,
        native_gates=document.native_gates,
        one_qubit_error=figures["one_qubit_error"],
        readout_0_to_1=figures["readout_0_to_1"],
        readout_1_to_0=figures["readout_1_to_0"],
        two_qubit_error=two_qubit_error,
        t1_us=figures["t1_us"],
        t2_us=figures["t2_us"],
        one_qubit_us=document.one_qubit_us,
        two_qubit_us=document.two_qubit_us,
        readout_us=document.readout_us,
        calibrated_at=document.measured_at,
        mid_circuit=document.mid_circuit,
    )


def _couplings(
    document: CalibrationDocument, labels: tuple[int, ...]
) -> tuple[tuple[Edge, ...] | None, dict[Edge, float]]:
    """The edges, and the error of each that has one: its own, else the document's."""
    if document.couplings is None:
        errors = dict.fromkeys(combinations(labels, 2), document.two_qubit_error)
    else:
        errors = {
            edge(*coupling.qubits): (
                document.two_qubit_error if coupling.error is None else coupling.error
            )
            for coupling in document.couplings
        }
    known = {pair: error for pair, error in errors.items() if error is not None}
    return (None if document.couplings is None else tuple(sorted(errors))), known
