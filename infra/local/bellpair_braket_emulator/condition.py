"""The state that a QPU is in, and what is published of it.

Tasks are simulated with the truth; GetDevice shows the last snapshot that was published, which
is older, and does not know of what has failed since.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from .drift import DriftProcess, Outages, scheduled
from .profile import Calibration, Edge, Profile

Part = int | Edge
"""A qubit by its label, or an edge with the lower label first."""


@dataclass(frozen=True)
class Snapshot:
    """Figures as they were published.

    Attributes
    ----------
    measured_h
        Device time at which they were true.
    updated_at
        When that was by the clock on the wall.
    """

    calibration: Calibration
    measured_h: float
    updated_at: datetime


class UnknownPart(ValueError):
    """The device has no such qubit or edge."""


class Condition:
    """One QPU in the course of its time.

    Parameters
    ----------
    seed, rate
        In place of the profile's seed and rate of drift.
    now
        The clock on the wall.

    Attributes
    ----------
    publishing
        Whether new snapshots come out; recalibrations go on without.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        seed: int | None = None,
        rate: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.profile = profile
        self.publishing = True
        self._now = now
        self._seed = profile.drift.seed if seed is None else seed
        self._calibration_seed: int | None = None
        self._rate = profile.drift.rate if rate is None else rate
        self._hours, self._since = 0.0, now()
        self._forced = 0.0
        self._orders: list[tuple[float, Part, bool]] = []
        self._snapshot: Snapshot
        self._begin()

    # The course of time

    @property
    def hours(self) -> float:
        """Device time: hours since the device was set up."""
        return self._hours + self._rate * _hours(self._now() - self._since)

    @property
    def rate(self) -> float:
        """Hours that pass for the device in an hour."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._hours, self._since, self._rate = self.hours, self._now(), rate

    @property
    def seed(self) -> int:
        """Seed of the drift."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        self._begin()

    @property
    def tuned_at(self) -> float:
        """Device time of the last recalibration."""
        return max(self._forced, scheduled(self.profile, self.hours))

    def advance(self, hours: float) -> None:
        """Let time go on at once; a snapshot that stays is older by as much."""
        self._refresh()
        stays = self._snapshot
        self._hours += hours
        self._refresh()
        if self._snapshot is stays:
            self.age(self._age_h(stays) + hours)

    # What is true, and what is published

    def truth(self) -> Calibration:
        """The error rates of what works, now."""
        return self._working(self.hours, self.tuned_at)

    def outages(self) -> Outages:
        """What does not work now."""
        return self._outages(self.hours)

    def published(self) -> Snapshot:
        """What GetDevice shows now."""
        self._refresh()
        return self._snapshot

    # What an operator does

    def recalibrate(self) -> None:
        """Tune the device now and publish its figures."""
        self._forced = self.hours
        self._measure(self._forced)

    def renew(self, calibration_seed: int | None) -> None:
        """Have other nominal error rates, as another device of the same kind, and publish them."""
        self._calibration_seed = calibration_seed
        self._begin()

    def kill(self, parts: Collection[Part]) -> None:
        """Let qubits or edges stop working until they are revived.

        Raises
        ------
        UnknownPart
            Where there is none of this name.
        """
        self._order(parts, dead=True)

    def revive(self, parts: Collection[Part]) -> None:
        """Let qubits or edges work again, and never fail by themselves from here on.

        Raises
        ------
        UnknownPart
            Where there is none of this name.
        """
        self._order(parts, dead=False)

    def require(self, parts: Collection[Part]) -> None:
        """Make sure that the device has these qubits and edges, whether they work or not.

        Raises
        ------
        UnknownPart
            Where it has not.
        """
        known = {*self.profile.labels, *self.profile.edges}
        if unknown := [part for part in parts if part not in known]:
            raise UnknownPart(f"{self.profile.name} has no {written(unknown[0])}")

    def age(self, hours: float) -> None:
        """Have the published snapshot say that it was measured so many hours ago."""
        self._refresh()
        stamp = self._now() - timedelta(hours=hours)
        self._snapshot = replace(self._snapshot, updated_at=stamp)

    # Parts of the above

    def _begin(self) -> None:
        self._process = DriftProcess(self.profile, self._seed, self._calibration_seed)
        self.recalibrate()

    def _refresh(self) -> None:
        due = scheduled(self.profile, self.hours - self.profile.drift.publish_after_h)
        if self.publishing and due > self._snapshot.measured_h:
            self._measure(due)

    def _measure(self, hours: float) -> None:
        stamp = self._now() - timedelta(hours=self.hours - hours)
        self._snapshot = Snapshot(self._working(hours, hours), hours, stamp)

    def _working(self, hours: float, tuned_at: float) -> Calibration:
        dead = self._outages(hours)
        return self._process.calibration(hours, tuned_at).without(dead.qubits, dead.edges)

    def _outages(self, hours: float) -> Outages:
        found = self._process.outages(hours)
        dead: dict[Part, bool] = dict.fromkeys([*found.qubits, *found.edges], True)
        dead |= {part: gone for since, part, gone in self._orders if since <= hours}
        gone = [part for part, is_dead in dead.items() if is_dead]
        return Outages(
            frozenset(part for part in gone if isinstance(part, int)),
            frozenset(part for part in gone if not isinstance(part, int)),
        )

    def _order(self, parts: Collection[Part], *, dead: bool) -> None:
        self.require(parts)
        # A snapshot that is due by now was measured before.
        self._refresh()
        self._orders += [(self.hours, part, dead) for part in parts]

    def _age_h(self, snapshot: Snapshot) -> float:
        return _hours(self._now() - snapshot.updated_at)


def read_part(text: str) -> Part:
    """A qubit (``"5"``) or an edge (``"3-4"``).

    Raises
    ------
    UnknownPart
        If it is neither.
    """
    numbers = text.removeprefix("$").split("-")
    if not all(number.isdecimal() and len(number) < 6 for number in numbers) or len(numbers) > 2:
        raise UnknownPart(f"{text!r} names neither a qubit, such as 5, nor an edge, such as 3-4")
    first, *second = map(int, numbers)
    return (min(first, second[0]), max(first, second[0])) if second else first


def written(part: Part) -> str:
    """The part as text: ``qubit 5``, ``edge 3-4``."""
    return f"qubit {part}" if isinstance(part, int) else f"edge {part[0]}-{part[1]}"


def _hours(time: timedelta) -> float:
    return time.total_seconds() / 3600
