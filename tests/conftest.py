"""Which tests share a process when they are run in several at once, and that they hear Ctrl-C."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

SHARED = {
    "deployment": "assemblies",
    "drills": "clouds",
    "integration": "clouds",
    "integration/braket_emulator": "emulators",
    "model": "model",
    "simulation": "simulation",
}
"""Folders whose tests share something costly: a synthesis, a running cloud, a device service.

What is said of a folder holds for those within it that nothing else is said of. Tests that name
a group of their own have that.
"""

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
        if item.get_closest_marker("xdist_group") is None and (group := _group(item.path)):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(path: Path) -> str | None:
    folders = path.relative_to(HERE).parents
    return next((SHARED[str(folder)] for folder in folders if str(folder) in SHARED), None)
