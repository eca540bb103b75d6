"""The timeline as a picture."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bellpair.plot import check_plot
from bellpair_local.drills.timeline import Timeline

_ACCEPTED, _IN_FLIGHT, _MARK = "#4b6cb7", "#c26a1b", "#a02c2c"
_REGIONS = ("#dfe7f6", "#f7e8d8")


def can_draw() -> bool:
    """Whether matplotlib is there: the client library's extra ``plot`` brings it."""
    return importlib.util.find_spec("matplotlib") is not None


def check(file: Path) -> None:
    """Make sure that a picture can be written, before a drill is held for it.

    Raises
    ------
    ConfigurationError
        If the format is unknown, the directory is missing, or matplotlib is not installed.
    """
    check_plot(file)


def draw(course: Timeline, file: Path, title: str) -> None:
    """Draw accepted submissions, jobs in flight, the active region and what happened.

    Parameters
    ----------
    file
        PNG, SVG or PDF, as its ending says.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    seconds = [bucket.second + course.width_s / 2 for bucket in course.buckets]
    figure = Figure(figsize=(9.0, 4.8), dpi=130)
    FigureCanvasAgg(figure)
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    axes.bar(
        seconds,
        [bucket.accepted_per_s for bucket in course.buckets],
        width=course.width_s * 0.9,
        color=_ACCEPTED,
    )
    axes.set_ylabel("accepted / s")
    # The upper third is for the words.
    highest = max((bucket.accepted_per_s for bucket in course.buckets), default=0.0)
    axes.set_ylim(0, max(1.0, highest * 1.5))
    below.fill_between(
        seconds, [bucket.in_flight for bucket in course.buckets], color=_IN_FLIGHT, alpha=0.6
    )
    below.set_ylabel("jobs in flight")
    below.set_ylim(bottom=0)
    below.set_xlabel("seconds")
    names = sorted({bucket.active for bucket in course.buckets if bucket.active})
    shades = dict(zip(names, _REGIONS, strict=False))
    for panel in (axes, below):
        for bucket in course.buckets:
            if bucket.active in shades:
                end = bucket.second + course.width_s
                panel.axvspan(bucket.second, end, color=shades[bucket.active], lw=0, zorder=0)
        for mark in course.marks:
            panel.axvline(mark.at, color=_MARK, lw=0.8, ls="--")
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    for number, mark in enumerate(course.marks):
        axes.annotate(
            mark.text,
            (mark.at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, -8 - 9 * (number % 6)),
            textcoords="offset points",
            fontsize=6.5,
            color=_MARK,
        )
    legend = [Patch(color=shades[name], label=f"{name} active") for name in names]
    legend.append(Patch(color="white", ec="#999999", label="nobody accepts"))
    below.legend(handles=legend, fontsize=7, loc="upper right", framealpha=0.9)
    axes.set_title(title, fontsize=11)
    figure.tight_layout()
    figure.savefig(file)
