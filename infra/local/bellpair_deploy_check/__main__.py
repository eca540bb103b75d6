"""``python -m bellpair_deploy_check``: deploy with the real ``cdk``, and see that it is so."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from bellpair_deploy_check.cdk import Cdk
from bellpair_deploy_check.course import Course
from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.gate import open_gate
from bellpair_deploy_check.leftovers import PREFIX, end_leftovers
from bellpair_deploy_check.place import KINDS, a_place
from bellpair_deploy_check.report import Report
from bellpair_local.failures import LocalCloudError
from bellpair_local.interruptions import interruptible
from bellpair_localstack.failures import PythonMissing
from toolchain.node import NodeMissing

FAILED = 1
NO_PYTHON = 3
"""No Python can be had that LocalStack runs on: nothing was tried."""
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; returns its exit status.

    0 if every step passed, 1 if one failed, 2 for wrong usage, 3 if LocalStack cannot be had, 130
    if it was interrupted.
    """
    chosen = _parser().parse_args(arguments)
    report = Report(chosen.on, Console(stderr=True))
    for state in end_leftovers():
        said = f"A check was killed and left its cloud running; it is ended now ({state})."
        report.console.print(said, soft_wrap=True)
    with _state(chosen.state_dir, report) as state, interruptible():
        status = _checked(chosen, state, report)
    if chosen.json:
        print(json.dumps(report.to_json(), indent=2))
    return status


def _checked(chosen: argparse.Namespace, state: Path, report: Report) -> int:
    try:
        with (
            a_place(chosen.on, state, chosen.port_base, report.console.print) as place,
            open_gate(place.endpoint) as gate,
        ):
            cdk = Cdk(gate, place.target.account, place.regions[0], state / "cdk")
            Course(place, cdk, report).run()
    except KeyboardInterrupt:
        report.fail(CheckFailed("interrupted", place=chosen.on, remedy="Run it again."))
        report.console.print("Interrupted; nothing is left running.")
        return INTERRUPTED
    except (CheckFailed, LocalCloudError, NodeMissing, ClientError, BotoCoreError) as error:
        report.fail(error)
        report.show_failure()
        return NO_PYTHON if isinstance(error, PythonMissing) else FAILED
    report.console.print("[bold green]The pair can be deployed, changed and destroyed.[/]")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deploy-check",
        description="Bootstrap, deploy, break, change and destroy the platform with the real cdk.",
    )
    parser.add_argument("--on", choices=KINDS, default="local", help="which cloud")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument(
        "--state-dir", type=Path, help="for the cloud's state and the logs; kept (default: none)"
    )
    parser.add_argument("--port-base", type=int, help="first of five ports (default: free ones)")
    return parser


@contextmanager
def _state(wanted: Path | None, report: Report) -> Iterator[Path]:
    """The directory that all is written into; one of its own is kept only after a failure."""
    directory = (wanted or Path(tempfile.mkdtemp(prefix=PREFIX))).resolve()
    # The command line's home and logs of an earlier check are no part of this one.
    shutil.rmtree(directory / "cdk", ignore_errors=True)
    (directory / "cdk").mkdir(parents=True)
    yield directory
    if wanted is None:
        if report.passed:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            report.console.print(f"What was written is in {directory}.", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
