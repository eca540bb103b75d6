"""The command line, ``bellpair``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; its exit codes are in `bellpair.cli.exits`."""
    # httpx imports a command line of its own when it can, 0.15 s of every command here. Without
    # that module it falls back to a stub; this process is ours, so nobody misses it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

    from bellpair.cli.app import app

    app(prog_name="bellpair")
