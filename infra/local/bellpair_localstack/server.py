"""Starts a LocalStack in host mode, finds one that runs, and stops what was started."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bellpair_local.failures import LocalCloudError, PortsTaken, StartFailed
from bellpair_local.ports import holder, is_free
from bellpair_local.processes import ProcessRecord, ProcessTable
from bellpair_local.topology import HOST
from bellpair_local.whole_file import write_whole
from bellpair_localstack import versions
from bellpair_localstack.environment import KINESIS, Environment
from bellpair_localstack.failures import AlreadyRunning, PluginsMissing, Unreachable

NAME = "localstack"
PLUGIN = "host_mode"
"""The plug-in of ours that says that all of them are there."""

READY_SECONDS = 180.0
"""How long a LocalStack may take until it answers; the first one compiles all it imports."""

_STOP_SECONDS = 15.0
_REST_SECONDS = 0.5
_POLL_SECONDS = 0.1
_ASK_SECONDS = 5.0
_TAIL_LINES = 15
_KINESIS_MOCK = Path("usr", "lib", "localstack", "kinesis-local", "0.5.2")
_HANDED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "NO_PROXY", "no_proxy")


@dataclass(frozen=True)
class Running:
    """A LocalStack that answers.

    Attributes
    ----------
    url
        Its address, for every service and region.
    version, edition
        What it says of itself.
    """

    url: str
    version: str
    edition: str


def find(url: str) -> Running:
    """Return the LocalStack that answers at an address.

    Parameters
    ----------
    url
        As ``http://localhost:4566``.

    Raises
    ------
    Unreachable
        Nothing answers there, or it is no LocalStack.
    VersionRefused
        It is of a version that is known to fail.
    """
    address = url.rstrip("/")
    answer = _asked(address, "/_localstack/health")
    if "version" not in answer:
        raise _unreachable(address, "what answers there is no LocalStack")
    running = Running(address, str(answer["version"]), str(answer.get("edition", "unknown")))
    versions.check(running.version, address)
    return running


def check_plugins(running: Running) -> None:
    """Refuse a LocalStack that runs without our plug-ins.

    LocalStack's own global tables take one replica and no update, and the tool that words ours
    names both regions as replicas.

    Raises
    ------
    PluginsMissing
        It runs without them.
    Unreachable
        It does not answer any more.
    """
    hooks = _asked(running.url, "/_localstack/plugins").get("localstack.hooks.on_infra_start")
    found = hooks if isinstance(hooks, list) else []
    if not any(plugin.get("name") == PLUGIN and plugin.get("is_loaded") for plugin in found):
        raise PluginsMissing(
            f"The LocalStack at {running.url} runs without our plug-ins, and its own global "
            "tables cannot have two replicas.",
            versions.HOW_TO_RUN,
        )


def session(url: str) -> str:
    """Return what the LocalStack at an address calls its run; another after each start of it.

    Raises
    ------
    Unreachable
        It does not answer, or does not say.
    """
    address = url.rstrip("/")
    answer = _asked(address, "/_localstack/info")
    if not answer.get("session_id"):
        raise _unreachable(address, "what answers there does not say which run of LocalStack it is")
    return str(answer["session_id"])


def start(
    environment: Environment,
    port: int,
    state_dir: Path,
    *,
    ready_s: float = READY_SECONDS,
    settings: Mapping[str, str] | None = None,
) -> Running:
    """Start a LocalStack and wait until it answers.

    It leads a session of its own, which `stop` ends with everything in it. Where it does not get
    ready, nothing is left running.

    Parameters
    ----------
    environment
        What it runs in.
    port
        The port of the loopback interface that it listens on.
    state_dir
        Takes all of its files, and the record by which `stop` finds it.
    ready_s
        Seconds until it must answer.
    settings
        More environment variables for it; where one has two values, ours holds.

    Raises
    ------
    AlreadyRunning
        One runs with this state directory.
    PortsTaken
        The port is in use.
    StartFailed
        It ended, or did not answer in time; the message has its log's last lines.
    """
    state = state_dir.resolve()
    state.mkdir(parents=True, exist_ok=True)
    table = _table(state)
    if table.alive():
        raise AlreadyRunning(
            f"A LocalStack runs with {state} already.",
            "Use it, end it with `python -m bellpair_localstack down` and the same --state-dir, "
            "or choose another directory.",
        )
    if not is_free(port):
        who = holder(port)
        raise PortsTaken(
            f"Port {port} is in use{f' by {who}' if who else ''}.",
            "Choose another one with --port, or end what uses it.",
        )
    table.stop_all()
    _end_orphans(state)
    url = f"http://{HOST}:{port}"
    _lay_out(environment, state)
    log = log_file(state)
    log.unlink(missing_ok=True)
    record = table.start(
        NAME,
        # Without -P, a module that lies where the command is given could take another's place.
        [str(environment.python), "-P", "-m", "localstack.runtime.main"],
        log,
        {**(settings or {}), **variables(environment, port, state)},
    )
    write_whole(state / "address", url)
    try:
        return _ready(url, record, ready_s)
    except BaseException:
        stop(state)
        raise


def stop(state_dir: Path) -> bool:
    """End the LocalStack of a state directory with all that it started.

    Returns
    -------
    bool
        Whether one was running.
    """
    table = _table(state_dir.resolve())
    running = table.alive()
    _ask_to_end(running)
    table.stop_all()
    _end_orphans(state_dir.resolve())
    (state_dir / "address").unlink(missing_ok=True)
    return bool(running)


def started(state_dir: Path) -> Running | None:
    """Return the LocalStack that was started with a state directory, if it runs.

    Raises
    ------
    Unreachable
        Its process is there, and does not answer.
    """
    address = state_dir / "address"
    if not _table(state_dir.resolve()).alive() or not address.exists():
        return None
    return find(address.read_text())


def is_alive(state_dir: Path) -> bool:
    """Whether the process that was started with a state directory still runs."""
    return bool(processes(state_dir))


def processes(state_dir: Path) -> list[ProcessRecord]:
    """The processes that were started with a state directory and still run."""
    return _table(state_dir.resolve()).alive()


def log_file(state_dir: Path) -> Path:
    """Where the LocalStack of a state directory writes its log."""
    return state_dir / "localstack.log"


def variables(environment: Environment, port: int, state: Path) -> dict[str, str]:
    """Return the environment variables that a LocalStack runs with.

    Of this process's own only those come along that have no secrets: LocalStack needs no
    credentials, and its functions must not find any.

    Parameters
    ----------
    environment
        What it runs in.
    port
        The port it listens on.
    state
        The absolute path of its state directory.
    """
    own = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    search = [environment.packages / "bin", environment.node, own.get("PATH", os.defpath)]
    return {
        **own,
        "PATH": os.pathsep.join(str(part) for part in search),
        "PYTHONPATH": str(environment.plugins),
        # What a process names is not removed; the Kinesis server is found by a link to it.
        "BELLPAIR_KINESIS": str(environment.kinesis),
        "NODE_OPTIONS": f"--require={json.dumps(str(KINESIS / 'loopback.js'))}",
        # Nothing of it goes to the machine's own directories, in a container neither.
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(state / "files"),
        "CONFIG_DIR": str(state / "config"),
        "HOME": str(state / "home"),
        "XDG_CACHE_HOME": str(state / "home" / ".cache"),
        # Nothing is fetched, and nobody is told.
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        # It is reached at one address, without names that would have to be looked up.
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "LOCALSTACK_HOST": f"{HOST}:{port}",
        "SQS_ENDPOINT_STRATEGY": "path",
        "PROVIDER_OVERRIDE_DYNAMODB": "moto",
        # What is written to a table before its stream is there would be missing in it.
        "KINESIS_LATENCY": "0",
        # Figures of queues that nobody reads here, written with each message.
        "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        # Layers are built for this Python, and its environment has the runtime interface client.
        # What is unpacked is named by its content, and stays for the next one.
        "LAMBDA_PROCESS_PYTHON_{}_{}".format(*sys.version_info): sys.executable,
        "LAMBDA_PROCESS_DIR": str(environment.packages.parent / "lambda"),
        # A first start on a busy machine may take long, and a slow one is no failure.
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "120",
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.2",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "1",
    }


def _ask_to_end(running: Sequence[ProcessRecord]) -> None:
    """Have a LocalStack end what it started: a server that ends alone, it would start again."""
    for record in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while any(map(_holds_on, running)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _end_orphans(state: Path) -> None:
    """End servers that a LocalStack started and that outlived it, when it was killed.

    They lead sessions of their own; their programs lie in the state directory.
    """
    files = f"{state / 'files'}{os.sep}"
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(word.startswith(files) for word in process.cmdline()):
                process.kill()


def _holds_on(record: ProcessRecord) -> bool:
    """Whether it still serves; when it does not, it only takes seconds to take itself apart."""
    if not record.is_alive():
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(record.pid)
        listening = any(
            connection.status == psutil.CONN_LISTEN for connection in process.net_connections()
        )
        return listening or bool(process.children())
    return False


def _lay_out(environment: Environment, state: Path) -> None:
    """Begin with nothing of an earlier one, and with the Kinesis server where it is looked for."""
    for name in ("files", "home", "config"):
        shutil.rmtree(state / name, ignore_errors=True)
    kinesis = state / "files" / _KINESIS_MOCK
    kinesis.parent.mkdir(parents=True)
    kinesis.symlink_to(environment.kinesis)
    (state / "home").mkdir()


def _ready(url: str, record: ProcessRecord, ready_s: float) -> Running:
    deadline = time.monotonic() + ready_s
    while time.monotonic() < deadline:
        if not record.is_alive():
            raise StartFailed(
                f"LocalStack ended before it was ready. Its last words:\n{_tail(record.log)}",
                f"Look at {record.log}.",
            )
        try:
            return find(url)
        except Unreachable:
            time.sleep(_POLL_SECONDS)
    raise StartFailed(
        f"LocalStack was not ready after {ready_s:.0f} s. Its last words:\n{_tail(record.log)}",
        f"Look at {record.log}; on a busy machine, try again.",
    )


def _asked(address: str, path: str) -> dict[str, object]:
    try:
        request = urllib.request.Request(f"{address}{path}")  # noqa: S310  # checked below
        if request.type not in {"http", "https"}:
            raise ValueError("it is no http address")
        with urllib.request.urlopen(request, timeout=_ASK_SECONDS) as answer:  # noqa: S310
            found = json.load(answer)
    except (OSError, ValueError) as error:
        raise _unreachable(address, str(error)) from error
    if not isinstance(found, dict):
        raise _unreachable(address, "what answers there is no LocalStack")
    return found


def _unreachable(address: str, why: str) -> LocalCloudError:
    return Unreachable(
        f"There is no LocalStack at {address}: {why}.",
        f"Start one, or correct AWS_ENDPOINT_URL or LOCALSTACK_HOST. {versions.HOW_TO_RUN}",
    )


def _table(state: Path) -> ProcessTable:
    return ProcessTable(state / "processes.json", patience=_REST_SECONDS)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-_TAIL_LINES:]) or "(none)"
