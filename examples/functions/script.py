"""What makes the examples scripts: run in this process, print the result, draw it.

Functions import it from beside them, and so take it along when they are deployed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BLUE, RED = "#4b6cb7", "#c0392b"


def run_as_script(function: Any, plot_result: Callable[[dict[str, Any], Path], None]) -> None:
    """Run a function on this machine's simulator, as the command line's options say."""
    from bellpair.functions import run_local

    parser = argparse.ArgumentParser(
        description=(sys.modules["__main__"].__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    parser.add_argument("--seed", type=int, default=7, help="of everything random (7)")
    options = parser.parse_args()
    result = run_local(function, seed=options.seed, on_progress=_show_progress)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if options.plot is not None:
        plot_result(result, options.plot)
        # The result alone is on standard output.
        print(f"Picture: {options.plot}", file=sys.stderr)
    print(json.dumps({name: value for name, value in result.items() if name != "history"}))


@contextmanager
def picture(path: Path, *, width: float = 7.0) -> Iterator[Any]:
    """Axes to draw on, and a file with the drawing afterwards."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(path)


def _show_progress(fraction: float, message: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{fraction:4.0%}  {message}", end="", file=sys.stderr, flush=True)
