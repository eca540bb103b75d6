"""How values are put into words on a terminal."""

from __future__ import annotations

from datetime import UTC, datetime

STATUS_STYLES = {
    "succeeded": "green",
    "online": "green",
    "ok": "green",
    "failed": "red",
    "unreachable": "red",
    "cancelled": "yellow",
    "paused": "yellow",
    "offline": "yellow",
    "retired": "dim",
}


def printable(text: str) -> str:
    """Text without control characters, which could rewrite the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def duration(seconds: float) -> str:
    """Seconds as ``0.41 s``, ``12.3 s``, ``2 min 05 s`` or ``3 h 12 min``."""
    if seconds < 9.995:
        return f"{max(seconds, 0.0):.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago a moment was, in one unit, such as ``3 min ago``."""
    if moment is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return f"{max(int(seconds), 0)} s ago"


def status_style(status: object) -> str:
    """The colour of a status; cyan for what is under way."""
    return STATUS_STYLES.get(str(status), "cyan")
