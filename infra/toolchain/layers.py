"""Build the Lambda layers: locked wheels for Amazon Linux, our package, bytecode, and no ballast.

Run ``python -m toolchain.layers`` for all of them. Each layer becomes a folder
``build/layers/<name>/python`` and an archive ``build/layers/<name>.zip`` (what is
deployed), made once per state of its inputs.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain import stamp, uv
from toolchain.stamp import BUILD, ROOT

MEGABYTE = 1_000_000
FUNCTION_LIMIT = 250 * MEGABYTE
"""What Lambda allows a function with all its layers, unzipped, in bytes."""

PYTHON = "3.11"
PLATFORM = "x86_64-manylinux_2_34"

SERVICES = (
    "braket",
    "dynamodb",
    "events",
    "lambda",
    "s3",
    "sqs",
    "sso",
    "sso-oidc",
    "stepfunctions",
    "sts",
)
"""The services whose descriptions botocore keeps: those that functions call, and sign-in."""


@dataclass(frozen=True)
class Layer:
    """What a layer is made of.

    Parameters
    ----------
    name
        Its folder under ``layers/``, with its requirements.
    budget
        The most it may weigh unzipped, in bytes; the budgets of the layers that a
        function has together (`TOGETHER`) stay under Lambda's limit, with room for
        the function itself.
    packages
        Our own packages in it, as folders of the work tree.
    left_out
        Distributions that a function never imports, left out with what only
        they need.
    below
        The layers of which every user of this one has one too: what all of them hold
        is not held twice.
    without
        Patterns of files of our own packages that are not needed.
    """

    name: str
    budget: int
    packages: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the unzipped layer is, with ``python/`` in it."""
        return BUILD / "layers" / self.name

    @property
    def archive(self) -> Path:
        """Where the zipped layer is."""
        return BUILD / "layers" / f"{self.name}.zip"


LAYERS = {
    layer.name: layer
    for layer in (
        Layer(
            "core",
            budget=40 * MEGABYTE,
            packages=("layers/core/bellpair_core",),
            # Chalice's own command line; in a function only its router runs.
            left_out=("click", "inquirer", "pip", "pyyaml", "setuptools", "wheel"),
        ),
        Layer(
            "quantum",
            budget=205 * MEGABYTE,
            packages=("layers/quantum/bellpair_quantum",),
            below=("core", "worker"),
        ),
        Layer(
            "worker",
            budget=40 * MEGABYTE,
            # A user's module may import the client that it is deployed with.
            packages=("layers/worker/bellpair_worker", "sdk/bellpair"),
            # The command line's libraries; numpy is in the layer that a worker has beside this.
            left_out=("numpy", "rich", "typer"),
            without=("cli", "plot.py", "samples.py"),
        ),
        Layer("numeric", budget=70 * MEGABYTE, below=("worker",)),
    )
}

TOGETHER = (("core", "quantum"), ("worker", "quantum"), ("worker", "numeric"))
"""The layers that functions have together: nothing is in two of them, and they fit."""

BALLAST = (
    ".lock",
    "**/tests",
    "**/test",
    "bin",
    "boto3/examples",
    "numpy/_core/include",
    "**/*.pyi",
    "scipy/**/*.pyx",
    "scipy/**/*.pxd",
    # Qiskit compiles with scipy's linear algebra and optimisation, and not with these.
    "scipy/cluster",
    "scipy/datasets",
    "scipy/fftpack",
    "scipy/io",
    "scipy/ndimage",
    "scipy/odr",
    "scipy/signal",
    "scipy/stats",
    "chalice/[!_a]*",
    "chalice/a[!p]*",
    "chalice/api",
    "*.dist-info/RECORD",
    "*.dist-info/licenses/sbom*",
)
"""Patterns of files that are removed from a layer; shared libraries never are."""


class LayerBroken(RuntimeError):
    """A layer cannot be deployed as it is; the message says why and what to do."""


class LayerTooLarge(LayerBroken):
    """A layer weighs more than its budget."""


def build(layer: Layer) -> Path:
    """Make the layer if its inputs changed, and return its archive.

    Raises
    ------
    LayerTooLarge
        It weighs more than its budget.
    LayerBroken
        Our package in it is no valid Python.
    """
    sources = [ROOT / "layers" / layer.name, *(ROOT / package for package in layer.packages)]
    wanted = stamp.digest([*sources, ROOT / "uv.lock", Path(__file__)])
    done = BUILD / "layers" / f"{layer.name}.stamp"
    with stamp.lock(f"layer-{layer.name}"):
        if stamp.is_current(done, wanted) and layer.archive.exists():
            return layer.archive
        print(f"building layer {layer.name}", file=sys.stderr, flush=True)
        done.unlink(missing_ok=True)
        target = layer.folder / "python"
        _dependencies(layer, target)
        _own_packages(layer, target)
        _prune(target)
        _compile(layer, target)
        _check(layer)
        _zip(layer)
        stamp.write(done, wanted)
    return layer.archive


def weight(layer: Layer) -> int:
    """Return what a built layer weighs unzipped, in bytes."""
    return sum(file.stat().st_size for file in layer.folder.rglob("*") if file.is_file())


def requirements(layer: Layer) -> str:
    """Return the layer's locked requirements with hashes, in pip's format."""
    own = _export(layer)
    if not layer.below:
        return own
    held = set.intersection(
        *(
            {_distribution(block) for block in _blocks(_export(LAYERS[name]))}
            for name in layer.below
        )
    )
    return "".join(block for block in _blocks(own) if _distribution(block) not in held)


def _dependencies(layer: Layer, target: Path) -> None:
    """Install the requirements, and keep what is installed while they stay the same."""
    listing = BUILD / "layers" / f"{layer.name}.requirements.txt"
    text = requirements(layer)
    kept = BUILD / "layers" / f".{layer.name}.wheels"
    wanted = stamp.digest([text, PLATFORM, PYTHON])
    if not stamp.is_current(kept / "stamp", wanted):
        shutil.rmtree(kept, ignore_errors=True)
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text(text)
        subprocess.run(
            [
                *(str(uv.executable()), "pip", "install", "--quiet", "--no-deps"),
                *("--require-hashes", "--only-binary=:all:", "--no-python-downloads"),
                *("--python-version", PYTHON, "--python-platform", PLATFORM),
                *("--target", str(kept / "python"), "--link-mode=copy", "-r", str(listing)),
            ],
            cwd=ROOT,
            check=True,
        )
        stamp.write(kept / "stamp", wanted)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(kept / "python", target, copy_function=os.link)


def _own_packages(layer: Layer, target: Path) -> None:
    for package in map(Path, layer.packages):
        shutil.copytree(
            ROOT / package,
            target / package.name,
            ignore=shutil.ignore_patterns("__pycache__", *layer.without),
        )


def _prune(target: Path) -> None:
    for pattern in BALLAST:
        for path in list(target.glob(pattern)):
            _remove(path)
    descriptions = target / "botocore" / "data"
    if descriptions.is_dir():
        for service in descriptions.iterdir():
            if service.is_dir() and service.name not in SERVICES:
                _remove(service)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _compile(layer: Layer, target: Path) -> None:
    """Leave bytecode that is not checked against its source: a zip does not keep the times."""
    for cache in list(target.rglob("__pycache__")):
        shutil.rmtree(cache)
    options: dict[str, Any] = {
        "stripdir": str(target),
        "prependdir": "/opt/python",
        "invalidation_mode": py_compile.PycInvalidationMode.UNCHECKED_HASH,
    }
    compileall.compile_dir(target, quiet=2, workers=0, **options)
    # Some wheels carry files that are no Python of this version; ours must not.
    for package in layer.packages:
        if not compileall.compile_dir(target / Path(package).name, quiet=1, **options):
            raise LayerBroken(f"{package} does not compile; the lines above name the file")


def _check(layer: Layer) -> None:
    heavy = weight(layer)
    share = heavy / layer.budget
    print(
        f"layer {layer.name}: {heavy / MEGABYTE:.0f} MB, {share:.0%} of its budget", file=sys.stderr
    )
    if heavy > layer.budget:
        raise LayerTooLarge(
            f"layer {layer.name} weighs {heavy / MEGABYTE:.0f} MB "
            f"of {layer.budget / MEGABYTE:.0f}; look for the largest under "
            f"{layer.folder} and add what is not needed to BALLAST or "
            f"left_out in {Path(__file__).relative_to(ROOT)}"
        )


def _zip(layer: Layer) -> None:
    """Write an archive whose bytes depend on the files alone."""
    part = layer.archive.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for file in sorted(path for path in layer.folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(layer.folder).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if os.access(file, os.X_OK) else 0o644) << 16
            archive.writestr(entry, file.read_bytes())
    part.rename(layer.archive)


def _export(layer: Layer) -> str:
    prunes = [word for name in layer.left_out for word in ("--prune", name)]
    return subprocess.run(
        [
            *(str(uv.executable()), "export", "--quiet", "--frozen", "--no-dev", "--no-header"),
            *("--no-annotate", "--no-emit-workspace", "--package", f"bellpair-{layer.name}"),
            *prunes,
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _blocks(text: str) -> Iterator[str]:
    """Yield one requirement at a time, with its continuation lines."""
    block = ""
    for line in text.splitlines(keepends=True):
        if block and not line.startswith((" ", "\t")):
            yield block
            block = ""
        block += line
    if block:
        yield block


def _distribution(block: str) -> str:
    return block.partition("==")[0].strip()


def main() -> int:
    """Build every layer; returns the command's exit status."""
    try:
        for layer in LAYERS.values():
            build(layer)
            print(f"{layer.name}: {weight(layer) / MEGABYTE:.1f} MB {layer.archive}")
    except (LayerBroken, uv.UvMissing) as error:
        print(f"layers: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
