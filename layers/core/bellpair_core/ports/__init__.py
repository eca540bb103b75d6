"""What the logic asks of the world, as protocols; `adapters` answers for AWS, tests with fakes."""

from .announcements import Announcements
from .blobs import BlobCopies, Blobs
from .catalogue import Catalogue
from .clock import Clock
from .functions import Functions
from .journal import Journal
from .ledger import JobExists, JobPage, JobSummary, Ledger, OpenJob, OpenPage, WaitingJob
from .operations import Operations
from .peers import AtOnce, PeerHealth, Peers
from .tasks import LaunchRefused, TaskService, TaskState, TaskStatus, TaskUnknown
from .workflows import Wakeups, Workflows

__all__ = [
    "Announcements",
    "AtOnce",
    "BlobCopies",
    "Blobs",
    "Catalogue",
    "Clock",
    "Functions",
    "JobExists",
    "JobPage",
    "JobSummary",
    "Journal",
    "LaunchRefused",
    "Ledger",
    "OpenJob",
    "OpenPage",
    "Operations",
    "PeerHealth",
    "Peers",
    "TaskService",
    "TaskState",
    "TaskStatus",
    "TaskUnknown",
    "WaitingJob",
    "Wakeups",
    "Workflows",
]
