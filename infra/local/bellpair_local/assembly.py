"""Synthesizes the CDK app for a stage, once for each state of its inputs."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bellpair_local.failures import SynthesisFailed
from bellpair_local.topology import ACCOUNT_ID

STAGE = "local"
_INPUTS = (
    "infra/cdk", "functions", "layers", "statemachines", "samplesconfig.toml", "pyproject.toml",
    "uv.lock",
)  # fmt: skip
_IGNORED = frozenset(
    {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "cdk.out"}
)
_STAMP = ".inputs"
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


def synthesize(stage: str = STAGE, root: Path | None = None) -> Path:
    """Return the directory of the stage's cloud assembly, synthesized if its inputs have changed.

    Several callers at once wait for each other.

    Raises
    ------
    SynthesisFailed
        If the app fails; the message ends with what it said.
    """
    root = root or repository()
    target = root / "build" / "cdk.out" / stage
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / f"{stage}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = inputs_hash(root)
        if not is_synthesized(target, stamp):
            _run_app(root, stage, target)
            (target / _STAMP).write_text(stamp)
    return target


def is_current(stage: str = STAGE, root: Path | None = None) -> bool:
    """Whether `synthesize` would find the assembly there already."""
    root = root or repository()
    return is_synthesized(root / "build" / "cdk.out" / stage, inputs_hash(root))


def is_synthesized(target: Path, stamp: str) -> bool:
    """Whether `target` holds the assembly of the inputs that hash to `stamp`."""
    try:
        return (target / _STAMP).read_text() == stamp and (
            target / "manifest.json"
        ).exists()
    except FileNotFoundError:
        return False


def inputs_hash(root: Path) -> str:
    """Hash of names and contents of all that the assembly is made from."""
    digest = hashlib.sha256()
    for file in _input_files(root):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _input_files(root: Path) -> Iterator[Path]:
    for name in _INPUTS:
        path = root / name
        if path.is_file():
            yield path
            continue
        for directory, folders, files in os.walk(path):
            folders[:] = sorted(set(folders) - _IGNORED)
            for file in sorted(files):
                if not file.endswith(".pyc"):
                    yield Path(directory) / file


def _run_app(root: Path, stage: str, target: Path) -> None:
    # An app run without the CDK's command line takes its context and its output directory from
    # these variables, as the command line itself sets them.
    draft = target.with_name(f"{stage}.{os.getpid()}.draft")
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps({"stage": stage}),
        "CDK_OUTDIR": str(draft),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT_ID,
        "CDK_DEFAULT_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": "local",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
    }
    try:
        done = subprocess.run(
            [sys.executable, "app.py"],
            cwd=root / "infra" / "cdk",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not (draft / "manifest.json").exists():
            tail = "\n".join(done.stdout.splitlines()[-_TAIL_LINES:])
            raise SynthesisFailed(
                f"infra/cdk/app.py ended with status {done.returncode}:\n{tail}",
                "Correct the app, or run `make synth` to see all that it says.",
            )
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
