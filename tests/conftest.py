"""Which tests share a process when they are run in several at once, and that they hear Ctrl-C."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

SHARED = {
    "integration": "cloud",
    "drills": "losses",
    "local_cloud/test_demo.py": "losses",
    "deployment": "assemblies",
    "local_cloud": "small-cloud",
    "localstack": "localstack",
    "simulation": "simulation",
    "braket_emulator": "emulators",
    "model": "model",
}
"""Folders and files whose tests share something costly: a running cloud, a synthesis.

What is said of a folder holds for those within it that nothing else is said of. Tests that name
a group of their own have that, and those that nothing is said of stay with their file.

Where tests run in several processes, groups begin in this order: what takes long and mostly waits
first, so that no process is left alone with it. What names its own group begins before all
others but the first, and the many small files fill the rest.
"""

HERE = Path(__file__).parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background deaf to it, and so would be all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of such a folder together.

    Before all other hooks, since the plugin that distributes the tests reads the marks in its own.
    """
    places = {}
    for item in items:
        named = item.get_closest_marker("xdist_group")
        group = named.args[0] if named else _group(item.path)
        if named is None:
            item.add_marker(pytest.mark.xdist_group(group))
        places[item] = _place(group, named=named is not None)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: places[item])


def _group(path: Path) -> str:
    within = path.relative_to(HERE)
    named = (str(place) for place in (within, *within.parents))
    return next((SHARED[place] for place in named if place in SHARED), within.as_posix())


def _place(group: str, *, named: bool) -> float:
    order = list(dict.fromkeys(SHARED.values()))
    if group in order:
        return order.index(group)
    return 0.5 if named else len(order)
