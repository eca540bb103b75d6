"""Counts as bars of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

    from bellpair.result import Result

TOP = 16
LABEL_MAX = 40
BAR_MAX = 48
EIGHTHS = " ▏▎▍▌▋▊▉"


def histogram(result: Result, width: int, *, top: int = TOP, unicode: bool = True) -> list[Text]:
    """One line per outcome, the most frequent first, and one for the sum of the rest.

    Parameters
    ----------
    width
        Columns that a line may take.
    top
        Outcomes that get a line of their own.
    unicode
        Whether blocks of an eighth can be shown; else bars are of ``#``.
    """
    from rich.text import Text

    shares = result.probabilities
    common = result.most_common(top)
    rest = len(result.counts) - len(common)
    rest_count = sum(result.counts.values()) - sum(count for _, count in common)
    rest_label = f"{rest:,} other{'s' if rest > 1 else ''}" if rest else ""
    ellipsis = "…" if unicode else "..."
    labels = [_shortened(outcome, ellipsis) for outcome, _ in common]
    label_width = max(map(len, [*labels, rest_label]), default=0)
    count_width = max((len(_shown(count)) for _, count in [*common, ("", rest_count)]), default=1)
    # Label, two blanks, bar, blank, "100.0 %", two blanks, count.
    bar_width = max(8, min(BAR_MAX, width - label_width - count_width - 12))
    largest = max((count for _, count in common), default=1) or 1

    lines = []
    for label, (outcome, count) in zip(labels, common, strict=True):
        line = Text(f"{label:<{label_width}}  ", style="bold", end="")
        line.append(
            _bar(count / largest, bar_width, unicode).ljust(bar_width), style="not bold cyan"
        )
        line.append(f" {shares[outcome]:6.1%}  {_shown(count):>{count_width}}", style="not bold")
        lines.append(line)
    if rest:
        share = rest_count / sum(result.counts.values())
        blank = " " * bar_width
        lines.append(
            Text(
                f"{rest_label:<{label_width}}  {blank} {share:6.1%}"
                f"  {_shown(rest_count):>{count_width}}",
                style="dim",
            )
        )
    return lines


def _shown(count: float) -> str:
    """A count; those that errors were taken out of are no whole numbers."""
    return f"{count:,}" if isinstance(count, int) else f"{count:,.1f}"


def _bar(share: float, width: int, unicode: bool) -> str:
    if not unicode:
        return "#" * max(1 if share else 0, round(share * width))
    # Whatever was seen at all gets at least a sliver.
    eighths = max(1 if share else 0, round(share * width * 8))
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")


def _shortened(outcome: str, ellipsis: str) -> str:
    if len(outcome) <= LABEL_MAX:
        return outcome
    half = (LABEL_MAX - len(ellipsis)) // 2
    return outcome[:half] + ellipsis + outcome[-half:]
