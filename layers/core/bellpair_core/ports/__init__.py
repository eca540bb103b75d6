"""What the logic asks of the world, as protocols; `adapters` answers for AWS, tests with fakes."""

from .blobs import Blobs
from .catalogue import Catalogue
from .clock import Clock
from .ledger import JobExists, JobPage, JobSummary, Ledger, OpenJob, OpenPage, WaitingJob
from .tasks import TaskService, TaskState, TaskStatus
from .workflows import Wakeups, Workflows

__all__ = [
    "Blobs",
    "Catalogue",
    "Clock",
    "JobExists",
    "JobPage",
    "JobSummary",
    "Ledger",
    "OpenJob",
    "OpenPage",
    "TaskService",
    "TaskState",
    "TaskStatus",
    "WaitingJob",
    "Wakeups",
    "Workflows",
]
