"""The command: a LocalStack in the foreground or the background, and what runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bellpair_local.failures import LocalCloudError
from bellpair_local.interruptions import interruptible, undisturbed
from bellpair_localstack import address, environment, server, versions
from bellpair_localstack.environment import Environment
from bellpair_localstack.failures import PythonMissing
from toolchain.stamp import BUILD

FAILED = 1
NO_PYTHON = 3
"""The exit status where no Python can be had that LocalStack runs on."""

_LOOK_SECONDS = 0.5
_EXAMPLES = f"""
examples:
  python -m bellpair_localstack up                   until Ctrl-C
  python -m bellpair_localstack up --detach          and return
  python -m bellpair_localstack up --port 4600 --state-dir /tmp/second
  AWS_ENDPOINT_URL=http://localhost:4566 python -m bellpair_localstack status --json
  python -m bellpair_localstack down

{versions.HOW_TO_RUN}

exit status: 0 done; 1 it failed, or nothing runs (status); 2 wrong words; 3 there is no
Python 3.13 that LocalStack could run on.
"""


def main(
    words: Sequence[str] | None = None, ensure: Callable[[], Environment] = environment.ensure
) -> int:
    """Run the command.

    Parameters
    ----------
    words
        Its arguments; default: this process's.
    ensure
        How the environment is had.

    Returns
    -------
    int
        Its exit status.
    """
    given = _parser().parse_args(words)
    try:
        if given.command == "plugins":
            print(environment.plugins())
            return 0
        state = given.state_dir or _state_directory()
        if given.command == "up":
            return _up(state, given.port, ensure, detach=given.detach)
        if given.command == "down":
            return _down(state)
        return _status(state, as_json=given.json)
    except LocalCloudError as error:
        print(f"localstack: {error}\n{error.remedy}", file=sys.stderr)
        return NO_PYTHON if isinstance(error, PythonMissing) else FAILED
    except KeyboardInterrupt:
        return FAILED


def _up(state: Path, port: int, ensure: Callable[[], Environment], *, detach: bool) -> int:
    with interruptible():
        running = server.start(ensure(), port, state)
        _tell(f"LocalStack {running.version} answers at {running.url}; its log is")
        _tell(f"{server.log_file(state)}.")
        _tell(f"Use it with `export AWS_ENDPOINT_URL={running.url}`.")
        if detach:
            return 0
        _tell("Ctrl-C stops it.")
        try:
            while server.is_alive(state):
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            with undisturbed(_tell, "Still stopping it"):
                server.stop(state)
            _tell("Stopped.")
            return 0
        _tell("It was stopped.")
        return 0


def _down(state: Path) -> int:
    with interruptible(), undisturbed(_tell, "Still stopping it"):
        ran = server.stop(state)
    _tell("Stopped." if ran else "None was running.")
    return 0


def _status(state: Path, *, as_json: bool) -> int:
    url = address.named()
    problem = None
    try:
        running = server.find(url) if url else server.started(state)
    except LocalCloudError as error:
        if not as_json:
            raise
        running, problem = None, str(error)
    if as_json:
        told = vars(running) if running else {"url": url, "version": None, "edition": None}
        print(json.dumps({"running": running is not None, **told, "problem": problem}))
    elif running:
        print(f"LocalStack {running.version} ({running.edition}) answers at {running.url}.")
    else:
        print(f"No LocalStack was started with {state}.")
    return 0 if running else FAILED


def _state_directory() -> Path:
    given = os.environ.get("BELLPAIR_STATE_DIR")
    return (Path(given) if given else BUILD / "localstack") / "state"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bellpair_localstack",
        description="LocalStack without Docker, on Python 3.13.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="make its environment if need be, and start it")
    up.add_argument(
        "--port",
        type=_port,
        default=address.DEFAULT_PORT,
        help="the loopback port that it listens on (default: %(default)s)",
    )
    up.add_argument("--detach", action="store_true", help="leave it running and return")
    down = commands.add_parser("down", help="stop the one that was started")
    status = commands.add_parser(
        "status", help="say what runs: at AWS_ENDPOINT_URL or LOCALSTACK_HOST, else what we started"
    )
    status.add_argument("--json", action="store_true", help="as JSON")
    commands.add_parser(
        "plugins", help="print the folder of our plug-ins, for a LocalStack in a container"
    )
    for command in (up, down, status):
        command.add_argument(
            "--state-dir",
            type=Path,
            help="takes all its files (default: state in BELLPAIR_STATE_DIR or build/localstack)",
        )
    return parser


def _port(word: str) -> int:
    number = int(word) if word.isdecimal() else 0
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{word!r} is no port; give one from 1 to 65535")
    return number


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
