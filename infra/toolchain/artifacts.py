"""Build what a stage deploys to Lambda, weigh it, and import each function inside only its layers.

``python -m toolchain.artifacts [--stage prod] [--json]``. What has not changed since it was found
good is not built, synthesized or imported again. It ends with 1 where something is wrong, and with
3 where nothing is, but no interpreter of the functions' Python is there to import them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from toolchain import deployed, imports, sizes
from toolchain.ci import NOT_HERE
from toolchain.deployed import DeployedFunction
from toolchain.layers import layers_for
from toolchain.stamp import BUILD, ROOT

GIVEN = {"local": {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}}
"""What a cloud gives every function beside what its template says, by stage."""


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="artifacts", description=__doc__.partition("\n")[0])
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--json", action="store_true", help="print the sizes for machines")
    arguments = parser.parse_args()
    try:
        assembly = synthesized(arguments.stage)
        functions = [
            replace(it, variables={**it.variables, **GIVEN.get(arguments.stage, {})})
            for it in deployed.functions(assembly)
        ]
        return report(functions, BUILD / "imports" / f"{arguments.stage}.json", arguments.json)
    except (deployed.AssemblyUnreadable, sizes.LayerMissing) as error:
        print(f"layers: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        # It has said itself what is wrong.
        return int(error.returncode)


def synthesized(stage: str) -> Path:
    """Return a stage's assembly, synthesized from its layers, both built where they have changed.

    Raises
    ------
    subprocess.CalledProcessError
        It cannot be; the command has said why.
    """
    words = [sys.executable, str(ROOT / "infra" / "cdk" / "synth.py"), "--stage", stage]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Path(said.strip().splitlines()[-1])


def report(functions: list[DeployedFunction], known: Path, as_json: bool) -> int:
    """Print what functions weigh with their layers, and what is wrong; returns the exit status.

    That is `NOT_HERE` where nothing is wrong but imports could not be tried.

    Raises
    ------
    LayerMissing
        See there.
    """
    pythons = sorted({function.python for function in functions if function.code is not None})
    layers = [sizes.weigh_layer(layer) for py in pythons for layer in layers_for(py).values()]
    weights = sizes.weigh_functions(functions)
    problems = list(sizes.too_heavy([*layers, *weights]))
    notes = [f"{it.name} is the image {it.image}" for it in functions if it.image]
    unchecked = None
    try:
        problems += map(str, imports.check(functions, known))
        notes.append(f"{len(weights)} functions import inside only their layers")
    except imports.PythonMissing as error:
        unchecked = f"NOT CHECKED that functions import inside their layers: {error}"
    if as_json:
        content = {"layers": layers, "functions": weights}
        told = {name: [weight.as_json() for weight in held] for name, held in content.items()}
        notes += [unchecked] if unchecked else []
        print(json.dumps({**told, "notes": notes, "problems": problems}, indent=2))
    else:
        print(sizes.table(layers, weights), "", *([] if problems else notes), sep="\n")
    for problem in problems:
        print(f"layers: {problem}", file=sys.stderr)
    if unchecked:
        print(f"layers: {unchecked}", file=sys.stderr)
    return 1 if problems else NOT_HERE if unchecked else 0


if __name__ == "__main__":
    sys.exit(main())
