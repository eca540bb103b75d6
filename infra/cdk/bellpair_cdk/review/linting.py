"""What cfn-lint says of templates."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bellpair_cdk.review.finding import Finding

CFN_LINT = Path(sys.executable).with_name("cfn-lint")

NOT_FOLLOWED = {
    "W3005": "CDK states every function's dependency on its role, implied or not.",
    "W3660": "The gateway's refusals stand beside the API's body; rules.py says why.",
}
"""cfn-lint's rules that are not followed, and why."""

_SUFFIX = ".template.json"


def lint(paths: list[Path], region: str) -> Iterator[Finding]:
    """Yield what cfn-lint says against the templates of one region.

    Raises
    ------
    RuntimeError
        It could not look at them.
    """
    answer = subprocess.run(
        [
            *(str(CFN_LINT), "--format", "json", "--regions", region),
            *("--ignore-checks", *NOT_FOLLOWED, "--", *map(str, paths)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        matches = json.loads(answer.stdout or "[]")
    except ValueError:
        matches = None
    if matches is None or (answer.returncode and not matches):
        raise RuntimeError(f"cfn-lint failed: {(answer.stderr or answer.stdout).strip()}")
    for match in matches:
        path = match["Location"].get("Path") or []
        yield Finding(
            Path(match["Filename"]).name.removesuffix(_SUFFIX),
            str(path[1]) if len(path) > 1 and path[0] == "Resources" else "",
            f"cfn-lint/{match['Rule']['Id']}",
            match["Message"],
        )
