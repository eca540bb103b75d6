"""What functions write: one file per function, and the part that belongs to one invocation."""

import os
from pathlib import Path
from threading import Lock

MAX_RESULT_LOG_BYTES = 256 * 1024


class FunctionLog:
    """Appends to one file; whole pieces, so that several workers may share it.

    Parameters
    ----------
    path
        The file, or ``None`` to write nowhere.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: int | None = None
        self._lock = Lock()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, data: bytes) -> None:
        """Append `data`, which ends at the end of a line."""
        with self._lock:
            if self._file is not None and data:
                os.write(self._file, data)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None


class WorkerOutput:
    """Reads what a worker prints, and keeps what was printed since `take` was last called.

    Nothing waits here: the runtime writes its lines before it posts its response, so once the
    response is there, the lines are in the pipe.

    Parameters
    ----------
    pipe
        Non-blocking read end of the worker's output.
    log
        Gets every line as soon as it is read.
    """

    def __init__(self, pipe: int, log: FunctionLog) -> None:
        self._pipe = pipe
        self._log = log
        self._unwritten = bytearray()
        self._kept = bytearray()

    def drain(self) -> bool:
        """Read what is in the pipe; tell whether the pipe is still open."""
        while True:
            try:
                data = os.read(self._pipe, 64 * 1024)
            except BlockingIOError:
                break
            if not data:
                return False
            # The runtime separates the lines of a stack trace by carriage returns.
            self._unwritten += data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._write(self._unwritten.rfind(b"\n") + 1)
        return True

    def note(self, line: str) -> None:
        """Add a line of the platform's own, on a line for itself."""
        if self._unwritten and not self._unwritten.endswith(b"\n"):
            self._unwritten += b"\n"
        self._unwritten += line.encode() + b"\n"

    def take(self) -> str:
        """Return and forget what was printed."""
        self._write(len(self._unwritten))
        text = self._kept[-MAX_RESULT_LOG_BYTES:].decode(errors="replace")
        self._kept.clear()
        return text

    def _write(self, length: int) -> None:
        complete = bytes(self._unwritten[:length])
        del self._unwritten[:length]
        self._log.write(complete)
        self._kept += complete
        if len(self._kept) > 2 * MAX_RESULT_LOG_BYTES:
            del self._kept[:-MAX_RESULT_LOG_BYTES]
