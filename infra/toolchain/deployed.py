"""What a synthesized stage deploys to Lambda: each function with its code, layers and variables.

The assembly is the one account of which function has which layers: it is read here, and nowhere
is it said a second time.
"""

from __future__ import annotations

import filecmp
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.layers import Layer, layers_for

ACCOUNT = "123456789012"
"""Stands for the account that an assembly does not name."""


class AssemblyUnreadable(RuntimeError):
    """An assembly is not whole, or not of today's layers; the message says what to do."""


@dataclass(frozen=True)
class DeployedFunction:
    """A Lambda function as its template has it.

    Parameters
    ----------
    name, region, handler
        As Lambda has them; the handler is empty for an image.
    python
        Its runtime's version, such as ``3.13``; empty for an image.
    code
        The folder or archive that is deployed, or None for an image.
    layers
        In the function's order.
    variables
        Its environment, with other resources' names filled in.
    memory_mb, timeout_s
        Its memory in MiB and its time limit in seconds.
    image
        Its container image, where it is one.
    """

    name: str
    region: str
    handler: str
    python: str
    code: Path | None
    layers: tuple[Layer, ...]
    variables: Mapping[str, str]
    memory_mb: int
    timeout_s: int
    image: str | None = None

    @property
    def arn(self) -> str:
        """Its name in full, in an account that stands for any."""
        return f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{self.name}"

    @property
    def import_path(self) -> tuple[Path, ...]:
        """The folders that it imports from: its code, then its layers, the last one first."""
        assert self.code is not None, f"{self.name} is an image"
        return (self.code, *(layer.folder / "python" for layer in reversed(self.layers)))


def functions(assembly: Path, region: str | None = None) -> list[DeployedFunction]:
    """Return the functions of one region of an assembly, by name.

    Parameters
    ----------
    region
        Left out, the first that the assembly deploys to: the others have the same functions.

    Raises
    ------
    AssemblyUnreadable
        Something that a function needs is missing, or a layer was built anew since.
    """
    stacks = list(_stacks(assembly))
    wanted = region or (stacks[0].region if stacks else "")
    found = [function for stack in stacks if stack.region == wanted for function in stack.read()]
    if not found:
        raise AssemblyUnreadable(f"{assembly} has no function in {wanted or 'any region'}")
    return sorted(found, key=lambda function: function.name)


def _stacks(assembly: Path) -> Iterator[_Stack]:
    manifest = assembly / "manifest.json"
    if not manifest.exists():
        raise AssemblyUnreadable(f"{manifest} is missing; synthesize the stage with `make synth`")
    for artifact in json.loads(manifest.read_text())["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            template = assembly / artifact["properties"]["templateFile"]
            yield _Stack(template, region=artifact["environment"].rpartition("/")[2])


class _Stack:
    def __init__(self, template: Path, region: str) -> None:
        self.region = region
        self._template = template
        self._resources: dict[str, Any] = json.loads(template.read_text())["Resources"]
        listing = template.with_name(template.name.replace(".template.", ".assets."))
        files = json.loads(listing.read_text())["files"] if listing.exists() else {}
        self._assets: dict[str, Path] = {
            destination["objectKey"]: template.parent / file["source"]["path"]
            for file in files.values()
            for destination in file["destinations"].values()
            if "path" in file["source"]
        }

    def read(self) -> Iterator[DeployedFunction]:
        for properties in self._of_type("AWS::Lambda::Function").values():
            image = properties.get("PackageType") == "Image"
            name = self._text(properties["FunctionName"])
            python = str(properties.get("Runtime", "")).removeprefix("python")
            variables = properties.get("Environment", {}).get("Variables", {})
            yield DeployedFunction(
                name=name,
                region=self.region,
                handler=properties.get("Handler", ""),
                python=python,
                code=None if image else self._asset(properties["Code"], f"function {name}"),
                layers=tuple(
                    self._layer(reference["Ref"], python)
                    for reference in properties.get("Layers", ())
                ),
                variables={key: self._text(value) for key, value in variables.items()},
                memory_mb=properties.get("MemorySize", 128),
                timeout_s=properties.get("Timeout", 3),
                image=self._text(properties["Code"]["ImageUri"]) if image else None,
            )

    def _of_type(self, kind: str) -> dict[str, Any]:
        return {
            name: resource.get("Properties", {})
            for name, resource in self._resources.items()
            if resource["Type"] == kind
        }

    def _asset(self, content: dict[str, Any], whose: str) -> Path:
        """Return what is deployed for a resource, by the key that it has in the assets' bucket."""
        key = self._text(content["S3Key"])
        path = self._assets.get(key)
        if path is None or not path.exists():
            raise AssemblyUnreadable(
                f"{whose} in {self._template.name}: its asset {key} is not in "
                f"{self._template.parent}; remove that folder and synthesize again"
            )
        return path

    def _layer(self, resource: str, python: str) -> Layer:
        """Return the layer that was built into this asset."""
        asset = self._asset(
            self._of_type("AWS::Lambda::LayerVersion")[resource]["Content"], f"layer {resource}"
        )
        for layer in layers_for(python).values():
            if layer.archive.exists() and filecmp.cmp(asset, layer.archive, shallow=False):
                return layer
        raise AssemblyUnreadable(
            f"layer {resource} in {self._template.name} is none of those that are built for "
            f"Python {python}; remove {self._template.parent} and synthesize again"
        )

    def _text(self, value: Any) -> str:
        """Return a template's value as text; what only a deployment knows is named after itself."""
        if not isinstance(value, dict):
            return str(value)
        ((intrinsic, argument),) = value.items()
        match intrinsic:
            case "Ref":
                return self._pseudo(argument) or f"{argument}"
            case "Fn::GetAtt":
                return ".".join(argument)
            case "Fn::Join":
                separator, parts = argument
                return str(separator).join(self._text(part) for part in parts)
            case "Fn::Sub" if isinstance(argument, str):
                return re.sub(r"\$\{([^}]+)\}", lambda name: self._text({"Ref": name[1]}), argument)
            case "Fn::ImportValue":
                return self._text(argument)
        raise AssemblyUnreadable(
            f"{self._template.name} has {intrinsic}, which is not read here; "
            f"teach it to {Path(__file__).name}"
        )

    def _pseudo(self, name: str) -> str | None:
        return {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": self.region,
            "AWS::URLSuffix": "amazonaws.com",
        }.get(name)
