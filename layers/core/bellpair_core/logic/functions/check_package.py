"""Look at a function's package without running any of it."""

from __future__ import annotations

import stat
import zlib
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import (
    PACKAGE_BYTES_MAX,
    PACKAGE_FILES_MAX,
    PACKAGE_UNZIPPED_BYTES_MAX,
)

_ENCRYPTED = 0x1
_CHUNK = 64 * 1024


def check_package(package: bytes) -> None:
    """Let pass a zip of at most so many files and bytes that stay within their folder.

    Raises
    ------
    BellpairError
        ``package-too-large``, or ``function-invalid`` naming the file.
    """
    if len(package) > PACKAGE_BYTES_MAX:
        raise BellpairError(
            ErrorCode.PACKAGE_TOO_LARGE,
            f"The package has {len(package)} bytes; the limit is {PACKAGE_BYTES_MAX}.",
            pointer="#/package",
            limit_bytes=PACKAGE_BYTES_MAX,
        )
    try:
        with ZipFile(BytesIO(package)) as archive:
            _check_archive(archive)
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error):
        # A text of zipfile's would name things that only the archive's maker can know.
        raise _invalid("The package is no zip archive, or it is damaged.") from None


def _check_archive(archive: ZipFile) -> None:
    files = archive.infolist()
    if len(files) > PACKAGE_FILES_MAX:
        raise _invalid(f"The package has {len(files)} files; the limit is {PACKAGE_FILES_MAX}.")
    seen: set[str] = set()
    for file in files:
        _check_file(file)
        if file.filename in seen:
            raise _invalid(f"The package has {file.filename!r} twice.")
        seen.add(file.filename)
    if sum(file.file_size for file in files) > PACKAGE_UNZIPPED_BYTES_MAX:
        raise BellpairError(
            ErrorCode.PACKAGE_TOO_LARGE,
            f"The package has more than {PACKAGE_UNZIPPED_BYTES_MAX} bytes unzipped.",
            pointer="#/package",
            limit_bytes=PACKAGE_UNZIPPED_BYTES_MAX,
        )
    if not any(file.filename.endswith(".py") for file in files):
        raise _invalid("The package holds no Python module.")
    for file in files:
        # What a file is said to hold may be less than it does; reading checks the sum as well.
        with archive.open(file) as content:
            while content.read(_CHUNK):
                pass


def _check_file(file: ZipInfo) -> None:
    name = file.filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(file.external_attr >> 16)
    if not name or not name.isprintable() or "\\" in name or ":" in name:
        raise _invalid(f"The package has a file whose name is not good: {name[:80]!r}.")
    if path.is_absolute() or ".." in path.parts:
        raise _invalid(f"The package has a file outside of its folder: {name[:80]!r}.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _invalid(f"The package has {name[:80]!r}, which is no plain file.")
    if file.flag_bits & _ENCRYPTED or file.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _invalid(f"The package has {name[:80]!r} encrypted, or packed in another way.")


def _invalid(detail: str) -> BellpairError:
    return BellpairError(
        ErrorCode.FUNCTION_INVALID,
        detail,
        remedy="Send a plain zip of the module and its local imports, as `bellpair functions"
        " deploy` makes it.",
        pointer="#/package",
    )
