"""Learn from results with a known answer how well a device does what its calibration says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from statistics import fmean
from typing import Any

from bellpair_core.model.device import DeviceKind
from bellpair_core.model.errors import LedgerConflict, TransientFault
from bellpair_core.model.job import Job
from bellpair_core.model.limits import QUALITY_EVERY, QUALITY_SHOTS_MIN, QUALITY_SUCCESS_MIN
from bellpair_core.model.quality import Quality
from bellpair_core.ports import Announcements, Clock, Ledger

_LOG = logging.getLogger(__name__)

EXPECTED_TAG = "bellpair:expect"
"""The platform's own tag of a mirror circuit's job: the one string that it should give."""

_RATIO_MAX = 2.0


class QualityWatch:
    """Observes devices by the results of jobs.

    Costs a read of the ledger for a result with a known answer on a QPU, and a write unless
    another observation of the device was written within `QUALITY_EVERY`. Whoever meets another's
    write drops its own observation: there will be more.

    Parameters
    ----------
    announcements
        Where a fall is told; seldom needed, so made when it is.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, announcements: Callable[[], Announcements]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._announcements = announcements

    def __call__(self, job: Job, result: Mapping[str, Any], kind: DeviceKind | None) -> None:
        """Take the job's result into account; never fails the job that it is about.

        Parameters
        ----------
        result
            The document that is kept as the job's result.
        kind
            Its device's; only QPUs are observed.
        """
        ratio = success_ratio(job, result) if kind is DeviceKind.QPU else None
        if ratio is None or job.device_used is None:
            return
        self._observe(job.device_used, ratio, job.id, always=EXPECTED_TAG in job.tags)

    def of_call(
        self,
        run: str,
        device: str,
        kind: DeviceKind | None,
        measured: Sequence[tuple[Mapping[str, Any], Mapping[str, float]]],
    ) -> None:
        """Take the result of a function's call into account; never fails the call.

        Parameters
        ----------
        run
            Names the call.
        measured
            Of each circuit what the compiler tells of it, and its counts as they were read. The
            device is observed once, by the mean of those with a known answer.
        """
        if kind is not DeviceKind.QPU:
            return
        told = [
            ratio
            for metrics, counts in measured
            if (ratio := ratio_of(tuple(metrics.get("known_answers") or ()), metrics, counts))
            is not None
        ]
        if told:
            self._observe(device, fmean(told), run)

    def _observe(self, device: str, ratio: float, run: str, *, always: bool = False) -> None:
        try:
            self._written(device, ratio, run, always=always)
        except TransientFault:
            _LOG.warning("device %s was not observed", device, exc_info=True)

    def _written(self, device: str, ratio: float, run: str, *, always: bool) -> None:
        known, now = self._ledger.quality(device), self._clock()
        if known.last_job == run:
            return
        if not always and known.last_at and now - known.last_at < QUALITY_EVERY:
            return
        new = known.observed(ratio, now, run)
        if new.regressed_since is not None and known.regressed_since is None:
            # Told before it is written: what could not be told is told by the next observation.
            _LOG.error("device %s does worse than it used to: %s", device, regression_text(new))
            self._announcements().fidelity_regressed(regression_detail(new))
        with suppress(LedgerConflict):
            self._ledger.replace_quality(known, new)


def success_ratio(job: Job, result: Mapping[str, Any]) -> float | None:
    """What a job's result tells of its device, as `ratio_of`."""
    metrics = job.compiled.metrics if job.compiled is not None else {}
    told = job.tags.get(EXPECTED_TAG)
    answers = (told,) if told else tuple(metrics.get("known_answers") or ())
    return ratio_of(answers, metrics, result.get("counts") or {})


def ratio_of(
    answers: Sequence[str], metrics: Mapping[str, Any], counts: Mapping[str, float]
) -> float | None:
    """Observed probability of the known answer over the expected one; ``None`` if it tells nothing.

    Errors are taken to leave nothing of the answer behind, so that of the expected failures each
    string gets its share.

    Parameters
    ----------
    answers
        The strings, bit 0 rightmost, one of which an ideal device gives in every shot. Where they
        are half or more of all strings, they tell nothing.
    metrics
        What the compiler tells of the program.
    """
    if answers and 2 * len(answers) > 2 ** len(answers[0]):
        return None
    success = metrics.get("estimated_success")
    shots = sum(counts.values())
    if not answers or not isinstance(success, float | int) or shots < QUALITY_SHOTS_MIN:
        return None
    if success < QUALITY_SUCCESS_MIN:
        # Noise alone would give nearly as much.
        return None
    observed = sum(counts.get(answer, 0) for answer in answers) / shots
    expected = success + (1 - success) * len(answers) / 2.0 ** len(answers[0])
    return min(observed / expected, _RATIO_MAX)


def regression_text(quality: Quality) -> str:
    """A regression for people."""
    base = quality.baseline
    usual = f", usually {base.center:.2f}, limit {base.limit:.2f}" if base is not None else ""
    return f"observed success is {quality.moving:.2f} of the expected{usual}"


def regression_detail(quality: Quality) -> dict[str, Any]:
    """A regression as an event tells it."""
    base = quality.baseline
    return {
        "type": "fidelity_regression",
        "device": quality.device,
        "since": quality.regressed_since.isoformat() if quality.regressed_since else None,
        "quality": quality.moving,
        "baseline": base.center if base is not None else None,
        "limit": round(base.limit, 6) if base is not None else None,
        "job_id": quality.last_job,
        "text": regression_text(quality),
    }
