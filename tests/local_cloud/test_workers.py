"""Lambda workers of the local cloud, and who may tell what."""

from __future__ import annotations

import pytest

from .conftest import SmallCloud

pytestmark = pytest.mark.integration


def test_killed_workers_are_replaced(small_cloud: SmallCloud) -> None:
    small_cloud.invoke({})
    with small_cloud.edge("us-east-1") as edge:
        lost = edge.request("DELETE", "/_local/workers", json={"fraction": 1}).json()["workers"]
    assert lost
    assert small_cloud.invoke({"n": 2})["event"] == {"n": 2}


def test_nobody_speaks_for_a_service_but_braket_s_emulators(small_cloud: SmallCloud) -> None:
    refused = small_cloud.aws("events").put_events(
        Entries=[{"Source": "aws.s3", "DetailType": "x", "Detail": "{}"}]
    )
    assert refused["FailedEntryCount"] == 1
