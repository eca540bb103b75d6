"""From sources to a running application: synthesize, deploy, prepare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bellpair_local import application, assembly, control
from bellpair_local.blob_repair import repair_all
from bellpair_local.deployment import Deployer, read_assembly
from bellpair_local.target import Target
from bellpair_local.topology import DEPLOYED_FILE, Topology
from bellpair_local.whole_file import write_whole

Progress = Callable[[str], None]


def roll_out(target: Target, progress: Progress) -> None:
    """Deploy the application, or the target's template in its place, to a running cloud.

    The record of what is deployed is written last: while it is missing, the cloud counts as
    undeployed.

    Raises
    ------
    LocalCloudError
        If synthesis, deployment or preparation fails.
    """
    if target.template is None:
        progress("Synthesizing the stacks (half a minute where something has changed)")
    directory = (target.template or assembly.synthesize()).resolve()
    stacks = read_assembly(directory, target.account)
    deployer = _deployer(target, progress)
    outputs = deployer.deploy(stacks)
    if target.template is None:
        progress("Making keys and loading the devices")
        regions = {stack.id: stack.region for stack in stacks}
        application.prepare(target, deployer, assembly.STAGE, outputs, regions)
        application.register_workers(deployer, assembly.STAGE, target.pair[0])
    for region in target.pair:
        application.start_sentinel(deployer, assembly.STAGE, region)
    write_whole(target.state_dir / DEPLOYED_FILE, str(directory))


def restore(topology: Topology, region: str, progress: Progress) -> None:
    """Deploy what was deployed last to a region that has come back empty.

    Its HTTP API has the address that it had before, and keys stay valid: they are in the
    catalogue, which the region has got from its peer.

    Raises
    ------
    LocalCloudError
        If the deployment fails.
    """
    try:
        directory = Path((topology.state_dir / DEPLOYED_FILE).read_text())
    except FileNotFoundError:
        return
    stacks = read_assembly(directory, topology.account)
    _deployer(topology.target, progress).deploy([s for s in stacks if s.region == region])


def open_to_callers(topology: Topology, region: str) -> None:
    """Let a region that has come back answer everybody, and its sentinel watch again.

    Raises
    ------
    LocalCloudError
        If the region does not answer.
    """
    control.call(topology.member(region), "PUT", "/_local/open")
    if (topology.state_dir / DEPLOYED_FILE).exists():
        deployer = _deployer(topology.target, lambda name: None)
        application.start_sentinel(deployer, assembly.STAGE, region)


def repair_blobs(topology: Topology, region: str) -> dict[str, Any] | None:
    """Have a healthy region's sweeper copy the blobs that its peer lost.

    Returns
    -------
    dict or None
        What became of them, see :func:`repair_all`; None if the application has no sweeper.

    Raises
    ------
    LocalCloudError
        If the region cannot be asked for its functions.
    """
    deployer = _deployer(topology.target, lambda name: None)
    function = f"bellpair-{assembly.STAGE}-sweep"
    if not application.is_deployed(deployer, function, region):
        return None
    return repair_all(lambda event: application.invoke(deployer, function, region, event))


def _deployer(target: Target, progress: Progress) -> Deployer:
    return Deployer(target, lambda name: progress(f"Deploying {name}"))
