"""All themes together, and the tools that others made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from bellpair_cdk.review import (
    api,
    encryption,
    keeping,
    linting,
    machines,
    nag,
    rights,
    tags,
    template,
    versions,
)
from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Template
from bellpair_cdk.stage import Stage


def review(assembly: Path, stage: Stage) -> list[Finding]:
    """Return everything that is wrong with a stage's assembly; nothing means that it is fit."""
    templates = template.read(assembly)
    return sorted({*by_ourselves(templates, stage), *by_tools(assembly, templates)})


def by_ourselves(templates: list[Template], stage: Stage) -> Iterator[Finding]:
    """Yield what our own themes find."""
    yield from chain(
        rights.review(templates),
        encryption.review(templates),
        keeping.review(templates, stage),
        api.review(templates, stage),
        versions.review(templates, stage),
        tags.review(templates, stage.name),
    )


def by_tools(assembly: Path, templates: list[Template]) -> Iterator[Finding]:
    """Yield what cdk-nag, asl-validator and cfn-lint find."""
    yield from nag.review(assembly)
    yield from machines.review(templates)
    for region in sorted({found.region for found in templates}):
        files = [path for path in template.paths(assembly) if f"-{region}." in path.name]
        yield from linting.lint(files, region)
