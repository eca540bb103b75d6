"""Counts from a device's measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bellpair_core.model.errors import ErrorCode, JobFailed

BIT_ORDER = "little-endian"
"""The rightmost character is bit 0 of the first classical register; later ones stand to the left.
"""


def counts_of(document: Mapping[str, Any], bits: Sequence[int | None]) -> dict[str, int]:
    """How often each bit string was read.

    Parameters
    ----------
    document
        A ``braket.task_result.gate_model_task_result`` document. Either ``measurements``, one
        list of 0 and 1 for each shot with a column for each of ``measuredQubits``, or
        ``measurementProbabilities`` with the shots taken. Or the like of another service, with
        ``measurementCounts``: shots by text of 0 and 1, a character for each of
        ``measuredQubits``.
    bits
        The device qubit measured into each classical bit, bit 0 first.

    Returns
    -------
    dict
        Counts by bit string, most frequent first; the rightmost character is bit 0.
    """
    qubits = document.get("measuredQubits") or []
    column = {int(qubit): index for index, qubit in enumerate(qubits)}
    missing = [qubit for qubit in bits if qubit is not None and qubit not in column]
    if missing:
        raise JobFailed(
            ErrorCode.RESULT_MISSING, f"The result has no measurement of qubits {missing}."
        )
    columns = [None if qubit is None else column[qubit] for qubit in reversed(bits)]

    def text(row: Sequence[int | str]) -> str:
        return "".join("0" if index is None else str(row[index]) for index in columns)

    counter: Counter[str] = Counter()
    if document.get("measurements"):
        # Counting whole rows first leaves few rows to be turned into text.
        for row, number in Counter(map(tuple, document["measurements"])).items():
            counter[text(row)] += number
    elif document.get("measurementCounts"):
        for key, number in document["measurementCounts"].items():
            if number:
                counter[text(key)] += int(number)
    else:
        shots = int(document["taskMetadata"]["shots"])
        for key, share in (document.get("measurementProbabilities") or {}).items():
            counter[text(key)] += round(float(share) * shots)
    return dict(counter.most_common())
