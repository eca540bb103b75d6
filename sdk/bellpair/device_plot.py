"""A picture of a device, coloured by its errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bellpair.device_models import Calibration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTABLE = 3.5
"""A z-score of drift from which on a part is marked."""

_COLOURS = "viridis_r"
_LABELLED_MAX = 80


def plot_calibration(calibration: Calibration, file: Path) -> None:
    """Draw a device's qubits, coloured by readout error, and its edges, by the gate's.

    Parts that drifted are ringed, and those that are gone are dotted.

    Parameters
    ----------
    file
        PNG, SVG or PDF, as its ending says.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from bellpair.device_layout import positions

    dead = [_pair(edge) for edge in calibration.drift.dead_edges]
    there = {qubit.qubit for qubit in calibration.qubits}
    lost = [pair for pair in dead if there.issuperset({*pair} - {*calibration.drift.dead_qubits})]
    gone = sorted({end for pair in lost for end in pair} - there)
    edges = [edge.qubits for edge in calibration.edges]
    places = positions(sorted({*there, *gone}), [] if calibration.all_to_all else [*edges, *lost])

    width, height = _size(list(places.values()))
    figure = Figure(figsize=(width + 2.6, height + 1.1), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    axes.axis("off")
    axes.margins(0.12)
    lines = _draw_edges(axes, calibration, places)
    _draw_lost(axes, lost, places)
    _draw_gone(axes, gone, places)
    dots = _draw_qubits(axes, calibration, places)
    _add_bar(figure, axes, dots, "readout error of a qubit")
    _add_bar(figure, axes, lines, "error of a two-qubit gate")
    axes.set_title(_title(calibration), fontsize=10)
    if legend := _legend(calibration, [*lost, *gone]):
        figure.supxlabel(legend, fontsize=8)
    figure.savefig(file)


def _draw_edges(
    axes: Axes, calibration: Calibration, places: dict[int, tuple[float, float]]
) -> Any:
    from matplotlib.collections import LineCollection

    edges = [edge for edge in calibration.edges if set(edge.qubits) <= set(places)]
    if not edges:
        return None
    ways = [[places[a], places[b]] for a, b in (edge.qubits for edge in edges)]
    # Of pairs that are all connected there are so many that thick lines would hide them.
    thick = 0.5 if calibration.all_to_all else 5.0
    drifted = [way for way, edge in zip(ways, edges, strict=True) if (edge.drift or 0.0) > NOTABLE]
    axes.add_collection(LineCollection(drifted, colors="crimson", linewidths=thick + 4, zorder=1))
    lines = LineCollection(ways, linewidths=thick, cmap=_COLOURS, zorder=2)
    lines.set_array([edge.two_qubit_error for edge in edges])
    lines.set_norm(_scale([edge.two_qubit_error for edge in edges]))
    axes.add_collection(lines)
    axes.autoscale_view()
    return lines


def _draw_lost(
    axes: Axes, lost: Sequence[tuple[int, int]], places: dict[int, tuple[float, float]]
) -> None:
    for a, b in lost:
        (x, y), (u, v) = places[a], places[b]
        axes.plot((x, u), (y, v), color="0.6", linestyle=":", linewidth=2, zorder=1)


def _draw_gone(axes: Axes, gone: Sequence[int], places: dict[int, tuple[float, float]]) -> None:
    for qubit in gone:
        x, y = places[qubit]
        axes.scatter(
            [x], [y], s=420, zorder=3, c="white", edgecolors="0.6", linewidths=2, linestyle=":"
        )
        axes.annotate(
            str(qubit), (x, y), ha="center", va="center", fontsize=8, color="0.5", zorder=4
        )


def _draw_qubits(
    axes: Axes, calibration: Calibration, places: dict[int, tuple[float, float]]
) -> Any:
    known = [qubit for qubit in calibration.qubits if qubit.readout_error is not None]
    dots = None
    for qubits, look in (
        (known, {"c": [qubit.readout_error for qubit in known], "cmap": _COLOURS}),
        ([qubit for qubit in calibration.qubits if qubit.readout_error is None], {"c": "0.8"}),
    ):
        if not qubits:
            continue
        if qubits is known:
            look["norm"] = _scale([qubit.readout_error or 0.0 for qubit in known])
        drawn = axes.scatter(
            [places[qubit.qubit][0] for qubit in qubits],
            [places[qubit.qubit][1] for qubit in qubits],
            s=420,
            zorder=3,
            edgecolors=[
                "crimson" if (qubit.drift or 0.0) > NOTABLE else "white" for qubit in qubits
            ],
            linewidths=2.0,
            **look,
        )
        dots = drawn if qubits is known else dots
    if len(places) <= _LABELLED_MAX:
        for x, y, qubit in ((*places[one.qubit], one.qubit) for one in calibration.qubits):
            text = axes.annotate(
                str(qubit), (x, y), ha="center", va="center", fontsize=8, color="white", zorder=4
            )
            text.set_path_effects(_outline())
    return dots


def _outline() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=1.5, foreground="black")]


def _scale(values: Sequence[float]) -> Any:
    """A logarithmic scale over the values, with some room where they are all alike."""
    from matplotlib.colors import LogNorm

    above = [value for value in values if value > 0] or [1e-6]
    low, high = min(above), max(above)
    if high < 1.2 * low:
        low, high = low / 1.2, high * 1.2
    return LogNorm(low, high, clip=True)


def _add_bar(figure: Figure, axes: Axes, drawn: Any, label: str) -> None:
    if drawn is None:
        return
    from matplotlib.ticker import FuncFormatter

    bar = figure.colorbar(drawn, ax=axes, fraction=0.04, pad=0.02, shrink=0.85)
    low, high = drawn.norm.vmin, drawn.norm.vmax
    ticks = [low, (low * high) ** 0.5, high]
    if drawn.get_array().min() == drawn.get_array().max():
        # The scale's ends are none of the device's figures.
        ticks = [float(drawn.get_array().min())]
    bar.set_ticks(ticks, minor=False)
    bar.ax.minorticks_off()
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.2g} %"))
    bar.ax.tick_params(labelsize=7)
    bar.set_label(label, fontsize=8)


def _size(places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Width and height in inches."""
    spans = [max(axis) - min(axis) for axis in zip(*places, strict=True)] if places else [1.0, 1.0]
    width, height = (min(12.0, max(2.2, 0.8 * span + 1.0)) for span in spans)
    return width, height


def _title(calibration: Calibration) -> str:
    measured = calibration.calibrated_at
    when = f"{measured:%Y-%m-%d %H:%M} UTC" if measured is not None else "at an unknown time"
    stale = ", too old to be relied on" if calibration.stale else ""
    return f"{calibration.device}, measured {when}{stale}"


def _legend(calibration: Calibration, lost: Sequence[object]) -> str:
    scores = [qubit.drift for qubit in calibration.qubits]
    scores += [edge.drift for edge in calibration.edges]
    drifted = any((score or 0.0) > NOTABLE for score in scores)
    said = ["red: worse than it used to be"] if drifted else []
    return ", ".join([*said, "dotted: gone"] if lost else said)


def _pair(edge: str) -> tuple[int, int]:
    a, b = (int(qubit) for qubit in edge.split("-"))
    return a, b
