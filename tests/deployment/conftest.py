"""The assemblies under test: synthesized once, and kept while nothing they are made of changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.assembly import Assembly
from toolchain.layers import Layer
from toolchain.stamp import ROOT


def _assembly(stage: str) -> Assembly:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "infra/cdk/synth.py"), "--stage", stage],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return Assembly(Path(answer.stdout.strip().splitlines()[-1]))


@pytest.fixture(scope="session")
def local() -> Assembly:
    return _assembly("local")


@pytest.fixture(scope="session")
def prod() -> Assembly:
    return _assembly("prod")


@pytest.fixture(params=["local", "prod"])
def assembly(request: pytest.FixtureRequest) -> Assembly:
    """Each stage's assembly in turn."""
    found: Assembly = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    """A layer that is kept in the test's own folder, and was not built."""

    class Own(Layer):
        @property
        def shelf(self) -> Path:
            return tmp_path

    return Own("core", budget=1)
