"""A picture of a result."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bellpair.errors import ConfigurationError
from bellpair.result import Result

FORMATS = (".png", ".svg", ".pdf")
OUTCOMES_MAX = 32
COLOUR = "#4b6cb7"


def check_plot(file: Path) -> None:
    """Make sure that a picture can be written, before QPU time is spent on it.

    Raises
    ------
    ConfigurationError
        If the format is unknown, the directory is missing, or matplotlib is not installed.
    """
    if file.suffix.lower() not in FORMATS:
        raise ConfigurationError(
            f"{file.name} names no picture format.", remedy=f"End it in {', '.join(FORMATS)}."
        )
    if not file.parent.is_dir():
        raise ConfigurationError(f"There is no directory {file.parent}.", remedy="Make it first.")
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigurationError(
            "Pictures need matplotlib, which is not installed.",
            remedy="Install it with pip install 'bellpair[plot]'.",
        )


def plot_counts(result: Result, file: Path, title: str | None = None) -> None:
    """Draw a result's probabilities as bars, ordered by outcome.

    Parameters
    ----------
    file
        PNG, SVG or PDF, as its ending says.
    title
        Heading; the job's id when not given. More than 32 outcomes are cut to the most
        frequent ones, which the picture then says.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shares = result.probabilities
    shown = sorted(outcome for outcome, _ in result.most_common(OUTCOMES_MAX))
    upright = len(shown) * max((len(outcome) for outcome in shown), default=1) <= 64

    figure = Figure(figsize=(max(5.0, min(12.0, 0.42 * len(shown) + 2.0)), 4.2), dpi=150)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bars = axes.bar(shown, [shares[outcome] for outcome in shown], color=COLOUR, width=0.7)
    if len(shown) <= 16:
        axes.bar_label(bars, fmt="{:.1%}", padding=2, fontsize=8)
    axes.margins(y=0.12)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.tick_params(axis="x", labelrotation=0 if upright else 90, labelsize=8)
    for label in axes.get_xticklabels():
        label.set_fontfamily("monospace")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    cut = f", {len(shown)} most frequent of {len(shares):,}" if len(shown) < len(shares) else ""
    axes.set_xlabel(f"Outcome (bit 0 at the right{cut})")
    axes.set_ylabel("Share of shots")
    device = f" on {result.device}" if result.device else ""
    axes.set_title(f"{title or result.job_id}{device}, {result.shots:,} shots", fontsize=11)
    figure.tight_layout()
    figure.savefig(file)
