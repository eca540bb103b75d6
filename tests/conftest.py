"""Which tests share a process when they are run in several at once, and that they hear Ctrl-C."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

SHARED = {
    "deployment": "assemblies",
    "drills": "clouds",
    "integration": "clouds",
    "model": "model",
    "simulation": "simulation",
}
"""Folders whose tests share something costly: a synthesis, a running cloud, the processors."""

HERE = Path(__file__).parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to it, and so would be all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of such a folder together; the others go wherever there is room.

    Before all other hooks, since the plugin that distributes the tests reads the marks in its own.
    """
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in SHARED:
            item.add_marker(pytest.mark.xdist_group(SHARED[folder]))
