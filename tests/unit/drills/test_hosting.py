"""One drill at a time on a cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellpair_local.cloud import LocalCloud
from bellpair_local.drills.hosting import alone_on
from bellpair_local.failures import LocalCloudError


def test_a_second_drill_on_a_cloud_is_refused_until_the_first_is_over(tmp_path: Path) -> None:
    cloud = LocalCloud("c", tmp_path)

    with alone_on(cloud), pytest.raises(LocalCloudError, match="Another drill"), alone_on(cloud):
        pass
    with alone_on(cloud):
        pass
