"""The Lambda layers: what each is made of, and what it may weigh.

`toolchain.build_layers` makes them: a folder ``build/layers/python<version>/<name>/python`` and
an archive ``<name>.zip`` beside it, which is what is deployed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.stamp import BUILD

MEGABYTE = 1_000_000
FUNCTION_LIMIT = 250 * MEGABYTE
"""What Lambda allows a function with all its layers, unzipped, in bytes.

AWS counts in 1,048,576 bytes; we keep to the smaller number.
"""

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python that runs this, and functions in the local cloud."""

ON_AWS = "3.13"
"""The Python of functions on AWS, and of images; `HERE` is that of the local cloud's functions."""

PLATFORM = "x86_64-manylinux_2_34"
"""Amazon Linux 2023, which AWS's runtimes have from Python 3.12 on; Amazon Linux 2 is 2.26."""

SERVICES = (
    "braket",
    "dynamodb",
    "events",
    "lambda",
    "s3",
    "secretsmanager",
    "sqs",
    "ssm",
    "sso",
    "sso-oidc",
    "stepfunctions",
    "sts",
)
"""The services whose descriptions botocore keeps: those that functions call, and sign-in."""


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
    services
        The services whose descriptions botocore keeps; empty, all.
    ballast
        Patterns of files that are removed.
    python
        The Python that it is for.
    """

    name: str
    budget: int
    packages: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    services: tuple[str, ...] = SERVICES
    ballast: tuple[str, ...] = BALLAST
    python: str = HERE

    @property
    def shelf(self) -> Path:
        """Where the layers for this Python are."""
        return BUILD / "layers" / f"python{self.python}"

    @property
    def folder(self) -> Path:
        """Where the unzipped layer is, with ``python/`` in it."""
        return self.shelf / self.name

    @property
    def archive(self) -> Path:
        """Where the zipped layer is."""
        return self.shelf / f"{self.name}.zip"


WORKER_PACKAGES = ("layers/worker/bellpair_worker", "sdk/bellpair")
"""A user's module may import the client that it is deployed with."""

WORKER_WITHOUT = ("cli", "plot.py", "samples.py")
"""What the command line alone needs of the client."""

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
            packages=WORKER_PACKAGES,
            # The command line's libraries; numpy is in the layer that a worker has beside this.
            left_out=("numpy", "rich", "typer"),
            without=WORKER_WITHOUT,
        ),
        Layer("numeric", budget=70 * MEGABYTE, below=("worker",)),
    )
}

TOGETHER = (("core", "quantum"), ("worker", "quantum"), ("worker", "numeric"))
"""The layers that functions have together: nothing is in two of them, and they fit."""


def layers_for(python: str) -> dict[str, Layer]:
    """Return every layer by its name, for a version of Python such as ``3.13``."""
    return {name: replace(layer, python=python) for name, layer in LAYERS.items()}
