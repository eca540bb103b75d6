"""The real ``cdk`` command line, run against one endpoint, and killed where that is wanted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.gate import Gate, Moment
from bellpair_local.topology import SECRET_ACCESS_KEY
from toolchain import node

COMMAND_SECONDS = 900.0
_POLL_SECONDS = 0.02
_TAIL_LINES = 25


@dataclass(frozen=True)
class Cdk:
    """The command line in surroundings of its own.

    Attributes
    ----------
    gate
        What its requests go through.
    account
        The account, which doubles as the access key.
    region
        Where it looks when it is not told.
    folder
        For its home, where it caches account ids by key, and for what it writes.
    seconds
        How long one command may take.
    command
        What is run; ``cdk`` is the one that ``make setup`` brings.
    """

    gate: Gate
    account: str
    region: str
    folder: Path
    seconds: float = COMMAND_SECONDS
    command: str = "cdk"

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the command's environment: no setting of the caller's reaches another cloud."""
        kept = {
            name: value
            for name, value in inherited.items()
            if not name.startswith(("AWS_", "CDK_", "BELLPAIR_"))
        }
        return node.environment(kept) | {
            "HOME": str(self.folder / "home"),
            "CDK_HOME": str(self.folder / "home" / ".cdk"),
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.gate.endpoint,
            "AWS_ENDPOINT_URL_S3": self.gate.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            # A configuration of the person's own may name roles, proxies and endpoints.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CI": "true",
        }

    def run(self, name: str, *words: str, expect: Sequence[int] = (0,)) -> tuple[int, str]:
        """Run ``cdk WORDS``; return its status and what it wrote.

        Parameters
        ----------
        name
            What the log is called.
        expect
            The statuses that are fine.

        Raises
        ------
        CheckFailed
            It ends with another status, or not in time.
        """
        log = self._log(name)
        process = self._started(words, log)
        try:
            status = process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            raise self._failed(f"is not done after {self.seconds:.0f} s", words, log) from None
        finally:
            _kill(process)
        if status not in expect:
            raise self._failed(f"ended with status {status}", words, log)
        return status, log.read_text(errors="replace")

    def killed_at(self, name: str, moment: Moment, *words: str) -> None:
        """Run ``cdk WORDS`` and kill it, with all its processes, at a moment of its course.

        Raises
        ------
        CheckFailed
            It ends before the moment comes.
        """
        log = self._log(name)
        self.gate.hold_at(moment)
        process = self._started(words, log)
        deadline = time.monotonic() + self.seconds
        try:
            while not self.gate.reached.wait(_POLL_SECONDS):
                if process.poll() is not None:
                    asked = " or ".join(sorted(moment.operations))
                    raise self._failed(
                        f"ended before request {moment.number} of {asked}", words, log
                    )
                if time.monotonic() > deadline:
                    raise self._failed(f"is not done after {self.seconds:.0f} s", words, log)
        finally:
            _kill(process)
            self.gate.let_go()

    def version(self) -> str:
        """Return the command line's version."""
        return self.run("version", "--version")[1].split()[0]

    def _started(self, words: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            return subprocess.Popen(
                [self.command, "--no-notices", "--no-color", *words],
                cwd=self.folder,
                env=self.environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _log(self, name: str) -> Path:
        logs = self.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in logs.iterdir()) + 1
        return logs / f"{number:02d}-{name}.log"

    def _failed(self, what: str, words: Sequence[str], log: Path) -> CheckFailed:
        command = f"cdk {' '.join(words)}"
        return CheckFailed(
            f"`{command}` {what}:\n{tail(log)}",
            place=command,
            remedy="Correct what its last lines name; the whole of it is in the log.",
            log=log,
        )


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """Return the end of a log, without the empty lines."""
    written = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return "\n".join(written[-lines:])


_DIFFERENCES = re.compile(r"Number of stacks with differences: (\d+)")
_RESOURCE = re.compile(r"^\[([+~-])\] (AWS::\S+) (\S+)", re.MULTILINE)
_STACK = re.compile(r"^Stack (\S+)", re.MULTILINE)


def differences(told: str) -> int:
    """Return the number of stacks that ``cdk diff`` found to differ.

    Raises
    ------
    ValueError
        It does not say.
    """
    found = _DIFFERENCES.search(told)
    if found is None:
        raise ValueError("cdk diff told no number of stacks with differences")
    return int(found[1])


def changes(told: str) -> dict[str, list[str]]:
    """Return what ``cdk diff`` would change, as ``"~ AWS::Type path"``, by stack."""
    parts = _STACK.split(told)
    by_stack = zip(parts[1::2], parts[2::2], strict=True)
    return {
        stack: found
        for stack, text in by_stack
        if (found := [f"{sign} {kind} {path}" for sign, kind, path in _RESOURCE.findall(text)])
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the command and whatever it has started, at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
