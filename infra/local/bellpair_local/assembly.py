"""Has the CDK app synthesized for the local stage; it keeps what has not changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bellpair_local.failures import SynthesisFailed

STAGE = "local"
_TAIL_LINES = 30


def repository() -> Path:
    """Root of the working tree that this package is installed from.

    Raises
    ------
    SynthesisFailed
        If the package was installed without the tree; the local cloud needs its sources.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "infra" / "cdk").is_dir():
        raise SynthesisFailed(
            f"{root} is no working tree of Bellpair.",
            "Clone the repository and run `make setup` in it.",
        )
    return root


def synthesize(stage: str = STAGE) -> Path:
    """Return the directory of the stage's cloud assembly, synthesized if its inputs have changed.

    Takes about half a minute when something has changed. Several callers at once wait for each
    other.

    Raises
    ------
    SynthesisFailed
        If the app fails; the message ends with what it said.
    """
    command = [sys.executable, str(repository() / "infra" / "cdk" / "synth.py"), "--stage", stage]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n".join(done.stderr.splitlines()[-_TAIL_LINES:])
        raise SynthesisFailed(
            f"The stacks cannot be synthesized (status {done.returncode}):\n{tail}",
            "Correct infra/cdk or what it reads, or run `make synth` to see all that it says.",
        )
    return Path(done.stdout.strip().splitlines()[-1])
