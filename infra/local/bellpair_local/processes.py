"""Starts, finds and ends the processes of a local cloud. A process id alone is never trusted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

TERM_SECONDS = 5.0
KILL_SECONDS = 5.0


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
            process = psutil.Process(self.pid)
            same: bool = abs(process.create_time() - self.started) < 0.05
            return same and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


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
        """All recorded processes, alive or not."""
        try:
            raw = json.loads(self._file.read_text())
        except FileNotFoundError:
            return []
        return [ProcessRecord.model_validate(entry) for entry in raw]

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

    def stop_all(self) -> None:
        """End every recorded process with all that it started, and forget them."""
        records = self.records()
        end_sessions(records, self._patience)
        self._file.unlink(missing_ok=True)

    def _write(self, records: Iterable[ProcessRecord]) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps([r.model_dump(mode="json") for r in records], indent=2))
        draft.replace(self._file)


def end_sessions(records: Sequence[ProcessRecord], patience: float) -> None:
    """End the sessions that `records` lead: politely first, then by force."""
    members = [p for record in records for p in _session(record)]
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, KILL_SECONDS)):
        for process in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        _, members = psutil.wait_procs(members, timeout=seconds)
        members += [p for record in records for p in _session(record) if p not in members]
        if not members:
            return


def _session(record: ProcessRecord) -> list[psutil.Process]:
    """All processes of the session that `record` leads, even if the leader has gone.

    The system keeps the leader's id from reuse while its session has members, so they are ours if
    they are not older than the leader.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if (
                os.getsid(process.pid) == record.pid
                and process.create_time() >= record.started - 0.05
                and process.status() != psutil.STATUS_ZOMBIE
                and (process.pid != record.pid or record.is_alive())
            ):
                found.append(process)
    return found
