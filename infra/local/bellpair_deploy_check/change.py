"""A changed function, in a copy of the sources: its answers tell of the change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bellpair_deploy_check.cdk import tail
from bellpair_deploy_check.failure import CheckFailed
from bellpair_local.deployment import with_variables
from toolchain.stamp import ROOT

STAGE = "local"
FUNCTION = "tenants"
"""Whose code is changed: one that shares its folder with no other function."""
MARK = "revision"
"""The word under which the changed function's answers tell the change."""

_CHANGE = '''

_unchanged = handler


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Answer as before, and tell the revision."""
    return {{**_unchanged(event, context), "{mark}": "{revision}"}}
'''


def changed_functions(target: Path, revision: str) -> Path:
    """Copy the functions to `target`, where one of them tells `revision` in its answers.

    The work tree itself is not touched.
    """
    shutil.copytree(ROOT / "functions", target, ignore=shutil.ignore_patterns("__pycache__"))
    with open(target / FUNCTION / "handler.py", "a") as source:
        source.write(_CHANGE.format(mark=MARK, revision=revision))
    return target


def synthesize(
    out: Path, log: Path, functions: Path | None = None, *, variables: Mapping[str, str]
) -> Path:
    """Synthesize the local stage for this check alone, and return the assembly.

    Parameters
    ----------
    out
        Where the assembly goes; unlike the one below ``build``, nobody else replaces it.
    functions
        The functions, where they are not the work tree's.
    variables
        What every function's environment has besides, because of the cloud it goes to.

    Raises
    ------
    CheckFailed
        The app fails.
    """
    words = [sys.executable, str(ROOT / "infra" / "cdk" / "synth.py"), "--stage", STAGE]
    words += ["--functions", str(functions), "--out", str(out)] if functions else []
    with open(log, "w") as said:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, check=False
        )
    if done.returncode:
        raise CheckFailed(
            f"the stacks cannot be synthesized (status {done.returncode}):\n{tail(log)}",
            place=f"stage {STAGE}",
            remedy="Correct infra/cdk or what it reads; `make synth` says all that is wrong.",
            log=log,
        )
    made = Path(done.stdout.decode().strip().splitlines()[-1])
    if made != out:
        # The command line writes locks and archives into the assembly that it deploys.
        shutil.copytree(made, out)
    for template in out.glob("*.template.json"):
        template.write_bytes(with_variables(template.read_bytes(), variables))
    return out
