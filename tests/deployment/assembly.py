"""A cloud assembly, read as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from bellpair_cdk.review import template
from bellpair_cdk.review.machines import definitions
from bellpair_cdk.review.template import listed, text

__all__ = ["Assembly", "Resource", "definition", "listed", "text"]


class Resource(NamedTuple):
    """A resource of a template, with the place where it stands."""

    place: str
    kind: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """What was synthesized for one stage."""

    folder: Path

    @cached_property
    def templates(self) -> list[template.Template]:
        """Its templates."""
        return template.read(self.folder)

    def resources(self, kind: str | None = None, *, within: str = "") -> Iterator[Resource]:
        """Yield the resources of all templates, or of one type, or of some stacks."""
        for found in self.templates:
            if within not in found.name:
                continue
            for resource in found.resources(*([kind] if kind else [])):
                place = f"{found.name}/{resource.logical_id}"
                yield Resource(place, resource.kind, dict(resource.properties))

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
    (whole,) = (
        text
        for found in assembly.templates
        if stack in found.name
        for name, text in definitions(found)
        if machine in name
    )
    return whole
