"""Our plug-ins for LocalStack are built once, and LocalStack has loaded them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bellpair_localstack import environment, server
from bellpair_localstack.server import Running

pytestmark = pytest.mark.localstack


def test_two_that_want_them_at_once_build_them_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(2) as askers:
        folders = list(askers.map(environment.plugins, [tmp_path] * 2))

    assert folders[0] == folders[1]
    assert capfd.readouterr().err.count("making its plugins") == 1
    for name in environment.PLUGINS:
        assert list(folders[0].glob(f"{name.replace('-', '_')}-*.dist-info/METADATA"))


def test_localstack_has_loaded_them(localstack: Running) -> None:
    server.check_plugins(localstack)
