"""Ends the clouds of checks that were killed, which could not end them themselves."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bellpair_deploy_check.place import NAME
from bellpair_local.cloud import LocalCloud
from bellpair_local.failures import LocalCloudError
from bellpair_local.kept_cloud import LOCALSTACK_FILE
from bellpair_localstack.cloud import LocalStackCloud

PREFIX = "bellpair-deploy-check-"
"""How the directory of a check begins that was given none."""


def end_leftovers(parent: Path | None = None) -> list[Path]:
    """End what still runs of this user's checks, but for those that are going on.

    Parameters
    ----------
    parent
        Where the directories of checks are; by default where this machine keeps temporary files.

    Returns
    -------
    list of Path
        The directories of the checks whose clouds were ended. They stay: their logs tell more.
    """
    parent = parent or Path(tempfile.gettempdir())
    return [state for state in sorted(parent.glob(f"{PREFIX}*")) if _own(state) and _ended(state)]


def _own(state: Path) -> bool:
    return state.is_dir() and not state.is_symlink() and state.stat().st_uid == os.getuid()


def _ended(state: Path) -> bool:
    kind = LocalStackCloud if (state / LOCALSTACK_FILE).exists() else LocalCloud
    cloud = kind(NAME, state)
    if not cloud.alive():
        return False
    try:
        with cloud.exclusively():
            cloud.stop()
    except LocalCloudError:  # its check goes on
        return False
    return True
