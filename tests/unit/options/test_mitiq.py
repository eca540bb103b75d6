"""Fits, inversions and quasi-probabilities agree with mitiq's, which `record_mitiq` wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bellpair.options.extrapolation import extrapolated
from bellpair.options.inversion import chances_of, inverted, nearest_physical
from bellpair.options.pec import gamma_of
from bellpair_quantum.transforms.pauli_insert import quasi_probability

pytestmark = pytest.mark.unit
MITIQ: dict[str, Any] = json.loads(
    Path(__file__).with_name("mitiq_reference.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("curve", MITIQ["extrapolations"], ids=lambda curve: str(curve["scales"]))
def test_extrapolations_agree(curve: dict[str, Any]) -> None:
    values = np.array(curve["values"])
    # mitiq weighs a logarithm by its value, which is right for variances that are like the values.
    variances = 1e-6 * np.abs(values)
    for model, expected in curve["models"].items():
        found = extrapolated(curve["scales"], values, variances, model)

        assert found.value == pytest.approx(expected, rel=1e-6), model
        assert found.model == model


def test_readout_inversions_agree() -> None:
    told = MITIQ["inversion"]
    texts = [format(number, "03b") for number in range(8)]
    # mitiq's first qubit is a bit string's first character, bit 2 here.
    quasi = inverted(dict(zip(texts, told["read"], strict=True)), chances_of(told["chances"][::-1]))

    assert [quasi[text] for text in texts] == pytest.approx(told["quasi"])
    # mitiq minimizes by steps, to four digits here.
    physical = nearest_physical(quasi)
    assert [physical.get(text, 0.0) for text in texts] == pytest.approx(told["physical"], abs=3e-4)
    ours = sum((physical.get(text, 0.0) - quasi[text]) ** 2 for text in texts)
    theirs = sum((p - quasi[text]) ** 2 for p, text in zip(told["physical"], texts, strict=True))
    assert ours <= theirs + 1e-12


@pytest.mark.parametrize(
    "case", MITIQ["representations"], ids=lambda case: f"{case['strength']}-{case['qubits']}"
)
def test_quasi_probabilities_agree(case: dict[str, Any]) -> None:
    dimension = 2 ** case["qubits"]
    # mitiq tells the chance that a Pauli strikes, a calibration the average gate error.
    error = case["strength"] * dimension / (dimension + 1)
    weights = quasi_probability(error, case["qubits"])

    assert [weights.each] * weights.others + [weights.identity] == pytest.approx(case["weights"])
    assert weights.gamma == pytest.approx(case["gamma"])
    if case["qubits"] == 2:
        assert gamma_of(error) == pytest.approx(case["gamma"])
