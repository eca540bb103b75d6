"""Build the Lambda layers: locked wheels for Amazon Linux, our packages, bytecode, and no ballast.

Each is made once per state of its inputs. Bytecode can be written by an interpreter of the
layer's own version alone; where the machine has none, the layer goes without, and that is said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from toolchain import interpreters, sizes, stamp, uv
from toolchain.layers import LAYERS, PLATFORM, Layer
from toolchain.stamp import ROOT

PACKAGE_ROOT = "/opt/python"
"""Where Lambda puts a layer's packages; the name that tracebacks show."""


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
        What it is made of cannot be installed, or our package in it is no valid Python.
    """
    wanted = inputs_of(layer)
    with stamp.lock(f"layer-{layer.name}-{layer.python}"):
        if is_built(layer, wanted):
            return layer.archive
        _say(layer, "is being built")
        _stamp(layer).unlink(missing_ok=True)
        fill(layer)
        _zip(layer)
        _check(layer)
        stamp.write(_stamp(layer), wanted)
    return layer.archive


def is_built(layer: Layer, wanted: str | None = None) -> bool:
    """Say whether a layer's archive is there, whole, and made from today's inputs.

    Parameters
    ----------
    wanted
        The inputs' digest, where it is known.
    """
    # An archive's list of contents stands at its end, so one that was cut off has none.
    return stamp.is_current(_stamp(layer), wanted or inputs_of(layer)) and zipfile.is_zipfile(
        layer.archive
    )


def _stamp(layer: Layer) -> Path:
    return layer.shelf / f"{layer.name}.stamp"


def fill(layer: Layer) -> None:
    """Make the layer's folder, whatever is there.

    Raises
    ------
    LayerBroken
        See `build`.
    """
    target = layer.folder / "python"
    _dependencies(layer, target)
    _own_packages(layer, target)
    _prune(layer, target)
    _compile(layer, target)


def inputs_of(layer: Layer) -> str:
    """Return the digest of all that a layer is made from."""
    sources = [ROOT / "layers" / layer.name, *(ROOT / package for package in layer.packages)]
    has_bytecode = interpreters.find(layer.python) is not None
    rules = repr((layer, PLATFORM, has_bytecode))
    return stamp.digest([*sources, ROOT / "uv.lock", Path(__file__), rules])


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
    listing = layer.shelf / f"{layer.name}.requirements.txt"
    text = requirements(layer)
    kept = layer.shelf / f".{layer.name}.wheels"
    wanted = stamp.digest([text, PLATFORM, layer.python])
    if not stamp.is_current(kept / "stamp", wanted):
        shutil.rmtree(kept, ignore_errors=True)
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text(text)
        try:
            install(listing, kept / "python", python=layer.python)
        except subprocess.CalledProcessError as error:
            raise LayerBroken(
                f"layer {layer.name}: what {listing} lists cannot be installed (see above); "
                "check the network and the package index, then run `make layers` again"
            ) from error
        stamp.write(kept / "stamp", wanted)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(kept / "python", target, copy_function=os.link)


def install(listing: Path, target: Path, *, python: str) -> None:
    """Install what a file lists with hashes into a folder: wheels for Lambda, and nothing else.

    Raises
    ------
    subprocess.CalledProcessError
        Something has no such wheel, or another hash, or cannot be fetched.
    """
    subprocess.run(
        [
            *(str(uv.executable()), "pip", "install", "--quiet", "--no-deps"),
            *("--require-hashes", "--only-binary=:all:", "--no-python-downloads"),
            *("--python-version", python, "--python-platform", PLATFORM),
            *("--target", str(target), "--link-mode=copy", "-r", str(listing)),
        ],
        # In the work tree the lock's own constraints would count too, and those have no hashes.
        cwd="/",
        check=True,
    )


def _own_packages(layer: Layer, target: Path) -> None:
    for package in map(Path, layer.packages):
        shutil.copytree(
            ROOT / package,
            target / package.name,
            ignore=shutil.ignore_patterns("__pycache__", *layer.without),
        )


def _prune(layer: Layer, target: Path) -> None:
    for pattern in layer.ballast:
        for path in list(target.glob(pattern)):
            _remove(path)
    descriptions = target / "botocore" / "data"
    if layer.services and descriptions.is_dir():
        for service in descriptions.iterdir():
            if service.is_dir() and service.name not in layer.services:
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
    interpreter = interpreters.find(layer.python)
    if interpreter is None:
        _say(
            layer,
            f"has no bytecode, so that functions start slowly: no Python {layer.python} is on "
            "this machine; install one, and run `make layers` again, before you deploy",
        )
        return
    words = [
        *(str(interpreter), "-S", "-E", "-m", "compileall", "-q", "-j", "0"),
        *("-s", str(target), "-p", PACKAGE_ROOT, "--invalidation-mode", "unchecked-hash"),
    ]
    # Some wheels carry files that are no Python of this version; ours must not.
    subprocess.run([*words, str(target)], check=False, capture_output=True)
    for package in layer.packages:
        own = subprocess.run([*words, str(target / Path(package).name)], check=False)
        if own.returncode:
            raise LayerBroken(f"{package} does not compile; the lines above name the file")


def _check(layer: Layer) -> None:
    for problem in sizes.too_heavy([sizes.weigh_layer(layer)]):
        raise LayerTooLarge(problem)


def _say(layer: Layer, what: str) -> None:
    print(f"layer {layer.name} for Python {layer.python} {what}", file=sys.stderr, flush=True)


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
