"""The picture of ``make bench-quality``: every circuit's fidelity, ours and the others'."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Write a PNG: fidelities by circuit, and the ratios to both levels as they are distributed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    cases = figures["cases"]
    devices = sorted({case["device"] for case in cases})
    names = list(dict.fromkeys(case["circuit"] for case in cases))
    figure, axes = plt.subplots(
        len(devices), 2, figsize=(15, 5 * len(devices)), width_ratios=(3, 1), squeeze=False
    )
    shown = (
        ("fidelity", "Bellpair", "C0"),
        ("level_3", "Qiskit 3", "C1"),
        ("level_1", "Qiskit 1", "C2"),
    )
    for row, device in zip(axes, devices, strict=True):
        own = [case for case in cases if case["device"] == device]
        for key, label, colour in shown:
            row[0].scatter(
                [names.index(case["circuit"]) for case in own],
                [case[key] for case in own],
                s=14,
                label=label,
                color=colour,
                alpha=0.7,
            )
        row[0].set_xticks(range(len(names)), names, rotation=75, ha="right", fontsize=7)
        row[0].set_ylabel("Hellinger fidelity to the ideal answer")
        row[0].set_title(f"{device}, {len({case['drift_seed'] for case in own})} drift seeds")
        row[0].legend()
        for key, label, colour in shown[1:]:
            ratios = [case["fidelity"] / case[key] for case in own]
            bins = np.geomspace(min(0.9, *ratios), max(1.1, *ratios), 40)
            row[1].hist(ratios, bins=bins, histtype="step", color=colour, label=f"to {label}")
        row[1].axvline(1.0, color="grey", linewidth=0.8)
        row[1].set_xscale("log")
        row[1].set_xlabel("ratio of fidelities")
        row[1].legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
