"""Checks of what was synthesized, by the tools that know CloudFormation and the States Language."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bellpair_cdk.definition import substituted
from toolchain import node
from toolchain.stamp import ROOT

CFN_LINT = Path(sys.executable).with_name("cfn-lint")
ASL_VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"

NOT_FOLLOWED = {
    "W3005": "CDK states every function's dependency on its role, implied or not.",
    "W3660": "The gateway's refusals stand beside the API's body; rules.py says why.",
}
"""cfn-lint's rules that are not followed, and why."""


def templates(assembly: Path) -> list[Path]:
    """Return an assembly's templates."""
    return sorted(assembly.glob("*.template.json"))


def lint(paths: list[Path], region: str) -> list[str]:
    """Return what cfn-lint says against the templates of one region."""
    answer = subprocess.run(
        [
            *(str(CFN_LINT), "--format", "parseable", "--regions", region),
            *("--ignore-checks", *NOT_FOLLOWED, "--", *map(str, paths)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]


def state_machines(template: Path) -> Iterator[tuple[str, str]]:
    """Yield the logical name and the filled-in definition of a template's state machines."""
    resources: dict[str, Any] = json.loads(template.read_text())["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            properties = resource["Properties"]
            words = {
                place: f"arn:aws:lambda:us-east-1:123456789012:function:{place}"
                for place in properties.get("DefinitionSubstitutions", {})
            }
            yield name, substituted(properties["DefinitionString"], words)


def validate(definition: str) -> list[str]:
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
        return []
    return (answer.stdout + answer.stderr).splitlines() or ["asl-validator failed in silence"]


def findings(assembly: Path) -> list[str]:
    """Return everything that is wrong with an assembly; nothing means that it is fit."""
    found: list[str] = []
    by_region: dict[str, list[Path]] = {}
    for path in templates(assembly):
        region = "-".join(path.name.removesuffix(".template.json").split("-")[-3:])
        by_region.setdefault(region, []).append(path)
    for region, paths in by_region.items():
        found += lint(paths, region)
        for path in paths:
            for name, definition in state_machines(path):
                found += [f"{path.name} {name}: {line}" for line in validate(definition)]
    return found
