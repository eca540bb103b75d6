"""One running local cloud for all drills, each of which leaves it well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.running_cloud import RunningCloud, free_port_base

Hold = Callable[..., dict[str, Any]]


@pytest.fixture(scope="package")
def drilled_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A local cloud to lose parts of."""
    cloud = RunningCloud("drilled", free_port_base(), tmp_path_factory.mktemp("drilled"))
    try:
        cloud.up()
        yield cloud
    finally:
        cloud.down()


@pytest.fixture
def hold(drilled_cloud: RunningCloud) -> Hold:
    """Holds a drill by the command line, and gives its JSON object."""

    def held(*words: str) -> dict[str, Any]:
        done = drilled_cloud.bellpair("drill", *words, "--json", check=False)
        assert done.returncode in (0, 1), done.stderr
        try:
            told: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no report:\n{done.stdout}\n{done.stderr}") from None
        told["shown"] = done.stderr
        return told

    return held
