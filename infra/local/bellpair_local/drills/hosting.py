"""Holds a drill on a cloud: find or start it, make a tenant, hold the drill, leave all in order."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from bellpair_local.cloud import LocalCloud
from bellpair_local.drills.catalogue import Drill, held
from bellpair_local.drills.own_cloud import Wanted, a_cloud, client_file
from bellpair_local.drills.plan import Plan
from bellpair_local.drills.progress import progress_on
from bellpair_local.drills.rehearsal import Rehearsal
from bellpair_local.drills.report import Report
from bellpair_local.drills.site import open_site
from bellpair_local.failures import LocalCloudError
from bellpair_local.interruptions import interruptible


def hold_on_a_cloud(
    drill: Drill, plan: Plan, wanted: Wanted, console: Console, *, heal: bool = True
) -> Report:
    """Hold a drill on the cloud that is wanted.

    Parameters
    ----------
    console
        Told how it goes.
    heal
        Whether a killed region is brought back.

    Raises
    ------
    LocalCloudError
        If there is no cloud that is well, or something cannot be broken or mended.
    BellpairError
        If the platform does not answer where it must.
    """
    with (
        interruptible(),
        progress_on(console) as progress,
        a_cloud(wanted, progress.said) as (cloud, own),
        alone_on(cloud),
    ):
        site = open_site(cloud, client_file(cloud), drill.name)
        mend = wanted.keep or not own
        with Rehearsal(site, plan, progress, mend=mend, heal=heal) as rehearsal:
            return held(drill, rehearsal, plan)


@contextmanager
def alone_on(cloud: LocalCloud) -> Iterator[None]:
    """Keep other drills off the cloud: each would count what the other breaks, and mend it.

    Raises
    ------
    LocalCloudError
        If another drill is being held on it.
    """
    with open(cloud.state_dir / "drill-lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalCloudError(
                f"Another drill is being held on the local cloud {cloud.name!r}.",
                "Wait for its end, or hold this one on a cloud of its own, with another --name.",
            ) from None
        yield
