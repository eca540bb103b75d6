# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["mitiq==1.1.0", "cirq-core<1.7", "cirq-ionq<1.7", "ply"]
# ///
"""Write down what mitiq makes of some numbers: ``uv run --script`` this file.

mitiq wants an older numpy than everything else here, so it has an environment of its own; its
answers are in ``mitiq_reference.json``, which `test_mitiq.py` compares ours with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cirq
import mitiq
import numpy as np
from mitiq import QPROGRAM, pec, rem, zne

CURVES = (
    ((1.0, 2.0, 3.0), (0.71, 0.52, 0.39)),
    ((1.0, 3.0, 5.0), (0.8, 0.44, 0.21)),
    ((1.0, 1.5, 2.0, 3.0), (-0.9, -0.83, -0.7, -0.58)),
    ((1.0, 3.0), (0.3, 0.1)),
)
CHANCES = ((0.02, 0.05), (0.1, 0.03), (0.0, 0.08))
STRENGTHS = (0.001, 0.01, 0.05)


def extrapolations() -> list[dict[str, Any]]:
    """Values at 0 by model."""
    found = []
    for scales, values in CURVES:
        models = {
            "linear": zne.inference.LinearFactory.extrapolate(scales, values),
            "richardson": zne.inference.RichardsonFactory.extrapolate(scales, values),
        }
        if len(scales) > 2:
            models["polynomial"] = zne.inference.PolyFactory.extrapolate(scales, values, order=2)
        exponential = zne.inference.ExpFactory.extrapolate(scales, values, asymptote=0.0)
        models["exponential"] = exponential
        found.append(
            {
                "scales": scales,
                "values": values,
                "models": {name: float(value) for name, value in models.items()},
            }
        )
    return found


def inversion() -> dict[str, Any]:
    """A distribution of three bits, and what its mitigated samples are like."""
    matrices = [np.array([[1 - up, down], [up, 1 - down]]) for up, down in CHANCES]
    inverse = rem.generate_tensored_inverse_confusion_matrix(3, matrices)
    read = np.array([0.3, 0.1, 0.05, 0.15, 0.02, 0.08, 0.2, 0.1])
    return {
        "chances": CHANCES,
        "read": read.tolist(),
        "quasi": (inverse @ read).tolist(),
        "physical": list(
            rem.inverse_confusion_matrix.closest_positive_distribution(inverse @ read)
        ),
    }


def representations() -> list[dict[str, Any]]:
    """Weights that undo depolarizing noise, whose strength is the chance that a Pauli strikes."""
    found = []
    qubits = cirq.LineQubit.range(2)
    for strength in STRENGTHS:
        for number, gate in ((1, cirq.X(qubits[0])), (2, cirq.CZ(*qubits))):
            ideal: QPROGRAM = cirq.Circuit(gate)
            representation = pec.represent_operation_with_global_depolarizing_noise(ideal, strength)
            found.append(
                {
                    "strength": strength,
                    "qubits": number,
                    "weights": sorted(representation.coeffs),
                    "gamma": representation.norm,
                }
            )
    return found


if __name__ == "__main__":
    recorded = {
        "mitiq": mitiq.__version__,
        "extrapolations": extrapolations(),
        "inversion": inversion(),
        "representations": representations(),
    }
    target = Path(__file__).with_name("mitiq_reference.json")
    target.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
