"""Counts from outside: promises against the ledger, and the ledger against the devices' books."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bellpair_local.drills.records import HealthSample, JobSeen, Submission, TaskSeen

KNOWN_ENDED = frozenset({"FAILED", "CANCELLED"})
"""A task that ended so gave no result, and another one may follow it."""


@dataclass(frozen=True)
class Away:
    """What cannot be reached at the moment, as the drill knows it that took it away.

    Attributes
    ----------
    devices
        Names of devices.
    region
        The region whose device service is away.
    """

    devices: frozenset[str] = frozenset()
    region: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """All that a job may say it waits for."""
        return self.devices if self.region is None else self.devices | {self.region}


NOTHING = Away()


def waits(job: JobSeen, away: Away) -> bool:
    """Whether a job waits for what is away, or behind one that does.

    It is bound to a device that is away, or it says that it waits for one, or for the device
    service of the region. Whatever else it says, it is taken for one that should move.
    """
    if job.over:
        return False
    if (job.body.get("device_used") or job.body.get("device")) in away.devices:
        return True
    said = job.waiting_for or ""
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said) for name in away.names)


def lost_jobs(
    promised: Iterable[str], jobs: Mapping[str, JobSeen], away: Away = NOTHING
) -> list[str]:
    """The promised jobs that the ledger does not have, or that neither ended nor wait.

    Parameters
    ----------
    promised
        Ids that clients were given.
    jobs
        What the ledger says at the very end.
    away
        What cannot be reached.
    """
    return [
        job_id
        for job_id in promised
        if job_id not in jobs or not (jobs[job_id].over or waits(jobs[job_id], away))
    ]


def duplicate_tasks(tasks: Iterable[TaskSeen]) -> list[TaskSeen]:
    """The tasks that should not have been made.

    A job may have a further task only when the one before is known to have failed or been
    cancelled before that. A client token stands for one task, wherever it was sent.
    """
    made_in_order = sorted(tasks, key=lambda task: task.created_at)
    by_job: dict[str, list[TaskSeen]] = defaultdict(list)
    for task in made_in_order:
        if task.job_id is not None:
            by_job[task.job_id].append(task)
    doubled = {
        task.arn: task
        for made in by_job.values()
        for before, task in pairwise(made)
        if not _gave_way(before, task)
    }
    doubled |= {task.arn: task for task in doubled_tokens(made_in_order)}
    return list(doubled.values())


def doubled_tokens(tasks: Iterable[TaskSeen]) -> list[TaskSeen]:
    """The tasks whose client token had one already, wherever it was sent."""
    by_token: dict[str, list[TaskSeen]] = defaultdict(list)
    for task in sorted(tasks, key=lambda task: task.created_at):
        by_token[task.client_token].append(task)
    return [task for made in by_token.values() for task in made[1:]]


def _gave_way(before: TaskSeen, task: TaskSeen) -> bool:
    ended = before.ended_at
    return before.status in KNOWN_ENDED and ended is not None and ended <= task.created_at


def split_brain(samples: Iterable[HealthSample], submissions: Iterable[Submission]) -> list[int]:
    """The epochs in which more than one region accepted, by its word or by its deeds."""
    accepting: dict[int, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.accepting and sample.epoch is not None:
            accepting[sample.epoch].add(sample.region)
    for made in submissions:
        if made.acked_at is not None and made.epoch is not None and made.region is not None:
            accepting[made.epoch].add(made.region)
    return sorted(epoch for epoch, regions in accepting.items() if len(regions) > 1)


def stale_accepting(samples: Sequence[HealthSample]) -> list[HealthSample]:
    """Answers "I accept" to questions asked after another region was seen to accept later.

    Later means at a higher epoch. A region that was away may answer so only to what it was asked
    before it was overtaken.
    """
    overtaken: list[tuple[float, int]] = []
    highest = 0
    for sample in sorted(samples, key=lambda sample: sample.received):
        if sample.accepting and (sample.epoch or 0) > highest:
            highest = sample.epoch or 0
            overtaken.append((sample.received, highest))
    return [
        sample
        for sample in samples
        if sample.accepting
        and any(
            seen <= sample.sent and epoch > (sample.epoch or 0)  # answered as of the past
            for seen, epoch in overtaken
        )
    ]


def epochs_fallen(samples: Sequence[HealthSample]) -> int:
    """How often a region told a lower epoch than it had told before."""
    fallen = 0
    known: dict[str, int] = {}
    for sample in sorted(samples, key=lambda sample: sample.sent):
        if sample.epoch is None:
            continue
        fallen += sample.epoch < known.get(sample.region, 0)
        known[sample.region] = max(sample.epoch, known.get(sample.region, 0))
    return fallen


def changed_after_end(first: Mapping[str, JobSeen], last: Mapping[str, JobSeen]) -> list[str]:
    """The jobs whose record changed after it was seen to be over.

    Parameters
    ----------
    first
        The records when each job was first seen to be over.
    last
        The records at the very end.
    """
    return [
        job_id
        for job_id, job in first.items()
        if job.over and (job_id not in last or last[job_id].body != job.body)
    ]


def longest_gap(
    submissions: Iterable[Submission], held: Iterable[tuple[float, float]] = ()
) -> float:
    """Seconds of the longest time without a successful submission while some were offered.

    From the first attempt of all to the last promise or the last failed attempt.

    Parameters
    ----------
    held
        Spans in which the clients had been told to offer nothing.
    """
    made = list(submissions)
    if not made:
        return 0.0
    acks = [each.acked_at for each in made if each.acked_at is not None]
    # What was offered and never accepted leaves the last gap open.
    ends = [attempt.at for each in made for attempt in each.attempts]
    edges = sorted([min(each.began for each in made), *acks])
    last = max([*edges, *ends])
    gaps = pairwise([*edges, last])
    spans = sorted(held)
    return max((_offered(began, ended, spans) for began, ended in gaps), default=0.0)


def _offered(began: float, ended: float, held: Sequence[tuple[float, float]]) -> float:
    """The longest part of a span in which nothing was held back."""
    longest = 0.0
    for start, end in held:
        if start >= ended or end <= began:
            continue
        longest = max(longest, start - began)
        began = end
    return max(longest, ended - began)


def outcomes(promised: Collection[str], jobs: Mapping[str, JobSeen]) -> Counter[str]:
    """How many of the promised jobs have each status; those the ledger misses are not counted."""
    return Counter(jobs[job_id].status for job_id in promised if job_id in jobs)
