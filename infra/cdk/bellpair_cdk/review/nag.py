"""What cdk-nag said when the stage was synthesized, and how it was answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bellpair_cdk.review.finding import Finding

REPORT = "validation-report.json"
WORDS = 3
"""The fewest words that can be a reason."""


def review(assembly: Path) -> Iterator[Finding]:
    """Find violations, suppressions without a reason, and an assembly that nobody looked at."""
    report = assembly / REPORT
    plugins = {
        plugin["pluginName"]: plugin
        for plugin in (json.loads(report.read_text())["pluginReports"] if report.exists() else ())
    }
    if "AwsSolutions" not in plugins:
        yield Finding(
            assembly.name,
            "",
            "cdk-nag/not-looked",
            "was synthesized without the security rules; run `make synth`",
        )
    for plugin in plugins.values():
        for violation in plugin.get("violations", ()):
            for template, logical_id in _places(violation):
                yield Finding(
                    template,
                    logical_id,
                    f"cdk-nag/{violation['ruleName']}",
                    violation.get("description", "breaks the rule"),
                )
        for suppressed in plugin.get("suppressedViolations", ()):
            if len(str(suppressed.get("reason", "")).split()) < WORDS:
                for template, logical_id in _places(suppressed):
                    yield Finding(
                        template,
                        logical_id,
                        f"cdk-nag/{suppressed['ruleName']}",
                        "is suppressed without a reason; say why in rules.py, or obey the rule",
                    )


def _places(violation: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the stacks and resources of a violation; a resource's path where that is all."""
    found = []
    for construct in violation.get("violatingConstructs", ()):
        stack, _, path = str(construct.get("constructPath", "")).partition("/")
        resource = construct.get("cloudFormationResource", {})
        found.append((stack, str(resource.get("logicalId", path))))
    return found or [("", "")]
