"""Unpacks code and layers once, under the hash of their content, with their bytecode."""

import hashlib
import os
import subprocess
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from threading import Lock

from bellpair_lambda_host.function import Artifact, RemoteZip
from bellpair_lambda_host.interpreter import Interpreter
from bellpair_lambda_host.publish import make_once
from bellpair_lambda_host.refusals import InvalidArtifact

MAX_UNZIPPED_BYTES = 250 * 1024 * 1024

# Below this size one compiling process is done before a pool of them has started.
_SERIAL_COMPILE_BYTES = 4 * 1024 * 1024

# What zipfile raises for damaged, encrypted and unknown ones: it has no error of its own for all.
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ArtifactCache:
    """A directory of unpacked artifacts, shared by any number of hosts and processes.

    An artifact's directory is complete from the moment it exists, and nobody writes to it again:
    bytecode is compiled before it appears, so that no cold start compiles anything.

    Parameters
    ----------
    root
        Where the artifacts lie; made when missing.
    python
        What will run them, for which bytecode is compiled.
    """

    def __init__(self, root: Path, python: Interpreter) -> None:
        self._root = root
        self._python = python
        self._digests: dict[tuple[Path, int, int], str] = {}
        self._lock = Lock()

    def unpack(self, artifact: Artifact) -> Path:
        """Return the artifact's directory, unpacking it when this is its first use anywhere.

        Raises
        ------
        InvalidArtifact
            When the file is missing, is no zip archive, or is too large unpacked.
        """
        if isinstance(artifact, Path) and artifact.is_dir():
            return artifact

        def fill(directory: Path) -> None:
            archive = artifact.fetch() if isinstance(artifact, RemoteZip) else artifact
            size = extract(archive, directory)
            compile_bytecode(directory, self._python, parallel=size > _SERIAL_COMPILE_BYTES)

        return make_once(self._root / f"{self._digest(artifact)}-{self._python.cache_tag}", fill)

    def _digest(self, artifact: Artifact) -> str:
        if isinstance(artifact, RemoteZip):
            return artifact.sha256
        if isinstance(artifact, bytes):
            return hashlib.sha256(artifact).hexdigest()
        try:
            stat = artifact.stat()
            key = (artifact.absolute(), stat.st_size, stat.st_mtime_ns)
            with self._lock:
                known = self._digests.get(key)
            if known is None:
                with artifact.open("rb") as file:
                    known = hashlib.file_digest(file, "sha256").hexdigest()
                with self._lock:
                    self._digests[key] = known
        except OSError as error:
            raise InvalidArtifact(f"Cannot read {artifact}: {error.strerror}") from error
        return known


def compile_bytecode(directory: Path, python: Interpreter, *, parallel: bool) -> None:
    """Compile every module under `directory`; a file that is no Python of this version stays so.

    The bytecode is not checked against its source at import: the directory never changes.
    """
    arguments = ["-q", "-j", "0" if parallel else "1", "--invalidation-mode", "unchecked-hash"]
    subprocess.run(
        [str(python.executable), "-S", "-E", "-m", "compileall", *arguments, str(directory)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        check=False,
    )


def extract(artifact: bytes | Path, target: Path) -> int:
    """Unpack a zip archive into an empty directory; return its size unpacked, in bytes.

    Raises
    ------
    InvalidArtifact
    """
    source = BytesIO(artifact) if isinstance(artifact, bytes) else artifact
    try:
        with zipfile.ZipFile(source) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > MAX_UNZIPPED_BYTES:
                raise InvalidArtifact(
                    f"The artifact unpacks to {size} bytes; Lambda allows {MAX_UNZIPPED_BYTES} "
                    "for a function and its layers together. Leave files out of it."
                )
            for entry in archive.infolist():
                path = archive.extract(entry, target)
                if permissions := entry.external_attr >> 16 & 0o777:
                    os.chmod(path, permissions | (0o700 if entry.is_dir() else 0o600))
    except _UNREADABLE as error:
        name = "The artifact" if isinstance(artifact, bytes) else str(artifact)
        why = str(error) or type(error).__name__
        raise InvalidArtifact(f"{name} is no readable zip archive: {why}") from error
    return size
