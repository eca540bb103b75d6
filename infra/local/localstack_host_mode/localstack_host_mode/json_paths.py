"""Has each JSONPath of state machines parsed once, where LocalStack parses it at each use."""

from __future__ import annotations

from functools import lru_cache

_PATHS_MAX = 4096
"""Paths that are remembered; state machines have few, and use them at every state."""


def install() -> None:
    """Remember what LocalStack's state machines have parsed; nothing changes a parsed path."""
    from localstack.services.stepfunctions.asl.component.common.path import result_path
    from localstack.services.stepfunctions.asl.utils import json_path

    # They parse with different dialects of one package.
    for module in (json_path, result_path):
        module.parse = lru_cache(_PATHS_MAX)(module.parse)
