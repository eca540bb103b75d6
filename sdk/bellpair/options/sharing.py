"""Sharing shots out, and putting together what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bellpair.options.request import Outcome, Terms


def shared(shots: int, weights: Sequence[float]) -> list[int]:
    """Shots by weight, 1 at least for each; their sum is ``shots`` if that is enough for it."""
    exact = np.asarray(weights, dtype=float) / sum(weights) * shots
    parts = np.maximum(1, np.floor(exact).astype(int))
    short = np.argsort(parts - exact, kind="stable")
    for place in range(shots - int(parts.sum())):
        parts[short[place % len(parts)]] += 1
    while parts.sum() > shots and parts.max() > 1:
        parts[np.argmax(parts)] -= 1
    return [int(part) for part in parts]


def equally(shots: int, most: int) -> list[int]:
    """Shots shared out equally, over fewer parts where there are not enough."""
    return shared(shots, [1.0] * min(most, shots))


def summed(all_counts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Counts of several runs of one circuit, most frequent first."""
    counts: dict[str, float] = {}
    for one in all_counts:
        for text, number in one.items():
            counts[text] = counts.get(text, 0) + number
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def averaged(outcomes: Sequence[Outcome]) -> Terms | None:
    """The terms of several runs of one circuit, weighed by their shots."""
    terms = [outcome.terms for outcome in outcomes]
    weights = np.array([outcome.shots for outcome in outcomes], dtype=float)
    weights /= weights.sum()
    found = [one for one in terms if one is not None]
    if len(found) < len(terms):
        return None
    values = sum(weight * one.values for weight, one in zip(weights, found, strict=True))
    covariance = sum(weight**2 * one.covariance for weight, one in zip(weights, found, strict=True))
    return Terms(found[0].strings, np.asarray(values), np.asarray(covariance))


def mean_readout(
    outcomes: Sequence[Outcome],
) -> tuple[tuple[float, float] | None, ...] | None:
    """The chances to misread that the sum of these counts is subject to, where all are known."""
    readouts = [outcome.readout for outcome in outcomes if outcome.readout is not None]
    if len(readouts) < len(outcomes):
        return None
    shots = sum(outcome.shots for outcome in outcomes)
    means: list[tuple[float, float] | None] = []
    for pairs in zip(*readouts, strict=True):
        known = [
            (outcome.shots / shots, pair)
            for outcome, pair in zip(outcomes, pairs, strict=True)
            if pair is not None
        ]
        means.append(
            (sum(w * pair[0] for w, pair in known), sum(w * pair[1] for w, pair in known))
            if len(known) == len(pairs)
            else None
        )
    return tuple(means)
