"""Prepare the images of workers whose libraries no layers hold; build them where Docker is.

``python -m toolchain.images [--base IMAGE] [--json]``. An image's packages are installed here, from
the same lock and by the same hands as a layer's, and the build only copies them: what is checked
is what is shipped, and it needs no network.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolchain import artifacts, build_layers, deployed, imports, sizes, stamp, uv
from toolchain.deployed import DeployedFunction
from toolchain.layers import MEGABYTE, ON_AWS, WORKER_PACKAGES, WORKER_WITHOUT, Layer
from toolchain.stamp import ROOT

BASE = f"public.ecr.aws/lambda/python:{ON_AWS}"
"""AWS's own image for Lambda. ``--base`` takes it by digest, which fixes it."""


@dataclass(frozen=True)
class Image:
    """A worker's image.

    Parameters
    ----------
    name
        Its repository's last word.
    content
        Its packages, held to a budget as a layer's are.
    dockerfile
        From the work tree.
    function
        The folder of its handler, from the work tree.
    preload
        What its stage should have it load before any run.
    """

    name: str
    content: Layer
    dockerfile: str
    function: str
    preload: tuple[str, ...]

    @property
    def context(self) -> Path:
        """The folder that the image is built from."""
        return self.content.folder


IMAGES = (
    Image(
        "worker-braket",
        Layer(
            "braket",
            # Ten times as much would be allowed, and would be loaded at each cold start.
            budget=700 * MEGABYTE,
            packages=WORKER_PACKAGES,
            left_out=("rich", "typer"),
            without=WORKER_WITHOUT,
            services=(),
            ballast=(".lock", "bin"),
            python=ON_AWS,
        ),
        dockerfile="layers/braket/Dockerfile",
        function="functions/worker",
        preload=("numpy", "braket.aws", "braket.circuits", "braket.devices"),
    ),
)


def inputs_of(image: Image) -> str:
    """Return the digest of all that an image's build context is made from."""
    sources = [ROOT / image.dockerfile, ROOT / image.function]
    return stamp.digest([*sources, build_layers.inputs_of(image.content)])


def tag_of(image: Image, base: str) -> str:
    """Return what an image is called when it is built now: another content has another name."""
    return f"bellpair/{image.name}:{stamp.digest([inputs_of(image), base])[:12]}"


def prepare(image: Image) -> Path:
    """Leave the image's build context, and return its folder.

    Raises
    ------
    LayerBroken
        Its packages cannot be installed.
    """
    context, wanted = image.context, inputs_of(image)
    done = context.with_name(f"{image.name}.stamp")
    with stamp.lock(f"image-{image.name}"):
        if stamp.is_current(done, wanted):
            return context
        done.unlink(missing_ok=True)
        print(f"preparing image {image.name}", file=sys.stderr, flush=True)
        shutil.rmtree(context, ignore_errors=True)
        build_layers.fill(image.content)
        shutil.copytree(
            ROOT / image.function, context / "task", ignore=shutil.ignore_patterns("__pycache__")
        )
        shutil.copy(ROOT / image.dockerfile, context / "Dockerfile")
        stamp.write(done, wanted)
    return context


def function_of(image: Image) -> DeployedFunction:
    """Return the function that a prepared image makes: a worker of the stage ``prod`` otherwise.

    Raises
    ------
    subprocess.CalledProcessError, AssemblyUnreadable
        That stage cannot be synthesized.
    """
    workers = deployed.functions(artifacts.synthesized("prod"))
    model = next(worker for worker in workers if imports.PRELOAD in worker.variables)
    preload = ",".join(("bellpair.functions.engine", *image.preload))
    return replace(
        model,
        name=image.name,
        code=image.context / "task",
        layers=(image.content,),
        variables={**model.variables, imports.PRELOAD: preload},
    )


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="images", description=__doc__.partition("\n")[0])
    parser.add_argument("--base", default=BASE, help="the image to build on, best by its digest")
    parser.add_argument("--json", action="store_true", help="print the sizes for machines")
    arguments = parser.parse_args()
    told = []
    try:
        for image in IMAGES:
            context = prepare(image)
            weight = sizes.Weight(
                image.name,
                image.content.python,
                unzipped=sizes.tree_bytes(context),
                zipped=0,
                limit=image.content.budget,
                heaviest=sizes.heaviest(context / "python"),
            )
            problems = [*sizes.too_heavy([weight]), *_unimportable(image)]
            for problem in problems:
                print(f"images: {problem}", file=sys.stderr)
            if problems:
                return 1
            tag = built(image, arguments.base)
            told.append({**weight.as_json(), "context": str(context), "image": tag})
    except (build_layers.LayerBroken, uv.UvMissing, deployed.AssemblyUnreadable) as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    print(json.dumps(told, indent=2) if arguments.json else "\n".join(map(_line, told)))
    return 0


def built(image: Image, base: str) -> str | None:
    """Build a prepared image where a Docker engine answers; returns its tag, or None.

    Raises
    ------
    subprocess.CalledProcessError
        The build failed; Docker has said why.
    """
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "info"], capture_output=True, check=False).returncode
    ):
        return None
    tag = tag_of(image, base)
    subprocess.run(
        [
            # Lambda takes a plain image and no index, which an attestation would make of it.
            *(docker, "build", "--platform", "linux/amd64", "--provenance=false"),
            *("--build-arg", f"BASE={base}", "--build-arg", "SOURCE_DATE_EPOCH=0"),
            *("--tag", tag, str(image.context)),
        ],
        stdout=sys.stderr,
        check=True,
    )
    return tag


def _unimportable(image: Image) -> list[str]:
    known = image.context.with_name(f"{image.name}.imports.json")
    try:
        return [str(broken) for broken in imports.check([function_of(image)], known)]
    except imports.PythonMissing as error:
        print(f"images: NOT CHECKED that {image.name} imports: {error}", file=sys.stderr)
        return []


def _line(told: dict[str, Any]) -> str:
    made = f"built as {told['image']}" if told["image"] else "not built: no Docker engine answers"
    return f"{told['name']}: {sizes.megabytes(told['unzipped'])} MB in {told['context']}; {made}"


if __name__ == "__main__":
    sys.exit(main())
