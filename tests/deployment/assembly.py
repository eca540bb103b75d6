"""A cloud assembly, read as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bellpair_cdk.checks import state_machines, templates

PLACEHOLDERS = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}


class Resource(NamedTuple):
    """A resource of a template, with the place where it stands."""

    place: str
    kind: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """What was synthesized for one stage."""

    folder: Path

    def resources(self, kind: str | None = None, *, within: str = "") -> Iterator[Resource]:
        """Yield the resources of all templates, or of one type, or of some stacks."""
        for path in templates(self.folder):
            if within not in path.name:
                continue
            for name, body in json.loads(path.read_text())["Resources"].items():
                if kind in (None, body["Type"]):
                    place = f"{path.name.removesuffix('.template.json')}/{name}"
                    yield Resource(place, body["Type"], body.get("Properties", {}))

    def functions(self) -> Iterator[Resource]:
        """Yield every Lambda function."""
        yield from self.resources("AWS::Lambda::Function")

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every statement of every role's policies, with the role's place."""
        for role in self.resources("AWS::IAM::Role"):
            for policy in role.properties.get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield role.place, statement
        for policy in self.resources("AWS::IAM::Policy"):
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                yield policy.place, statement


def definition(assembly: Assembly, stack: str, machine: str = "") -> str:
    """Return the filled-in definition of a stack's state machine, by a part of its logical name."""
    (found,) = (
        text
        for path in templates(assembly.folder)
        if stack in path.name
        for name, text in state_machines(path)
        if machine in name
    )
    return found


def text(value: Any) -> Any:
    """Return a template's value with account and partition filled in, where it is text."""
    if isinstance(value, dict):
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return separator.join(str(text(part)) for part in parts)
        if "Ref" in value:
            return PLACEHOLDERS.get(value["Ref"], f"<{value['Ref']}>")
        if "Fn::GetAtt" in value:
            return f"<{'.'.join(value['Fn::GetAtt'])}>"
    return value


def listed(value: Any) -> list[Any]:
    """Return a policy's actions or resources as a list of texts."""
    return [text(item) for item in (value if isinstance(value, list) else [value])]
