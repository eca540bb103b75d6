"""Make the workshop on a bare machine: uv, the locked environment, Node's locked tools.

Run ``PYTHONPATH=infra python3 -m toolchain.bootstrap [--no-npm]``. It needs
Python 3.11 and nothing else, and does nothing when all is as locked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain import node, stamp, uv
from toolchain.stamp import ROOT

VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="bootstrap", description=__doc__.partition("\n")[0])
    parser.add_argument("--no-npm", action="store_true", help="leave out the tools that npm brings")
    arguments = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  # the one file that an older Python may meet
        print(
            "Bellpair needs Python 3.11 or newer; run make with PYTHON=python3.11", file=sys.stderr
        )
        return 1
    try:
        with stamp.lock("bootstrap"):
            python_environment()
            if not arguments.no_npm:
                npm_tools()
    except (uv.UvMissing, node.NodeMissing) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"setup: {error.cmd[0]} failed with status {error.returncode}", file=sys.stderr)
        return 1
    return 0


def python_environment() -> None:
    """Bring ``.venv`` to what ``uv.lock`` says, unless it is there already."""
    manifests = [path for path in ROOT.glob("**/pyproject.toml") if not _foreign(path)]
    wanted = stamp.digest([ROOT / "uv.lock", *sorted(manifests), sys.version])
    done = VENV / ".bellpair-stamp"
    if stamp.is_current(done, wanted):
        return
    print("setting up .venv", flush=True)
    # A cache on another disk than the project cannot be hard-linked; copying then is no news.
    quiet = {"UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")} if _other_disk() else {}
    subprocess.run(
        [str(uv.executable()), "sync", "--locked", "--quiet", "--python", sys.executable],
        cwd=ROOT,
        check=True,
        env={**_without_active_environment(), **quiet},
    )
    stamp.write(done, wanted)


def npm_tools() -> None:
    """Bring ``node_modules`` to what ``package-lock.json`` says, unless it is there already."""
    wanted = stamp.digest([ROOT / "package.json", ROOT / "package-lock.json"])
    done = NODE_MODULES / ".bellpair-stamp"
    if stamp.is_current(done, wanted):
        return
    print("setting up node_modules", flush=True)
    subprocess.run(
        [*node.npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"],
        cwd=ROOT,
        check=True,
        env=node.environment(),
    )
    stamp.write(done, wanted)


def _foreign(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] in {".venv", "build", "node_modules", "cdk.out"}


def _other_disk() -> bool:
    cache = Path(os.environ.get("UV_CACHE_DIR", Path.home() / ".cache"))
    return cache.exists() and cache.stat().st_dev != ROOT.stat().st_dev


def _without_active_environment() -> dict[str, str]:
    settings = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    settings["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    return settings


if __name__ == "__main__":
    if shutil.which("git") is None:
        print("note: git is not installed; `make` works, but not the project's checks", flush=True)
    sys.exit(main())
