"""Tags: what everything costs is told by stage and by capability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from bellpair_cdk.cost_tags import CAPABILITY, STAGE
from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Resource, Template


def review(templates: list[Template], stage_name: str) -> Iterator[Finding]:
    """Find resources that could bear the tags and do not."""
    for template in templates:
        for resource in template.resources():
            for place, tags in _bearing(resource, template.region):
                missing = [key for key in (STAGE, CAPABILITY) if key not in tags]
                if missing:
                    yield Finding(
                        template.name,
                        resource.logical_id,
                        "tags/missing",
                        f"{place} has no tag {' and '.join(missing)}; add it to its construct",
                    )
                elif tags[STAGE] != stage_name:
                    yield Finding(
                        template.name,
                        resource.logical_id,
                        "tags/stage",
                        f"{place} bears {STAGE} = {tags[STAGE]}, and is of {stage_name}",
                    )


def _bearing(resource: Resource, region: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the places of a resource that can bear tags, with the tags that are there."""
    if resource.kind == "AWS::DynamoDB::GlobalTable":
        for replica in resource.properties["Replicas"]:
            yield f"the replica in {replica['Region']}", _tags(replica.get("Tags"))
    elif place := _place(resource.kind, region):
        yield "it", _tags(resource.properties.get(place))


@cache
def _place(kind: str, region: str) -> str | None:
    """Return the property in which a type bears tags, as CloudFormation's schema has it."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    tagging: Mapping[str, Any] = schema.get("tagging", {})
    if not tagging.get("taggable"):
        return None
    return str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2]


def _tags(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return value
    return {tag["Key"]: tag["Value"] for tag in value or ()}
