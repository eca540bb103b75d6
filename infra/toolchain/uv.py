"""Find uv, or fetch the pinned release of it from the Python package index.

A release is taken only when the index's file has the SHA-256 written here, so a
mirror may serve it (``UV_INDEX_URL`` / ``PIP_INDEX_URL``) without being trusted.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

from toolchain.stamp import BUILD

OLDEST = (0, 8)
VERSION = "0.13.8"
WHEELS = {
    "x86_64": (
        "uv-0.13.8-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
    ),
    "aarch64": (
        "uv-0.13.8-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        "0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
    ),
}
"""Machine -> (file name, SHA-256) of the pinned release."""


class UvMissing(RuntimeError):
    """uv could not be found or fetched; the message says what to do."""


def executable() -> Path:
    """Return a uv that is new enough, fetching the pinned one if there is none.

    Raises
    ------
    UvMissing
        The machine has no pinned wheel, the index lacks it or its file differs
        from the one that was pinned.
    """
    found = shutil.which("uv")
    if found and _version(found) >= OLDEST:
        return Path(found)
    fetched = BUILD / "toolchain" / f"uv-{VERSION}" / "uv"
    if not fetched.exists():
        fetch(fetched, index())
    return fetched


def index() -> str:
    """Return the package index that this machine uses."""
    return (
        os.environ.get("UV_DEFAULT_INDEX")
        or os.environ.get("UV_INDEX_URL")
        or os.environ.get("PIP_INDEX_URL")
        or "https://pypi.org/simple"
    )


def fetch(target: Path, index: str) -> None:
    """Leave the pinned uv at ``target``.

    Parameters
    ----------
    target
        The executable's path; its folder is made.
    index
        The address of a package index (the simple API, PEP 503).

    Raises
    ------
    UvMissing
        See `executable`.
    """
    machine = platform.machine()
    if machine not in WHEELS:
        raise UvMissing(f"no uv is pinned for {machine}; install uv by hand and run again")
    name, expected = WHEELS[machine]
    print(f"fetching uv {VERSION}", flush=True)
    wheel = _download(_find(name, index))
    if hashlib.sha256(wheel).hexdigest() != expected:
        raise UvMissing(f"{name} from the package index is not the pinned file; check your index")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as handle:
        handle.write(wheel)
        with zipfile.ZipFile(handle) as archive:
            member = next(n for n in archive.namelist() if n.endswith(".data/scripts/uv"))
            part = target.with_suffix(".part")
            part.write_bytes(archive.read(member))
    part.chmod(0o755)
    part.rename(target)


def _find(name: str, index: str) -> str:
    """Return the address of a file on the package index."""
    page = f"{index.rstrip('/')}/uv/"
    links = _Links()
    links.feed(_download(page).decode())
    for link in links.found:
        if link.partition("#")[0].endswith(name):
            return urljoin(page, link.partition("#")[0])
    raise UvMissing(f"{page} has no {name}; set PIP_INDEX_URL to an index that has it")


def _download(address: str) -> bytes:
    headers = {"Accept": "text/html, */*;q=0.1"}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  # a mirror may be a folder
    trust = ssl.create_default_context()
    try:
        with urllib.request.urlopen(request, timeout=120, context=trust) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except OSError as error:
        raise UvMissing(
            f"{address} cannot be read ({error}); "
            "check the network, PIP_INDEX_URL and SSL_CERT_FILE"
        ) from error


def _version(uv: str) -> tuple[int, ...]:
    answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.match(r"uv (\d+)\.(\d+)", answer)
    return (int(number.group(1)), int(number.group(2))) if number else (0,)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.extend(value for key, value in attrs if key == "href" and value)
