"""A drill mends what it broke, however it ends, and knows what it has taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellpair_local.cloud import LocalCloud
from bellpair_local.drills.awaiting import explained
from bellpair_local.drills.evidence import Takeover
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.records import Operation
from bellpair_local.drills.rehearsal import Rehearsal
from bellpair_local.drills.site import Site
from bellpair_local.topology import Topology
from tests.unit.drills.seen import EAST, WEST, job


class Told:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def said(self, text: str) -> None:
        self.lines.append(text)

    def passing(self, text: str) -> None:
        """Not of interest."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A platform that nobody asks for anything."""
    cloud = LocalCloud("c", tmp_path)
    topology = Topology.plan("c", tmp_path, tmp_path, 20_000)
    endpoints = {EAST: "http://127.0.0.1:1/east", WEST: "http://127.0.0.1:1/west"}
    return Site(cloud, topology, endpoints, "bp_operator", "bp_user", "drill-test", "run")


def test_what_is_broken_is_mended_on_an_interruption_the_last_first(site: Site) -> None:
    mended: list[str] = []
    told = Told()

    def interrupted() -> None:
        with Rehearsal(site, Plan(8, 1.0, 7), told) as drill:
            drill.breaks("a link", lambda: mended.append("a link"))
            drill.breaks("a region", lambda: mended.append("a region"))
            drill.breaks("a device", lambda: mended.append("a device"))
            drill.mends("a device")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert mended == ["a device", "a region", "a link"]
    assert told.lines == ["mending: a region", "mending: a link"]


def test_one_that_cannot_be_mended_keeps_no_other_from_being_mended(site: Site) -> None:
    mended: list[str] = []

    def fail() -> None:
        raise RuntimeError("it does not heal")

    def held() -> None:
        with Rehearsal(site, Plan(8, 1.0, 7), Told()) as drill:
            drill.breaks("a link", lambda: mended.append("a link"))
            drill.breaks("a region", fail)

    with pytest.raises(RuntimeError, match="does not heal"):
        held()
    assert mended == ["a link"]


def test_nothing_is_mended_on_a_cloud_that_is_taken_down_anyway(site: Site) -> None:
    mended: list[str] = []
    with Rehearsal(site, Plan(8, 1.0, 7), Told(), mend=False) as drill:
        drill.breaks("a link", lambda: mended.append("a link"))
    assert mended == []


def test_what_is_to_stay_broken_stays_so(site: Site) -> None:
    mended: list[str] = []
    with Rehearsal(site, Plan(8, 1.0, 7), Told()) as drill:
        drill.breaks("a region", lambda: mended.append("a region"))
        drill.leaves("a region")
    assert mended == []


def test_a_takeover_is_explained_by_the_operation_that_promoted_then(site: Site) -> None:
    operations = [
        Operation("earlier", "failover", "done", "", "", {"promoting": 1.0, "promoted": 1.1}),
        Operation("release", "release", "done", "", "", {"released": 11.0, "resumed": 11.1}),
        Operation("mine", "failover", "done", "", "", {"promoting": 13.0, "promoted": 13.1}),
        Operation("later", "failback", "done", "", "", {"paused": 20.0, "promoted": 21.0}),
    ]
    with Rehearsal(site, Plan(8, 1.0, 7), Told()) as drill:
        drill.pair.operations.update({each.id: each for each in operations})
        drill.takeovers.append(Takeover(10.0, WEST, 13.5, None))
        (explained_one,) = explained(drill)
    assert explained_one.operation is not None
    assert explained_one.operation.id == "mine"


def test_only_what_is_away_is_waited_for(site: Site) -> None:
    waiting = job("a", "executing", waiting_for="device ion-11 is offline")
    with Rehearsal(site, Plan(8, 1.0, 7), Told()) as drill:
        assert not drill.waits(waiting)
        drill.lose_device("ion-11")
        assert drill.waits(waiting)
        assert not drill.waits(None)
        drill.regain()
        assert not drill.waits(waiting)
