"""The CDK app: a stage's parameters in, a cloud assembly out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import App

from bellpair_cdk.function import Workshop
from bellpair_cdk.rules import hold_to_rules
from bellpair_cdk.stacks import compose
from bellpair_cdk.stage import CONFIGURATION, load
from toolchain.build_layers import build
from toolchain.layers import layers_for
from toolchain.stamp import BUILD, ROOT


@dataclass(frozen=True)
class Sources:
    """Where the app's inputs are.

    Parameters
    ----------
    functions
        The folder with one folder per function.
    machines
        The folder with the state machines.
    configuration
        The file with the stages.
    """

    functions: Path = ROOT / "functions"
    machines: Path = ROOT / "statemachines"
    configuration: Path = ROOT / CONFIGURATION


def app(stage_name: str, outdir: Path | None, sources: Sources, *, checked: bool = True) -> App:
    """Return the app of a stage, ready to be synthesized.

    Parameters
    ----------
    stage_name
        A stage of the configuration.
    outdir
        Where the assembly goes; ``None`` leaves it to the CDK command line.
    sources
        Where the inputs are.
    checked
        Whether the security rules are applied.

    Raises
    ------
    bellpair_cdk.stage.StageUnknown
        The configuration has no such stage.
    """
    stage = load(stage_name, sources.configuration)
    made = App(outdir=str(outdir) if outdir else None, analytics_reporting=False)
    workshop = Workshop(
        functions=sources.functions,
        staging=BUILD / "functions" / stage_name,
        layers={name: build(layer) for name, layer in layers_for(stage.python).items()},
    )
    compose(made, stage, workshop, sources.machines)
    if checked:
        hold_to_rules(made, stage)
    return made
