"""Review stages' templates: ``python infra/cdk/review.py [--json] STAGE…``.

Looks at the assemblies that `synth.py` left in ``build/cdk.out``. Exits with 1 where there are
findings and with 2 where there is nothing to look at. A stage that was found fit is not looked at
again while neither it nor the rules have changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).parents[1])]

from bellpair_cdk.review import nag, template, whole
from bellpair_cdk.review.finding import Finding
from bellpair_cdk.stage import CONFIGURATION, StageUnknown, load
from toolchain import stamp
from toolchain.stamp import BUILD, ROOT

STAGES = ("local", "dev", "prod")


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="review", description=__doc__.partition("\n")[0])
    parser.add_argument("stages", nargs="*", default=STAGES, metavar="STAGE")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--again", action="store_true", help="look at what was found fit, too")
    arguments = parser.parse_args()
    try:
        with ThreadPoolExecutor(2) as at_once:
            found = dict(
                zip(
                    arguments.stages,
                    at_once.map(
                        lambda stage: _review(stage, again=arguments.again), arguments.stages
                    ),
                    strict=True,
                )
            )
    except (StageUnknown, FileNotFoundError) as error:
        print(f"review: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps([one.as_dict() for stage in found.values() for one in stage], indent=2))
    else:
        for stage, findings in found.items():
            print(f"{stage}: {len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
            for one in findings:
                print(f"  {one}")
    return 1 if any(found.values()) else 0


def _review(name: str, *, again: bool) -> list[Finding]:
    """Return a stage's findings.

    Raises
    ------
    StageUnknown
        There is no such stage.
    FileNotFoundError
        It was not synthesized.
    """
    stage = load(name, ROOT / CONFIGURATION)
    assembly = BUILD / "cdk.out" / name
    if not (assembly / "manifest.json").exists():
        raise FileNotFoundError(f"stage {name} was not synthesized; run `make synth STAGES={name}`")
    fit = assembly.with_name(f"{name}.fit")
    wanted = stamp.digest(
        [
            *(*template.paths(assembly), assembly / "manifest.json", assembly / nag.REPORT),
            *(ROOT / "infra" / "cdk" / "bellpair_cdk" / "review", ROOT / CONFIGURATION),
            *(ROOT / "uv.lock", ROOT / "package-lock.json"),
        ]
    )
    if stamp.is_current(fit, wanted) and not again:
        return []
    found = whole.review(assembly, stage)
    if not found:
        stamp.write(fit, wanted)
    return found


if __name__ == "__main__":
    sys.exit(main())
