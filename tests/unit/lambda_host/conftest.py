"""A host for each test; all share one cache, as the regions of a local cloud do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bellpair_lambda_host import LambdaHost


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lambda-cache")


@pytest.fixture
def host(cache_dir: Path, tmp_path: Path) -> Iterator[LambdaHost]:
    with LambdaHost(cache_dir, log_dir=tmp_path / "logs") as host:
        yield host
