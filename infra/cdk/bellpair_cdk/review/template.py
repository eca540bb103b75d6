"""A synthesized template as data, and what of it several themes ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

_SUFFIX = ".template.json"
PLACEHOLDERS = {
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Resource:
    """A resource of a template.

    Parameters
    ----------
    template
        The name of its stack.
    logical_id
        Its name in there.
    body
        All that the template says of it.
    """

    template: str
    logical_id: str
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its type."""
        kind: str = self.body["Type"]
        return kind

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its properties; none of them may be there."""
        properties: Mapping[str, Any] = self.body.get("Properties", {})
        return properties


@dataclass(frozen=True)
class Statement:
    """An allowing statement of a role's policies.

    Parameters
    ----------
    role
        The role, or the policy itself where it belongs to none of the template.
    owner
        What bears the role: a function's name without the stage's prefix, or the role's
        logical id where no function does.
    body
        The statement.
    """

    role: Resource
    owner: str
    body: Mapping[str, Any]

    @property
    def actions(self) -> list[str]:
        """What it allows."""
        return listed(self.body.get("Action", []))

    @property
    def resources(self) -> list[str]:
        """What it allows it on."""
        return listed(self.body.get("Resource", []))

    def allows(self, *actions: str) -> list[str]:
        """Return those of these actions that it allows, by name or by a pattern of it."""
        return [
            action
            for action in actions
            if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)
        ]

    @property
    def partitions(self) -> list[str]:
        """Patterns of the partitions of a table that it is about; ``*`` where it names none."""
        condition: Mapping[str, Any] = self.body.get("Condition", {})
        named = [
            pattern
            for operator in ("ForAllValues:StringLike", "ForAllValues:StringEquals")
            for pattern in listed(condition.get(operator, {}).get("dynamodb:LeadingKeys", []))
        ]
        return named or ["*"]


@dataclass(frozen=True)
class Template:
    """A stack's template.

    Parameters
    ----------
    name
        The stack's name.
    body
        The template.
    guarded
        Whether the stack is protected against being deleted.
    """

    name: str
    body: Mapping[str, Any]
    guarded: bool = False

    @property
    def region(self) -> str:
        """The region that it is deployed in."""
        return "-".join(self.name.split("-")[-3:])

    def resources(self, *kinds: str) -> Iterator[Resource]:
        """Yield its resources, all or those of these types."""
        for logical_id, body in self.body.get("Resources", {}).items():
            if not kinds or body["Type"] in kinds:
                yield Resource(self.name, logical_id, body)

    @cached_property
    def bearers(self) -> dict[str, str]:
        """The logical id of a role -> the function that bears it, without the stage's prefix."""
        return {
            target(function.properties.get("Role")): short_name(function)
            for function in self.resources("AWS::Lambda::Function")
        }

    def statements(self) -> Iterator[Statement]:
        """Yield every allowing statement of every role."""
        for role in self.resources("AWS::IAM::Role"):
            owner = self.bearers.get(role.logical_id, role.logical_id)
            for policy in role.properties.get("Policies", []):
                yield from _allowing(policy["PolicyDocument"], role, owner)
        for policy in self.resources("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            roles = [target(role) for role in policy.properties.get("Roles", [])]
            for role_id in roles or [policy.logical_id]:
                owner = self.bearers.get(role_id, role_id)
                yield from _allowing(policy.properties["PolicyDocument"], policy, owner)


def read(assembly: Path) -> list[Template]:
    """Return the templates of a cloud assembly."""
    manifest: dict[str, Any] = json.loads((assembly / "manifest.json").read_text())
    guarded = {
        artifact["properties"]["templateFile"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
        and artifact["properties"].get("terminationProtection")
    }
    return [
        Template(
            path.name.removesuffix(_SUFFIX), json.loads(path.read_text()), path.name in guarded
        )
        for path in paths(assembly)
    ]


def paths(assembly: Path) -> list[Path]:
    """Return the files of an assembly's templates."""
    return sorted(assembly.glob(f"*{_SUFFIX}"))


def short_name(function: Resource) -> str:
    """Return a function's name without the stage's prefix; its logical id where it has none."""
    name = text(function.properties.get("FunctionName"))
    return name.split("-", 2)[2] if isinstance(name, str) else function.logical_id


def text(value: Any) -> Any:
    """Return a template's value with account and partition filled in, where it is text."""
    if isinstance(value, dict):
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return separator.join(map(_part, parts))
        if "Ref" in value:
            return PLACEHOLDERS.get(value["Ref"], f"<{value['Ref']}>")
        if "Fn::GetAtt" in value:
            return f"<{'.'.join(value['Fn::GetAtt'])}>"
    return value


def _part(value: Any) -> str:
    found = text(value)
    return f"<{found}>" if isinstance(found, dict) else str(found)


def listed(value: Any) -> list[Any]:
    """Return a policy's actions or resources as a list of texts."""
    return [text(item) for item in (value if isinstance(value, list) else [value])]


def target(value: Any) -> str:
    """Return the logical id that a ``Ref`` or ``Fn::GetAtt`` is about, or nothing."""
    if isinstance(value, dict):
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            return str(value["Fn::GetAtt"][0])
    return ""


def mentioned(value: Any) -> Iterator[str]:
    """Yield every logical id that a value refers to, wherever in it."""
    if isinstance(value, dict):
        if found := target(value):
            yield found
        for inner in value.values():
            yield from mentioned(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from mentioned(inner)


def _allowing(document: Mapping[str, Any], role: Resource, owner: str) -> Iterator[Statement]:
    statements = document["Statement"]
    for body in statements if isinstance(statements, list) else [statements]:
        if body["Effect"] == "Allow":
            yield Statement(role, owner, body)
