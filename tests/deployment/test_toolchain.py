"""The workshop's own machinery: what it fetches, and when it works anew."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain import stamp, uv
from toolchain.stamp import ROOT

pytestmark = pytest.mark.deployment


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An index on this machine that serves files from a folder."""
    pages = tmp_path / "simple"
    (pages / "uv").mkdir(parents=True)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple/", pages / "uv"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_wheel_that_is_not_the_pinned_one_is_refused(
    index: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = index
    name, _ = uv.WHEELS[platform.machine()]
    (folder / name).write_bytes(b"something else")
    (folder / "index.html").write_text(f'<a href="{name}#sha256=0">{name}</a>')
    with pytest.raises(uv.UvMissing, match="not the pinned file"):
        uv.fetch(tmp_path / "uv", address)
    assert not (tmp_path / "uv").exists()


def test_an_index_without_the_pinned_wheel_is_named(
    index: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = index
    (folder / "index.html").write_text("<a href='uv-0.0.1.tar.gz'>uv</a>")
    with pytest.raises(uv.UvMissing, match="PIP_INDEX_URL"):
        uv.fetch(tmp_path / "uv", address)


def test_the_bootstrap_needs_the_standard_library_alone() -> None:
    answer = subprocess.run(
        [sys.executable, "-S", "-c", "import toolchain.bootstrap"],
        env={"PYTHONPATH": str(ROOT / "infra")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""


def test_a_digest_follows_names_contents_and_words(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    before = stamp.digest([tmp_path, "word"])
    assert stamp.digest([tmp_path, "word"]) == before
    assert stamp.digest([tmp_path, "other"]) != before
    file.write_text("2")
    changed = stamp.digest([tmp_path, "word"])
    assert changed != before
    file.rename(tmp_path / "b")
    assert stamp.digest([tmp_path, "word"]) not in (before, changed)


def test_a_digest_passes_over_caches(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    before = stamp.digest([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"2")
    assert stamp.digest([tmp_path]) == before


def test_the_locks_name_no_place_of_one_machine() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    resolved = {package["resolved"] for package in packages.values() if "resolved" in package}
    assert all(address.startswith("https://registry.npmjs.org/") for address in resolved)
    locked = (ROOT / "uv.lock").read_text()
    assert not re.search(r'"(file:|/)[^"]*"', locked)
    assert set(re.findall(r'registry = "([^"]+)"', locked)) == {"https://pypi.org/simple"}
