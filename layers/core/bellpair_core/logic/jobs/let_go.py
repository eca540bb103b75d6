"""Give back what an ended job still holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bellpair_core.logic.journal.journal_log import read_journal
from bellpair_core.model.device_names import service_of
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import FUNCTIONS_QUEUE, SHARED_QUEUES, Job
from bellpair_core.ports import Journal, Ledger, TaskService
from bellpair_core.settings import Settings

from .function_places import give_place_back

_LOG = logging.getLogger(__name__)


def free_place(job: Job, ledger: Ledger, settings: Settings) -> tuple[str, ...]:
    """Free the job's place: a function's among those at work, or its device's if that has a limit.

    Returns
    -------
    tuple of str
        The queues for which the place may be of use.
    """
    if job.function is not None:
        return (FUNCTIONS_QUEUE,) if give_place_back(ledger, job) else ()
    device = settings.device(job.device_used or "")
    if device is None or device.max_in_flight is None:
        return ()
    ledger.release_slot(device.name, job.id)
    return device.name, *sorted(SHARED_QUEUES)


def job_of_holder(holder: str) -> str:
    """The id of the job that a holder of a place stands for.

    A job holds its place by its id, a function's call one for each task by its job, the line of
    its intent and the task's number.
    """
    return holder.split("/", 1)[0]


def call_is_over(holder: str, journal: Journal) -> bool:
    """Whether a place is held by a function's call that has its result.

    A call frees its places before its result is written. Whoever was late with taking one, as a
    process of a region that stood still, may hold it from then on with nobody to give it back.
    """
    job_id, _, rest = holder.partition("/")
    if not rest:
        return False
    line = int(rest.split("/", 1)[0])
    return all(one.line != line for one in read_journal(journal, job_id).pending.values())


def cancel_unwanted_task(job: Job, tasks: TaskService) -> None:
    """Cancel the task of a job that ended without a result: nobody waits for it any more."""
    if job.result is None and job.task is not None and job.task.arn is not None:
        tasks.cancel(job.task.arn)


def cancel_known_calls(
    job: Job, journal: Callable[[], Journal], tasks: Callable[[], TaskService]
) -> None:
    """Cancel the tasks that a function's calls without a result are known to have.

    As well as that goes: a service that does not answer is asked once, and the job does not wait
    for it.
    """
    silent: set[str] = set()
    try:
        for pending in read_journal(journal(), job.id).pending.values():
            service = service_of(pending.call.device_arn, pending.call.region)
            for arn in pending.launched.arns if pending.launched else ():
                if arn is not None and service not in silent:
                    try:
                        tasks().cancel(arn)
                    except TransientFault:
                        _LOG.warning("a call of job %s was not cancelled", job.id, exc_info=True)
                        silent.add(service)
    except TransientFault:
        _LOG.warning("the calls of job %s were not cancelled", job.id, exc_info=True)
