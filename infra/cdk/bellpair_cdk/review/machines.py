"""What asl-validator says of state machines."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from typing import Any

from bellpair_cdk.definition import substituted
from bellpair_cdk.review.finding import Finding
from bellpair_cdk.review.template import Template
from toolchain import node
from toolchain.stamp import ROOT

ASL_VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"


def review(templates: list[Template]) -> Iterator[Finding]:
    """Find state machines whose definition is none."""
    for template in templates:
        for logical_id, definition in definitions(template):
            for line in validate(definition):
                yield Finding(template.name, logical_id, "asl-validator", line)


def definitions(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the logical id and the filled-in definition of a template's state machines."""
    for machine in template.resources("AWS::StepFunctions::StateMachine"):
        properties: Any = machine.properties
        words = {
            place: f"arn:aws:lambda:us-east-1:123456789012:function:{place}"
            for place in properties.get("DefinitionSubstitutions", {})
        }
        yield machine.logical_id, substituted(properties["DefinitionString"], words)


@cache
def validate(definition: str) -> tuple[str, ...]:
    """Return what asl-validator says against a state machine's definition."""
    with tempfile.NamedTemporaryFile("w", suffix=".asl.json") as file:
        file.write(definition)
        file.flush()
        answer = subprocess.run(
            [str(ASL_VALIDATOR), "--json-path", file.name],
            env=node.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    if answer.returncode == 0:
        return ()
    lines = (answer.stdout + answer.stderr).splitlines()
    return tuple(lines) or ("asl-validator failed in silence",)
