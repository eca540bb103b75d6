"""What layers and functions weigh, against their budgets and Lambda's limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.deployed import DeployedFunction
from toolchain.layers import FUNCTION_LIMIT, MEGABYTE, Layer

DIRECT_UPLOAD = 50 * MEGABYTE
"""What Lambda's own API takes, zipped, in bytes; what is larger must come from S3.

CDK brings every asset through S3, so that more is worth knowing and no fault.
"""


class LayerMissing(RuntimeError):
    """A layer was not built; says which, and what to do."""


@dataclass(frozen=True)
class Weight:
    """What a layer or a function weighs.

    Parameters
    ----------
    name, python
        Whose it is, and for which Python.
    unzipped, zipped
        Bytes; a function's unzipped ones are with its layers, the zipped ones its code's alone.
    limit
        What it may weigh unzipped, in bytes.
    holds
        A function's layers, by name.
    heaviest
        The largest things in it with their unzipped bytes, largest first.
    """

    name: str
    python: str
    unzipped: int
    zipped: int
    limit: int
    holds: tuple[str, ...] = ()
    heaviest: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        """The part of its limit that it takes."""
        return self.unzipped / self.limit

    @property
    def upload(self) -> str:
        """How it can come to Lambda: ``direct`` or only through ``s3``."""
        return "direct" if self.zipped <= DIRECT_UPLOAD else "s3"

    def as_json(self) -> dict[str, Any]:
        """Return it for machines; sizes are bytes."""
        return {
            "name": self.name,
            "python": self.python,
            "layers": list(self.holds),
            "unzipped": self.unzipped,
            "zipped": self.zipped,
            "limit": self.limit,
            "share": round(self.share, 3),
            "upload": self.upload,
            "heaviest": dict(self.heaviest),
        }


def weigh_layer(layer: Layer) -> Weight:
    """Return what a built layer weighs.

    Raises
    ------
    LayerMissing
        It was not built.
    """
    if not layer.archive.exists():
        raise LayerMissing(
            f"layer {layer.name} for Python {layer.python} was not built: {layer.archive} is "
            "missing; run `make layers`"
        )
    return Weight(
        name=layer.name,
        python=layer.python,
        unzipped=tree_bytes(layer.folder),
        zipped=layer.archive.stat().st_size,
        limit=layer.budget,
        heaviest=heaviest(layer.folder / "python"),
    )


def weigh_functions(functions: Iterable[DeployedFunction]) -> list[Weight]:
    """Return what those functions that are no images weigh, with their layers.

    Raises
    ------
    LayerMissing
        A layer was not built.
    """
    packaged = [function for function in functions if function.code is not None]
    # Functions share layers, each of thousands of files.
    used = {layer for function in packaged for layer in function.layers}
    layers = {layer: weigh_layer(layer) for layer in used}
    return [_weigh(function, [layers[layer] for layer in function.layers]) for function in packaged]


def _weigh(function: DeployedFunction, layers: list[Weight]) -> Weight:
    assert function.code is not None
    parts = [part for weight in layers for part in weight.heaviest]
    return Weight(
        name=function.name,
        python=function.python,
        unzipped=tree_bytes(function.code) + sum(layer.unzipped for layer in layers),
        zipped=_zipped(function.code),
        limit=FUNCTION_LIMIT,
        holds=tuple(layer.name for layer in function.layers),
        heaviest=_largest([("its own code", tree_bytes(function.code)), *parts]),
    )


def too_heavy(weights: Iterable[Weight]) -> Iterator[str]:
    """Yield a line for each that is past its limit, with what to do about it."""
    for weight in weights:
        if weight.unzipped <= weight.limit:
            continue
        largest = ", ".join(f"{name} {megabytes(size)}" for name, size in weight.heaviest)
        whose = f"function {weight.name}" if weight.holds else f"layer {weight.name}"
        remedy = (
            "give it fewer layers, make it an image (docs/operations/images.md), or remove from "
            "the layers what it does not import"
            if weight.holds
            else "leave out what no function imports (BALLAST, left_out in "
            "infra/toolchain/layers.py), or raise the budget while its functions stay under "
            f"{megabytes(FUNCTION_LIMIT)} MB"
        )
        yield (
            f"{whose} weighs {megabytes(weight.unzipped)} MB of {megabytes(weight.limit)}; the "
            f"largest in it, in MB: {largest}. {remedy[0].upper()}{remedy[1:]}."
        )


def heaviest(folder: Path) -> tuple[tuple[str, int], ...]:
    """Return the five largest things in a folder with their bytes, largest first."""
    return _largest((path.name, tree_bytes(path)) for path in folder.iterdir())


def tree_bytes(path: Path) -> int:
    """Return what the files of a folder weigh, or a file, in bytes."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def megabytes(size: int) -> str:
    """Return bytes as millions of them, with one digit behind the point."""
    return f"{size / MEGABYTE:.1f}"


def table(layers: Iterable[Weight], functions: Iterable[Weight]) -> str:
    """Return the sizes as text for people."""
    head = f"{'Python':>8}{'unzipped':>10}{'limit':>8}{'':6}{'zipped':>8}  upload  layers"
    lines = [f"{'layer, in MB':32}{head.removesuffix('  layers')}"]
    lines += [_line(weight) for weight in layers]
    lines += ["", f"{'function with its layers':32}{head}"]
    lines += [_line(weight) for weight in functions]
    return "\n".join(lines)


def _line(weight: Weight) -> str:
    unzipped = f"{megabytes(weight.unzipped):>10}{megabytes(weight.limit):>8}{weight.share:>6.0%}"
    zipped = f"{megabytes(weight.zipped):>8}  {weight.upload:8}{' + '.join(weight.holds)}"
    return f"{weight.name:32}{weight.python:>8}{unzipped}{zipped}".rstrip()


def _zipped(code: Path) -> int:
    """Return what CDK's archive of a function's code weighs, about, in bytes."""
    if code.is_file():
        return code.stat().st_size
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in code.rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(code).as_posix())
    return written.tell()


def _largest(parts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(parts, key=lambda part: -part[1])[:5])
