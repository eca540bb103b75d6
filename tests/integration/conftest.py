"""One running local cloud for all integration tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_cloud import RunningCloud, free_port_base


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A local cloud, started for these tests; ``BELLPAIR_TEST_CLOUD=<state dir>:<port base>``
    names one that is running already."""
    if running := os.environ.get("BELLPAIR_TEST_CLOUD"):
        state_dir, port_base = running.rsplit(":", 1)
        yield RunningCloud("default", int(port_base), Path(state_dir))
        return
    state_dir = tmp_path_factory.mktemp("cloud")
    cloud = RunningCloud("tests", free_port_base(), state_dir)
    try:
        cloud.up()
        cloud.hold()
        yield cloud
    finally:
        cloud.down()
