"""The CDK command line's entry: ``cdk synth -c stage=local|dev|prod [-c active=REGION]``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).parents[1])]

from aws_cdk import App

from bellpair_cdk.assembly import Sources, app
from bellpair_cdk.stage import StageUnknown
from toolchain.build_layers import LayerBroken

told = App().node
try:
    app(
        told.try_get_context("stage") or "local",
        None,
        Sources(),
        active=told.try_get_context("active"),
    ).synth()
except (StageUnknown, LayerBroken) as error:
    sys.exit(f"bellpair: {error}")
