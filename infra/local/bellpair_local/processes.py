"""Starts, finds and ends the processes of a local cloud. A process id alone is never trusted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bellpair_local.failures import LocalCloudError, RecordsDamaged
from bellpair_local.whole_file import write_whole

TERM_SECONDS = 5.0
KILL_SECONDS = 5.0
_POLL_SECONDS = 0.02
# The system gives start times in hundredths of a second.
_CLOCK_SECONDS = 0.05


class ProcessRecord(BaseModel):
    """A process as it was started.

    Attributes
    ----------
    name
        Which member of the cloud it is.
    pid
        Its id, which is also the id of its process group and of its session.
    started
        Start time as the system tells it, in seconds since 1970: another process that has got the
        same id later has another one.
    log
        File that takes its output.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    started: float
    log: Path

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        try:
            status = psutil.Process(self.pid).status()
        except psutil.NoSuchProcess:
            return False
        return not self.is_replaced() and bool(status != psutil.STATUS_ZOMBIE)

    def is_frozen(self) -> bool:
        """Whether this very process is stopped, as by SIGSTOP."""
        try:
            status = psutil.Process(self.pid).status()
        except psutil.NoSuchProcess:
            return False
        return not self.is_replaced() and status in _STOPPED

    def is_replaced(self) -> bool:
        """Whether another process has got this one's id."""
        try:
            started: float = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return False
        return abs(started - self.started) >= _CLOCK_SECONDS


_STOPPED = frozenset({psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP})
_RECORDS = TypeAdapter(list[ProcessRecord])


class ProcessTable:
    """The processes of one cloud, recorded in a file.

    Parameters
    ----------
    file
        The record, in the cloud's state directory.
    patience
        Seconds that a process has to end by itself when it is stopped.
    """

    def __init__(self, file: Path, patience: float = TERM_SECONDS) -> None:
        self._file = file
        self._patience = patience

    def records(self) -> list[ProcessRecord]:
        """All recorded processes, alive or not.

        Raises
        ------
        RecordsDamaged
            If the file holds something else.
        """
        try:
            return _RECORDS.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return []
        except ValueError as error:
            raise RecordsDamaged(
                f"{self._file}, the record of the processes, cannot be read.",
                "Look for what still runs with `pgrep -fa 'bellpair_(local|braket_emulator)'`, "
                "end what belongs to this cloud, and remove the file.",
            ) from error

    def alive(self) -> list[ProcessRecord]:
        """The recorded processes that still run."""
        return [record for record in self.records() if record.is_alive()]

    def start(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
    ) -> ProcessRecord:
        """Start `command` as the leader of a session of its own and record it."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
        record = ProcessRecord(
            name=name,
            pid=process.pid,
            started=psutil.Process(process.pid).create_time(),
            log=log,
        )
        self._write([r for r in self.records() if r.name != name] + [record])
        return record

    def stop(self, name: str) -> None:
        """End the process called `name` with all that it started, and forget it."""
        records = self.records()
        end_sessions([r for r in records if r.name == name], self._patience)
        self._write([r for r in records if r.name != name])

    def stop_all(self) -> None:
        """End every recorded process with all that it started, and forget them."""
        records = self.records()
        end_sessions(records, self._patience)
        self._file.unlink(missing_ok=True)

    def kill(self, name: str) -> int:
        """End the process called `name` and all that it started, at once, as a disaster does.

        It stays recorded.

        Returns
        -------
        int
            How many processes have ended; 0 if none ran.
        """
        return _signal_sessions(self._named(name), signal.SIGKILL, lambda process: False)

    def freeze(self, name: str) -> int:
        """Stop the process called `name` and all that it started, until :meth:`thaw`.

        Returns
        -------
        int
            How many processes are stopped now that were not before.
        """
        return _signal_sessions(self._named(name), signal.SIGSTOP, _stands_still)

    def thaw(self, name: str) -> int:
        """Let the process called `name` and all that it started go on.

        Returns
        -------
        int
            How many processes go on that were stopped.
        """
        return _signal_sessions(
            self._named(name), signal.SIGCONT, lambda process: not _is_stopped(process)
        )

    def _named(self, name: str) -> list[ProcessRecord]:
        return [record for record in self.records() if record.name == name]

    def _write(self, records: Iterable[ProcessRecord]) -> None:
        write_whole(self._file, json.dumps([r.model_dump(mode="json") for r in records], indent=2))


def end_sessions(records: Sequence[ProcessRecord], patience: float) -> None:
    """End the sessions that `records` lead: politely first, then by force.

    What is frozen gets no last word: it would go on where it stood, among things that changed.
    """
    members = _members(records)
    for process in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            if _is_stopped(process):
                process.kill()
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, KILL_SECONDS)):
        for process in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = time.monotonic() + seconds
        # Looked up anew each time: a process may have started another one in the meantime, and
        # one that only waits for its parent to take note of its end has ended.
        while members := _members(records):
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        if not members:
            return


def _members(records: Sequence[ProcessRecord]) -> list[psutil.Process]:
    """All processes of the sessions that `records` lead, even where the leader has gone.

    The system keeps a leader's id from reuse while its session has members. So unless the id has
    gone to a stranger, whoever is in the session is ours.
    """
    ours = {record.pid for record in records if not record.is_replaced()}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) in ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _signal_sessions(
    records: Sequence[ProcessRecord],
    number: signal.Signals,
    done: Callable[[psutil.Process], bool],
) -> int:
    """Signal the sessions that `records` lead until all of them are `done`, and count those.

    Raises
    ------
    LocalCloudError
        If a process does not follow the signal.
    """
    reached = {process.pid for process in _unfinished(records, done)}
    # A whole group at once, so that no part of it acts where another is away already.
    for group in (record.pid for record in records if not record.is_replaced()):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
    deadline = time.monotonic() + KILL_SECONDS
    # Stragglers: what was just being started, and what has a group of its own.
    while left := _unfinished(records, done):
        if time.monotonic() > deadline:
            raise LocalCloudError(
                f"{number.name} does not reach {', '.join(str(process.pid) for process in left)}.",
                "Look at them with `ps -o pid,stat,wchan,cmd -p PID`, and try again.",
            )
        for process in left:
            reached.add(process.pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        time.sleep(_POLL_SECONDS)
    return len(reached)


def _unfinished(
    records: Sequence[ProcessRecord], done: Callable[[psutil.Process], bool]
) -> list[psutil.Process]:
    left = []
    for process in _members(records):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not done(process):
                left.append(process)
    return left


def _is_stopped(process: psutil.Process) -> bool:
    return process.status() in _STOPPED


def _stands_still(process: psutil.Process) -> bool:
    """Whether a process that was told to stop acts no more.

    One that starts another one cannot be stopped until that has begun, which is stopped itself.
    It would stop then before anything else.
    """
    return process.status() in (*_STOPPED, psutil.STATUS_DISK_SLEEP)
