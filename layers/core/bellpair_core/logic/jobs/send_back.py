"""Put a job that its device cannot serve back into its queue."""

from __future__ import annotations

from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import Job, JobStatus
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Clock

_FROM = frozenset({JobStatus.COMPILING, JobStatus.EXECUTING})


def sent_back(job: Job, clock: Clock, why: str, usage: Usage) -> Job:
    """The job in its queue again, to be compiled anew for whichever device takes it next.

    Only a job without a task goes back. The stage that found its task failed or cancelled has
    taken it out of the record; as long as one stands there, it may be running and be paid for.

    Parameters
    ----------
    usage
        What the execution that ends here consumed, beside what the record says already.

    Raises
    ------
    TransientFault
        When the record has a task or a result: the sweeper's next execution will find out.
    """
    if job.task is not None or job.result is not None or job.status not in _FROM:
        raise TransientFault(f"job {job.id} has more to lose than its place, and goes not back")
    return job.sent_back(clock(), why).model_copy(update={"usage": job.usage + usage})
