"""What all clouds of this machine have in common: a state directory, its lock and its processes."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shlex
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from bellpair_local import ports
from bellpair_local.application import CLIENT_FILE
from bellpair_local.failures import (
    LocalCloudError,
    PortsTaken,
    StartFailed,
    StateDirectoryUnusable,
)
from bellpair_local.processes import ProcessRecord, ProcessTable
from bellpair_local.target import Target
from bellpair_local.topology import HOST, SECRET_ACCESS_KEY, Member, Role

LOCALSTACK_FILE = "localstack.json"
"""File in the state directory of a cloud that is on a LocalStack, with what it consists of."""

_START_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_LOG_TAIL_LINES = 15


class MemberStatus(BaseModel):
    """One process of the cloud as it is now.

    Attributes
    ----------
    role, region, port, endpoint
        As in the topology; None where the topology is lost.
    health
        ``ok``, ``starting``, ``unreachable`` (it runs and does not answer), ``frozen`` (all of it
        is stopped), ``recovering`` (it is back and not yet open to callers), ``outage`` (a device
        service that gives its callers no answer), ``dead``, or ``unknown`` (it runs, and the
        topology that would tell its port is lost).
    pid
        Process id, or None if it is dead.
    """

    name: str
    role: Role | None
    region: str | None
    port: int | None
    endpoint: str | None
    pid: int | None
    health: str
    log: Path


class CloudStatus(BaseModel):
    """The cloud as it is now.

    Attributes
    ----------
    state
        ``down`` if no process runs, ``degraded`` if not all are well, ``undeployed`` if they are
        and an application that was asked for is not (or not wholly) deployed, else ``up``.
    endpoints
        The deployed HTTP API's base URLs, active region first; empty before it is deployed.
    aws, braket
        Region -> base URL of its services, and of its device service's emulator.
    """

    name: str
    state: str
    state_dir: Path
    account: str
    client_file: Path | None
    endpoints: list[str]
    aws: dict[str, str] = {}
    braket: dict[str, str] = {}
    members: list[MemberStatus]


class KeptCloud:
    """A cloud, known by its state directory.

    Parameters
    ----------
    name
        Its name, for people.
    state_dir
        Where it keeps its logs, records and client file. Need not exist.
    flags
        The words by which a person named it on the command line, for the commands that messages
        tell.

    Raises
    ------
    StateDirectoryUnusable
        If `state_dir` is something else than a directory that one may use.
    """

    def __init__(self, name: str, state_dir: Path, flags: Sequence[str] = ()) -> None:
        self.name = name
        self.state_dir = state_dir
        self._flags = tuple(flags)
        self._check_state_dir()
        self._processes = ProcessTable(state_dir / "processes.json")

    @property
    def logs(self) -> Path:
        """Directory of the log files."""
        return self.state_dir / "logs"

    def command(self, *words: str) -> str:
        """The command line ``bellpair local …`` for this cloud, as a person types it."""
        return shlex.join(("bellpair", "local", *words, *self._flags))

    @contextlib.contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep other commands from changing this cloud meanwhile.

        Raises
        ------
        LocalCloudError
            If another command is at it.
        StateDirectoryUnusable
            If nothing can be written there.
        """
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = open(self.state_dir / "lock", "w")  # noqa: SIM115 -- closed below
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        with file as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalCloudError(
                    f"Another command is starting or stopping the local cloud {self.name!r}.",
                    "Wait for it to end, or choose another cloud with --name.",
                ) from None
            yield

    def alive(self) -> list[ProcessRecord]:
        """Its processes that run."""
        return self._processes.alive()

    def health_of(self, member: Member) -> str:
        """How the process of `member` is, in the words of :attr:`MemberStatus.health`."""
        record = next((r for r in self._processes.records() if r.name == member.name), None)
        return self._member_status(member, record).health

    def await_member(self, member: Member, timeout: float = _START_SECONDS) -> None:
        """Wait until the process of `member` is well.

        Raises
        ------
        StartFailed
            If it ends, or is not well after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        record = next((r for r in self._processes.records() if r.name == member.name), None)
        while True:
            if health(member) in ("ok", "recovering"):
                return
            if record is None or not record.is_alive():
                raise StartFailed(
                    f"The process {member.name} ended while it started:\n{self._tail(member)}",
                    f"Its log is {self.logs / f'{member.name}.log'}.",
                )
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"The process {member.name} is not ready after {timeout:.0f} s.",
                    f"Its log is {self.logs / f'{member.name}.log'}.",
                )
            time.sleep(_PAUSE_SECONDS)

    def _check_state_dir(self) -> None:
        try:
            directory = stat.S_ISDIR(os.stat(self.state_dir).st_mode)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise self._unusable(getattr(error, "strerror", None) or str(error)) from error
        if not directory:
            raise self._unusable("it is no directory")
        if not os.access(self.state_dir, os.R_OK | os.W_OK | os.X_OK):
            raise self._unusable("it may not be written to")

    def _unusable(self, why: str) -> StateDirectoryUnusable:
        return StateDirectoryUnusable(
            f"The state directory {self.state_dir} cannot be used: {why}.",
            "Choose another one with --state-dir or BELLPAIR_STATE_DIR, or another --name.",
        )

    def _member_status(self, member: Member, record: ProcessRecord | None) -> MemberStatus:
        alive = record is not None and record.is_alive()
        if record is None or not alive:
            state = "dead"
        elif record.is_frozen():
            # Its port takes connections, and nobody would ever answer.
            state = "frozen"
        else:
            state = health(member)
        return MemberStatus(
            name=member.name,
            role=member.role,
            region=member.region,
            port=member.port,
            endpoint=member.endpoint,
            pid=record.pid if record and alive else None,
            health=state,
            log=self.logs / f"{member.name}.log",
        )

    def _check_ports(self, wanted: Sequence[int]) -> None:
        taken = [port for port in wanted if not ports.is_free(port)]
        if not taken:
            return
        users = ", ".join(f"{port} ({ports.holder(port) or 'unknown program'})" for port in taken)
        free = ports.free_base(wanted[0])
        raise PortsTaken(
            f"Ports that the local cloud {self.name!r} needs are in use: {users}.",
            f"Stop what uses them, or choose other ports: --port-base {free} is free."
            if free
            else "Stop what uses them, or choose other ports with --port-base.",
        )

    def _api_endpoints(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError, ValueError):
            endpoints: list[str] = json.loads((self.state_dir / CLIENT_FILE).read_text())[
                "endpoints"
            ]
            return endpoints
        return []

    def _tail(self, member: Member) -> str:
        with contextlib.suppress(FileNotFoundError):
            lines = (self.logs / f"{member.name}.log").read_text(errors="replace").splitlines()
            return "\n".join(lines[-_LOG_TAIL_LINES:])
        return ""


def environment(account: str, member: Member, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a member's process: that of the caller, less its AWS settings."""
    kept = {k: v for k, v in inherited.items() if not k.startswith(("AWS_", "BELLPAIR_"))}
    return kept | {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": member.region,
        "PYTHONUNBUFFERED": "1",
    }


def emulator_command(target: Target, member: Member) -> list[str]:
    """The command line of a region's Braket emulator: results go to its S3, events everywhere."""
    events = (
        word
        for region in target.pair
        for word in ("--event-endpoint", f"{region}={target.endpoints[region]}")
    )
    return [
        sys.executable, "-m", "bellpair_braket_emulator",
        "--region", member.region,
        "--port", str(member.port),
        "--account", target.account,
        "--s3-endpoint", target.endpoints[member.region],
        *events,
    ]  # fmt: skip


_HEALTH_PATHS: Mapping[Role, str] = {
    Role.REGION: "/_local/health",
    Role.WITNESS: "/_local/health",
    Role.BRAKET: "/_emulator/health",
    Role.DOOR: "/_door/health",
}


def health(member: Member) -> str:
    """Ask the process how it is: ``ok``, ``starting``, ``recovering``, ``outage`` or
    ``unreachable``.
    """
    connection = http.client.HTTPConnection(HOST, member.port, timeout=2)
    try:
        connection.request("GET", _HEALTH_PATHS[member.role])
        answer = connection.getresponse()
        report = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return "unreachable"
    finally:
        connection.close()
    if answer.status != 200:
        return "starting"
    if report.get("closed"):
        return "recovering"
    return "outage" if report.get("unreachable") else "ok"
