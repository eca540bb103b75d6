"""The CDK command line's entry: ``cdk synth -c stage=local|dev|prod``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[1:1] = [str(Path(__file__).parents[1])]

from aws_cdk import App

from bellpair_cdk.assembly import Sources, app

stage = App().node.try_get_context("stage") or "local"
app(stage, None, Sources()).synth()
