"""The CDK app: a stage's parameters in, a cloud assembly out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import App

from bellpair_cdk.function import Workshop
from bellpair_cdk.rules import hold_to_rules
from bellpair_cdk.stacks import compose
from bellpair_cdk.stage import CONFIGURATION, load
from toolchain.build_layers import LayerBroken, is_built
from toolchain.layers import Layer, layers_for
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


def built(layer: Layer) -> Path:
    """Return a layer's archive.

    Raises
    ------
    LayerBroken
        It was not built, or from something older, or was damaged since.
    """
    if is_built(layer):
        return layer.archive
    state = "is not what its sources give" if layer.archive.exists() else "is missing"
    raise LayerBroken(
        f"layer {layer.name} for Python {layer.python}: {layer.archive} {state}; run `make layers`"
    )


def app(
    stage_name: str,
    outdir: Path | None,
    sources: Sources,
    *,
    checked: bool = True,
    active: str | None = None,
) -> App:
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
    active
        The region that is active now, which is deployed last; left out, the stage's first.

    Raises
    ------
    bellpair_cdk.stage.StageUnknown
        The configuration has no such stage, or its pair no such region.
    toolchain.build_layers.LayerBroken
        A layer is not there.
    """
    stage = load(stage_name, sources.configuration)
    made = App(outdir=str(outdir) if outdir else None, analytics_reporting=False)
    workshop = Workshop(
        functions=sources.functions,
        staging=BUILD / "functions" / stage_name,
        layers={name: built(layer) for name, layer in layers_for(stage.python).items()},
    )
    compose(made, stage, workshop, sources.machines, active=stage.active(active))
    if checked:
        hold_to_rules(made, stage)
    return made
