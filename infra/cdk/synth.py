"""Synthesize a stage without the CDK command line; prints the assembly's folder.

``python infra/cdk/synth.py --stage local [--out DIR]``. When nothing it is made
from has changed since the last time, the assembly that is there is kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).parents[1])]

from bellpair_cdk.stage import CONFIGURATION, Stage, StageUnknown, load
from toolchain import node, stamp
from toolchain.build_layers import LayerBroken, build, inputs_of
from toolchain.layers import layers_for
from toolchain.stamp import BUILD, ROOT, files_below


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="synth", description=__doc__.partition("\n")[0])
    parser.add_argument("--stage", default="local")
    parser.add_argument("--out", type=Path, help="default: build/cdk.out/<stage>")
    parser.add_argument("--functions", type=Path, default=ROOT / "functions")
    parser.add_argument("--unchecked", action="store_true", help="leave out the security rules")
    parser.add_argument("--active", help="the active region, deployed last; default: the first")
    parser.add_argument("--cli", action="store_true", help="go through CDK's command line")
    arguments = parser.parse_args()
    try:
        stage = load(arguments.stage, ROOT / CONFIGURATION)
        active = stage.active(arguments.active)
    except StageUnknown as error:
        print(f"synth: {error}", file=sys.stderr)
        return 2
    out: Path = (arguments.out or BUILD / "cdk.out" / arguments.stage).resolve()
    os.environ.update(node.environment())
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
    with stamp.lock(f"synth-{arguments.stage}"):
        # Whatever became of an archive since the last time, it is there again before it is used.
        for layer in layers_for(stage.python).values():
            build(layer)
        wanted = inputs(
            stage,
            arguments.functions,
            checked=not arguments.unchecked,
            active=active,
        )
        done = out.with_name(out.name + ".stamp")
        if not (stamp.is_current(done, wanted) and (out / "manifest.json").exists()):
            done.unlink(missing_ok=True)
            part = out.with_name(out.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            print(f"synthesizing {arguments.stage}", file=sys.stderr, flush=True)
            if arguments.cli:
                _through_the_command_line(stage, part, active)
            else:
                _synthesize(arguments, part, active)
            shutil.rmtree(out, ignore_errors=True)
            part.rename(out)
            stamp.write(done, wanted)
    print(out)
    return 0


def inputs(stage: Stage, functions: Path, *, checked: bool, active: str) -> str:
    """Return the digest of everything that a stage's assembly is made from."""
    return stamp.digest(
        [
            *(functions, ROOT / "statemachines", ROOT / "samplesconfig.toml"),
            *(
                path
                for path in files_below(ROOT / "infra" / "cdk")
                if not _REVIEWS & set(path.parts)
            ),
            ROOT / "uv.lock",
            *(inputs_of(layer) for layer in layers_for(stage.python).values()),
            *(stage.name, str(checked), active),
        ]
    )


_REVIEWS = {"review", "review.py"}
"""What looks at an assembly, and has no part in it."""


def _synthesize(arguments: argparse.Namespace, out: Path, active: str) -> None:
    # These start a Node process when they are imported, so not before Node is on the path.
    from bellpair_cdk.assembly import Sources, app

    app(
        arguments.stage,
        out,
        Sources(functions=arguments.functions),
        checked=not arguments.unchecked,
        active=active,
    ).synth()


def _through_the_command_line(stage: Stage, out: Path, active: str) -> None:
    words = ["cdk", "synth", "--quiet", "--no-notices", "-o", str(out)]
    words += ["-c", f"stage={stage.name}", "-c", f"active={active}"]
    answer = subprocess.run(
        words,
        cwd=Path(__file__).parent,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if answer.returncode:
        sys.stderr.write(answer.stdout)
        raise SystemExit(answer.returncode)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LayerBroken as error:
        sys.exit(f"synth: {error}")
