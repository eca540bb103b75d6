"""One LocalStack for the tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.process_executor.emulator import Functions, localstack


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    """Functions in a LocalStack with the process executor."""
    with localstack(tmp_path_factory.mktemp("localstack")) as running:
        yield Functions(running.url)
