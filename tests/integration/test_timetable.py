"""Scheduled rules. Last in this folder: most of the minute has passed when it is looked at."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Small
from tests.polling import eventually

pytestmark = pytest.mark.integration


def test_a_rule_beats_each_minute(small: Small) -> None:
    assert eventually(lambda: small.catalogue("us-east-1", "beat"), within_s=150)
