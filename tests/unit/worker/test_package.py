"""Packages are unpacked with suspicion."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from bellpair_worker import limits
from bellpair_worker.package import PackageRefused, unpack


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in entries:
            files.writestr(name, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return entry


def test_files_and_folders_are_written(tmp_path: Path) -> None:
    unpack(archive(("main.py", b"x = 1"), ("folder/part.py", b"y = 2")), tmp_path)
    assert (tmp_path / "main.py").read_bytes() == b"x = 1"
    assert (tmp_path / "folder" / "part.py").read_bytes() == b"y = 2"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 but no more", "no readable zip"),
        (b"", "no readable zip"),
        (archive(("../out.py", b"")), "outside of itself"),
        (archive(("/etc/out.py", b"")), "outside of itself"),
        (archive(("a/../../out.py", b"")), "outside of itself"),
        (archive(("a\\..\\out.py", b"")), "outside of itself"),
        (archive((link("main.py"), b"/etc/passwd")), "symbolic link"),
        (archive(("x" * 300 + ".py", b"")), "cannot be unpacked"),
        (archive(("a.py", b""), ("a.py/b.py", b"")), "cannot be unpacked"),
        (archive(("bomb", bytes(limits.PACKAGE_BYTES_MAX + 1))), "unpacks to more than"),
        (archive(*((f"{n}.py", b"") for n in range(limits.PACKAGE_FILES_MAX + 1))), "files"),
        (bytes(limits.PACKAGE_ZIP_BYTES_MAX + 1), "are allowed"),
    ],
    ids=[
        "broken",
        "empty",
        "above",
        "absolute",
        "above-by-detour",
        "above-by-backslash",
        "link",
        "long-name",
        "file-as-folder",
        "bomb",
        "too-many-files",
        "too-large",
    ],
)
def test_what_is_wrong_with_a_package_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(PackageRefused, match=says):
        unpack(content, tmp_path / "package")
    assert not (tmp_path / "out.py").exists()


def test_a_size_that_the_archive_states_is_not_believed(tmp_path: Path) -> None:
    honest = archive(("bomb", bytes(limits.PACKAGE_BYTES_MAX + 1)))
    size = (limits.PACKAGE_BYTES_MAX + 1).to_bytes(4, "little")
    with pytest.raises(PackageRefused):
        unpack(honest.replace(size, (10).to_bytes(4, "little")), tmp_path)
    written = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert written <= limits.PACKAGE_BYTES_MAX
