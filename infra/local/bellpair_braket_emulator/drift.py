"""How a QPU's error rates wander, and its qubits and edges fail, in the course of time.

A figure is its nominal value times ``exp(x)``, where ``x`` is the sum of two independent
Ornstein-Uhlenbeck processes around 0 (Uhlenbeck and Ornstein, Phys. Rev. 36, 823 (1930); the
exact step between two times is that of Gillespie, Phys. Rev. E 54, 2084 (1996)):

* a *slow* one for what no recalibration mends, such as defects that come near a qubit's
  frequency and leave it (Klimov et al., Phys. Rev. Lett. 121, 090502 (2018); Burnett et al.,
  npj Quantum Information 5, 54 (2019)). Its mean factor is 1.
* a *tuned* one for control pulses that no longer fit, which a recalibration sets back to 0.
  Its median factor is 1, so that errors grow on average while a calibration ages.

Both are 0 when the device's time begins. Qubits and edges fail and recover after exponentially
distributed times.

Everything follows from the profile, the two seeds, the time and the time of the last
recalibration alone, wherever and in whatever order it is asked for: noise is drawn for each day
by a generator of that day, and what is long forgotten is left out of the sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .profile import Calibration, Edge, Profile, Wander, calibrate

STEP_H = 1.0
"""Error rates change once in so many hours."""

_STEPS_A_DAY = 24
# Weights below this are left out: a ten-thousandth of what the newest noise counts.
_FORGOTTEN = 1e-4
_MOST_ERROR = 0.45
_NOISE, _OUTAGES = 1, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outages:
    """What does not work at one time; an edge of a dead qubit is not named again."""

    qubits: frozenset[int] = frozenset()
    edges: frozenset[Edge] = frozenset()


def scheduled(profile: Profile, hours: float) -> float:
    """The device time of the last recalibration on schedule, 0 before the first one."""
    every = profile.drift.recalibrate_every_h
    return 0.0 if every is None else max(0.0, math.floor(hours / every) * every)


class DriftProcess:
    """The course of one device.

    Parameters
    ----------
    profile
        A QPU.
    seed
        In place of the profile's seed of the drift.
    calibration_seed
        Draws other nominal error rates than the profile's seed does.
    """

    def __init__(
        self, profile: Profile, seed: int | None = None, calibration_seed: int | None = None
    ) -> None:
        self.profile = profile
        self.nominal = calibrate(profile, calibration_seed)
        self._seeds = (profile.seed, profile.drift.seed if seed is None else seed)
        drift = profile.drift
        blocks = [
            ([*self.nominal.one_qubit.values()], drift.one_qubit),
            ([*self.nominal.two_qubit.values()], drift.two_qubit),
            ([*self.nominal.readout_0_to_1.values()], drift.readout),
            ([*self.nominal.readout_1_to_0.values()], drift.readout),
            ([*self.nominal.t1_us.values()], drift.t1),
            ([*self.nominal.t2_us.values()], drift.t2),
        ]
        self._still = all(wander == Wander() for _, wander in blocks)
        self._slow = np.concatenate([np.full(len(block), w.slow) for block, w in blocks])
        self._tuned = np.concatenate([np.full(len(block), w.tuned) for block, w in blocks])
        # The figures stand in the order of the labels or the edges.
        self._values = np.array([value for block in blocks for value in block[0]])
        self._noise = lru_cache(maxsize=128)(self._noise_of_day)

    def calibration(self, hours: float, tuned_at: float) -> Calibration:
        """The error rates of everything, whether it works or not.

        Parameters
        ----------
        hours
            Device time.
        tuned_at
            When it was recalibrated last.
        """
        if self._still:
            return self.nominal
        slow, variance = self._walk(0, _step(hours), self.profile.drift.slow_h, 0)
        tuned, _ = self._walk(_step(tuned_at), _step(hours), self.profile.drift.tuned_h, 1)
        exponent = self._slow * slow - self._slow**2 * variance / 2 + self._tuned * tuned
        return self._named(self._values * np.exp(exponent))

    def outages(self, hours: float) -> Outages:
        """What does not work at a device time, if nobody interferes."""
        drift = self.profile.drift
        return Outages(
            frozenset(
                qubit
                for number, qubit in enumerate(self.profile.labels)
                if self._is_dead(number, drift.qubit_life_h, hours)
            ),
            frozenset(
                edge
                for number, edge in enumerate(self.profile.edges, self.profile.qubits)
                if self._is_dead(number, drift.edge_life_h, hours)
            ),
        )

    def working(self, hours: float, tuned_at: float) -> Calibration:
        """The error rates of what works, if nobody interferes."""
        outages = self.outages(hours)
        return self.calibration(hours, tuned_at).without(outages.qubits, outages.edges)

    def _walk(self, start: int, end: int, memory_h: float, which: int) -> tuple[Floats, float]:
        """Where processes of unit stationary variance are that were 0 at ``start``.

        Returns
        -------
        values
            Of each figure.
        variance
            Of each of them, 0 to 1, over all seeds.
        """
        decay = math.exp(-STEP_H / memory_h)
        variance = 1 - decay ** (2 * (end - start))
        start = max(start, end - math.ceil(math.log(_FORGOTTEN) / math.log(decay)))
        value = np.zeros(len(self._values))
        if end <= start:
            return value, variance
        for day in range(start // _STEPS_A_DAY, (end - 1) // _STEPS_A_DAY + 1):
            first = max(start, day * _STEPS_A_DAY)
            last = min(end, (day + 1) * _STEPS_A_DAY)
            weights = decay ** np.arange(end - 1 - first, end - 1 - last, -1)
            offset = day * _STEPS_A_DAY
            value += weights @ self._noise(day)[which, first - offset : last - offset]
        return math.sqrt(1 - decay**2) * value, variance

    def _noise_of_day(self, day: int) -> Floats:
        """Standard normal numbers, shape (2, steps of the day, figures)."""
        rng = np.random.default_rng([*self._seeds, _NOISE, day])
        return rng.standard_normal((2, _STEPS_A_DAY, len(self._values)))

    def _is_dead(self, number: int, life_h: float | None, hours: float) -> bool:
        if life_h is None:
            return False
        rng = np.random.default_rng([*self._seeds, _OUTAGES, number])
        time, dead = 0.0, True
        while time <= hours:
            dead = not dead
            time += rng.exponential(self.profile.drift.outage_h if dead else life_h)
        return dead

    def _named(self, values: Floats) -> Calibration:
        labels, edges = self.profile.labels, self.profile.edges
        numbers = iter(values.tolist())

        def errors(keys: tuple[int, ...]) -> dict[int, float]:
            return {key: min(next(numbers), _MOST_ERROR) for key in keys}

        one_qubit = errors(labels)
        two_qubit = {edge: min(next(numbers), _MOST_ERROR) for edge in edges}
        up, down = errors(labels), errors(labels)
        t1 = {label: next(numbers) for label in labels}
        t2 = {label: min(next(numbers), 2 * t1[label]) for label in labels}
        return Calibration(one_qubit, two_qubit, up, down, t1, t2)


def _step(hours: float) -> int:
    return math.floor(hours / STEP_H)
