"""What the logic asks of the world, as protocols; `adapters` answers for AWS, tests with fakes."""

from .announcements import Announcements
from .blobs import BlobCopies, Blobs
from .callbacks import CallbackBook, Callbacks
from .callers import Caller, CallOutcome, HostNames
from .catalogue import Catalogue
from .clock import Clock
from .compiled_forms import CompiledForms
from .compiler import Compiled, Compiler, CompileRequest, Template
from .devices import (
    CalibrationDocument,
    DeviceAdapter,
    DeviceDescription,
    DeviceHealth,
    DeviceSurroundings,
    OpenDevice,
    Secrets,
)
from .ends import Ends
from .functions import Functions
from .ingestions import Ingestions
from .journal import Journal
from .ledger import JobExists, JobPage, JobSummary, Ledger, OpenJob, OpenPage, WaitingJob
from .operations import Operations
from .peers import AtOnce, PeerHealth, Peers
from .tasks import (
    LaunchRefused,
    ProgramRefused,
    TaskService,
    TaskState,
    TaskStatus,
    TaskUnknown,
)
from .triggers import DeadLetters, Happenings, Inbox, TakenLetter, TriggerRef, Triggers
from .workers import FunctionEntry, WorkerDescription, WorkerRefused, Workers
from .workflows import Wakeups, Workflows

__all__ = [
    "Announcements",
    "AtOnce",
    "BlobCopies",
    "Blobs",
    "CalibrationDocument",
    "CallOutcome",
    "CallbackBook",
    "Callbacks",
    "Caller",
    "Catalogue",
    "Clock",
    "CompileRequest",
    "Compiled",
    "CompiledForms",
    "Compiler",
    "DeadLetters",
    "DeviceAdapter",
    "DeviceDescription",
    "DeviceHealth",
    "DeviceSurroundings",
    "Ends",
    "FunctionEntry",
    "Functions",
    "Happenings",
    "HostNames",
    "Inbox",
    "Ingestions",
    "JobExists",
    "JobPage",
    "JobSummary",
    "Journal",
    "LaunchRefused",
    "Ledger",
    "OpenDevice",
    "OpenJob",
    "OpenPage",
    "Operations",
    "PeerHealth",
    "Peers",
    "ProgramRefused",
    "Secrets",
    "TakenLetter",
    "TaskService",
    "TaskState",
    "TaskStatus",
    "TaskUnknown",
    "Template",
    "TriggerRef",
    "Triggers",
    "WaitingJob",
    "Wakeups",
    "WorkerDescription",
    "WorkerRefused",
    "Workers",
    "Workflows",
]
