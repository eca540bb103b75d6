"""Doubles of the ports, held to the same contract tests as the real adapters."""

from .fake_clock import FakeClock
from .fake_compiler import FakeCompiler
from .fake_ingestions import FakeIngestions
from .fake_pair_desk import FakeAnnouncements, FakeOperations, FakePeers
from .fake_tasks import FakeTasks
from .fake_workflows import FakeWakeups, FakeWorkflows
from .fake_world import FakeWorld
from .memory_blobs import MemoryBlobs
from .memory_catalogue import MemoryCatalogue
from .memory_forms import MemoryForms
from .memory_journal import MemoryJournal
from .memory_ledger import MemoryLedger

__all__ = [
    "FakeAnnouncements",
    "FakeClock",
    "FakeCompiler",
    "FakeIngestions",
    "FakeOperations",
    "FakePeers",
    "FakeTasks",
    "FakeWakeups",
    "FakeWorkflows",
    "FakeWorld",
    "MemoryBlobs",
    "MemoryCatalogue",
    "MemoryForms",
    "MemoryJournal",
    "MemoryLedger",
]
