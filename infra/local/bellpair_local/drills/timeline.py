"""What happened when: submissions accepted, jobs in flight and who was active, second by second."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from bellpair_local.drills.evidence import Evidence
from bellpair_local.drills.records import HealthSample, Mark

BUCKETS_MAX = 72
_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:-=+*#@"
_NAME_COLUMNS = 13


@dataclass(frozen=True)
class Bucket:
    """A span of the drill.

    Attributes
    ----------
    second
        When it begins, from the drill's beginning.
    accepted_per_s, in_flight
        Jobs promised in it, a second; promised jobs not over at its end.
    active
        The region that said that it accepts, the last one to say so; ``None`` if none did.
    """

    second: float
    accepted_per_s: float
    in_flight: int
    active: str | None


@dataclass(frozen=True)
class Timeline:
    """A drill in equal spans.

    Attributes
    ----------
    width_s
        Seconds of each span.
    marks
        What happened, each at seconds from the beginning.
    """

    width_s: float
    buckets: tuple[Bucket, ...]
    marks: tuple[Mark, ...]


def timeline(seen: Evidence) -> Timeline:
    """The course of a drill."""
    length = max(1.0, seen.ended - seen.began)
    width = float(max(1, ceil(length / BUCKETS_MAX)))
    acks = sorted(made.acked_at for made in seen.submissions if made.acked_at is not None)
    over = sorted(
        at for job in seen.last.values() if job.over and (at := job.finished_at) is not None
    )
    buckets = []
    for number in range(ceil(length / width)):
        start = seen.began + number * width
        end = start + width
        accepted = _before(acks, end)
        buckets.append(
            Bucket(
                second=number * width,
                accepted_per_s=round((accepted - _before(acks, start)) / width, 2),
                in_flight=max(0, accepted - _before(over, end)),
                active=_active(seen.health, start, end),
            )
        )
    marks = tuple(
        Mark(round(mark.at - seen.began, 2), mark.text)
        for mark in sorted(seen.marks, key=lambda mark: mark.at)
    )
    return Timeline(width, tuple(buckets), marks)


def as_text(course: Timeline, *, unicode: bool = True) -> list[str]:
    """The timeline as lines for a terminal, at most 100 columns wide."""
    accepted = [bucket.accepted_per_s for bucket in course.buckets]
    in_flight = [float(bucket.in_flight) for bucket in course.buckets]
    names = sorted({bucket.active for bucket in course.buckets if bucket.active})
    letters = {name: "AB"[number % 2] for number, name in enumerate(names)}
    active = "".join(letters.get(bucket.active or "", " ") for bucket in course.buckets)
    lines = [
        _row("accepted/s", _bars(accepted, unicode), f"max {max(accepted, default=0):g}"),
        _row("in flight", _bars(in_flight, unicode), f"max {max(in_flight, default=0):g}"),
        _row("active", active, ", ".join(f"{letters[name]} {name}" for name in names)),
        _row("", _pointers(course), f"{course.width_s:g} s each"),
    ]
    lines += [
        f"{_label(number)} {mark.at:7.1f} s  {mark.text}"
        for number, mark in enumerate(course.marks)
    ]
    return lines


def _before(times: Sequence[float], end: float) -> int:
    return bisect_left(times, end)


def _active(samples: Sequence[HealthSample], start: float, end: float) -> str | None:
    said = [s for s in samples if s.accepting and start <= s.received < end]
    return max(said, key=lambda sample: sample.received).region if said else None


def _bars(values: Sequence[float], unicode: bool) -> str:
    blocks = _BLOCKS if unicode else _PLAIN
    top = max(values, default=0.0)
    if top <= 0:
        return " " * len(values)
    # A small value shows as the lowest block, so that only nothing looks like nothing.
    return "".join(blocks[ceil(value / top * (len(blocks) - 1))] for value in values)


def _pointers(course: Timeline) -> str:
    places = [" "] * len(course.buckets)
    for number, mark in enumerate(course.marks):
        place = min(max(0, int(mark.at // course.width_s)), len(places) - 1)
        places[place] = _label(number) if places[place] == " " else "+"
    return "".join(places)


def _label(number: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[number % 26]


def _row(name: str, content: str, note: str) -> str:
    return f"{name:<{_NAME_COLUMNS}}{content}  {note}".rstrip()
