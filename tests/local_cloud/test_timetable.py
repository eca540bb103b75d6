"""Scheduled rules. Last in this folder: most of the minute has passed when it is looked at."""

from __future__ import annotations

import pytest

from .conftest import SmallCloud, eventually

pytestmark = pytest.mark.integration


def test_a_rule_beats_each_minute(small_cloud: SmallCloud) -> None:
    assert eventually(lambda: small_cloud.catalogue("us-east-1", "beat"), seconds=150)
