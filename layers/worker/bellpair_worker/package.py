"""A function's package, unpacked with suspicion."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath

from .limits import PACKAGE_BYTES_MAX, PACKAGE_FILES_MAX, PACKAGE_ZIP_BYTES_MAX

_LINK = 0o120000
_KINDS = 0o170000
_CHUNK_BYTES = 64 * 1024


class PackageRefused(Exception):
    """The package cannot be unpacked; the message says why, and what to do."""


def unpack(package: bytes, directory: Path) -> None:
    """Write the package's files below `directory`, which is there and empty.

    Raises
    ------
    PackageRefused
        When it is no zip archive, names paths outside, holds links, or is too large.
    """
    if len(package) > PACKAGE_ZIP_BYTES_MAX:
        raise PackageRefused(
            f"The package has {len(package)} bytes; {PACKAGE_ZIP_BYTES_MAX} are allowed. "
            "Leave data out of it."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            _extract(archive, directory)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise PackageRefused(
            f"The package is no readable zip archive ({error}). Deploy the function again."
        ) from error
    except OSError as error:
        raise PackageRefused(
            f"The package cannot be unpacked ({error.strerror}). Use plain, short file names."
        ) from error


def _extract(archive: zipfile.ZipFile, directory: Path) -> None:
    entries = archive.infolist()
    if len(entries) > PACKAGE_FILES_MAX:
        raise PackageRefused(
            f"The package has {len(entries)} files; {PACKAGE_FILES_MAX} are allowed. "
            "Pack the module and its local imports only."
        )
    left = PACKAGE_BYTES_MAX
    for entry in entries:
        target = directory / _path(entry)
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        # The size that an archive states is no promise, so it is counted while it is read.
        with archive.open(entry) as source, target.open("wb") as file:
            while data := source.read(_CHUNK_BYTES):
                left -= len(data)
                if left < 0:
                    raise PackageRefused(
                        f"The package unpacks to more than {PACKAGE_BYTES_MAX} bytes. "
                        "Leave data out of it."
                    )
                file.write(data)


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
        raise PackageRefused(
            f"The package names a file outside of itself: {entry.filename!r}. "
            "Use paths below the package's root."
        )
    if entry.external_attr >> 16 & _KINDS == _LINK:
        raise PackageRefused(
            f"The package holds a symbolic link: {entry.filename!r}. Put the file itself in."
        )
    return path
