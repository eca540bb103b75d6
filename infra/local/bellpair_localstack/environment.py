"""Makes the environment that LocalStack runs in, once for each state of what it is made from.

It has three parts, each in a folder of ``build/localstack`` that is named by the digest of its
inputs: the locked packages, our own plug-ins and the Kinesis server. A folder without a stamp was
left by an interrupted build and is made again; a folder with one is not changed, so a LocalStack
that runs keeps what it was started from. Older packages and servers that none runs from are
removed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bellpair_localstack import pythons
from bellpair_localstack.failures import EnvironmentFailed
from toolchain import node, stamp, uv
from toolchain.stamp import BUILD, ROOT

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
KINESIS = HERE / "kinesis"
PLUGINS = {
    "localstack-host-mode": ROOT / "infra" / "local" / "localstack_host_mode",
    "bellpair-lambda-host": ROOT / "infra" / "local" / "lambda_host",
    "localstack-process-executor": ROOT / "infra" / "local" / "localstack_process_executor",
}
"""Our distributions that LocalStack loads, with their folders in the work tree."""

RESOLVED = "2026-02-28"
"""The day as of which the requirements were resolved: what builds a package is no newer."""

Make = Callable[[Path], None]
"""Makes a part of the environment in an empty folder."""


@dataclass(frozen=True)
class Environment:
    """What LocalStack runs in.

    Attributes
    ----------
    packages
        The virtual environment with LocalStack and what it needs.
    plugins
        A folder with our plug-ins, to be put on Python's path.
    kinesis
        A folder with the Kinesis server in ``node_modules``.
    node
        A folder with the ``node`` that runs it.
    """

    packages: Path
    plugins: Path
    kinesis: Path
    node: Path

    @property
    def python(self) -> Path:
        """The interpreter that runs LocalStack."""
        return self.packages / "bin" / "python"


def ensure(base: Path = BUILD / "localstack") -> Environment:
    """Return the environment, made now if it is not there.

    Two processes that want it at once do not build it twice: one waits for the other.

    Parameters
    ----------
    base
        Where its parts lie.

    Raises
    ------
    PythonMissing
        There is no Python that it could be made with.
    EnvironmentFailed
        A tool that makes it failed.
    """
    with _building():
        made = Environment(
            packages=once(
                base, "packages", [REQUIREMENTS, pythons.WANTED], _packages, whole=_has_python
            ),
            plugins=once(base, "plugins", [*PLUGINS.values(), REQUIREMENTS], _install_plugins),
            kinesis=once(base, "kinesis", [KINESIS], _kinesis),
            node=node.folder(),
        )
        # Older plug-ins stay: they are small, and a container that has them cannot be seen.
        remove_older(made.packages, made.kinesis)
        return made


def plugins(base: Path = BUILD / "localstack") -> Path:
    """Return the folder with our plug-ins, made now if it is not there.

    A LocalStack in a container loads them where the folder is mounted and on ``PYTHONPATH``.

    Parameters
    ----------
    base
        Where it lies.

    Raises
    ------
    EnvironmentFailed
        A tool that makes it failed.
    """
    with _building():
        return once(base, "plugins", [*PLUGINS.values(), REQUIREMENTS], _install_plugins)


def once(
    base: Path,
    name: str,
    inputs: Sequence[Path | str],
    make: Make,
    whole: Callable[[Path], bool] = Path.exists,
) -> Path:
    """Return a part of the environment, made if there is no whole one.

    Parameters
    ----------
    base
        The folder that the parts lie in.
    name
        What the part is called.
    inputs
        What it is made from.
    make
        Makes it, in a folder that exists and is empty.
    whole
        Says of a folder that was made whether it can still be used; if not, it is made again.
    """
    wanted = stamp.digest(inputs)
    folder = base / f"{name}-{wanted[:12]}"
    done = folder / ".bellpair-stamp"
    if not (stamp.is_current(done, wanted) and whole(folder)):
        print(f"localstack: making its {name}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        stamp.write(done, wanted)
    return folder


def remove_older(*current: Path) -> None:
    """Remove the parts of the same names that no process on this machine was started with.

    Parameters
    ----------
    current
        Folders of parts, as `once` returns them; they stay.
    """
    older = [
        folder
        for kept in current
        for folder in kept.parent.glob(f"{kept.name.rpartition('-')[0]}-*")
        if folder != kept
    ]
    if not older:
        return
    said = list(_said_to_processes())
    for folder in older:
        if not any(str(folder) in words for words in said):
            shutil.rmtree(folder, ignore_errors=True)


def _said_to_processes() -> Iterator[str]:
    """The words and settings of each process, as far as they may be read."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            yield "\n".join(process.cmdline())
        with suppress(psutil.Error, OSError):
            yield "\n".join(process.environ().values())


def _has_python(folder: Path) -> bool:
    """Whether the Python that an environment was made from is still there."""
    return (folder / "bin" / "python").exists()


def _packages(folder: Path) -> None:
    python = pythons.find()
    _run([uv.executable(), "venv", "--quiet", "--allow-existing", "-p", python, folder])
    _run(
        [
            *(uv.executable(), "pip", "install", "--quiet", "--require-hashes", "--no-deps"),
            # The work tree's own constraints are not for this.
            "--no-config",
            *("--build-constraints", REQUIREMENTS, "--exclude-newer", RESOLVED),
            *("--python", folder / "bin" / "python", "-r", REQUIREMENTS),
        ]
    )


def _install_plugins(folder: Path) -> None:
    _run(
        [
            *(uv.executable(), "pip", "install", "--quiet", "--no-deps", "--no-config"),
            # uv would take a wheel that it built before, unless the project file is another.
            *(word for name in PLUGINS for word in ("--refresh-package", name)),
            # Theirs may name the workspace that they are developed in.
            "--no-sources",
            # What builds them is locked too.
            *("--build-constraints", REQUIREMENTS),
            *("--python", sys.executable, "--python-version", pythons.WANTED),
            *("--target", folder, *PLUGINS.values()),
        ]
    )


@contextmanager
def _building() -> Iterator[None]:
    """Keep a second builder waiting, and say what to do where a tool is missing."""
    with stamp.lock("localstack"):
        try:
            yield
        except (uv.UvMissing, node.NodeMissing) as error:
            raise EnvironmentFailed(str(error), "Run `make setup`, then this again.") from error


def _kinesis(folder: Path) -> None:
    for file in ("package.json", "package-lock.json"):
        shutil.copy(KINESIS / file, folder)
    _run(
        [
            *(*node.npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"),
            *("--no-update-notifier", "--ignore-scripts"),
        ],
        folder,
        node.environment(),
    )


def _run(
    command: Sequence[object],
    folder: Path = ROOT,
    settings: Mapping[str, str] | None = None,
) -> None:
    given = dict(os.environ if settings is None else settings)
    for unwanted in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        given.pop(unwanted, None)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=given,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        tool = Path(str(command[0])).name
        raise EnvironmentFailed(
            f"{tool} failed with status {done.returncode}:\n{done.stdout.strip()}",
            "Check the network and the package indexes' settings, and run it again; "
            "what was half made is made anew.",
        )
