"""From sources to a running application: synthesize, deploy, prepare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bellpair_local import application, assembly
from bellpair_local.deployment import Deployer, read_assembly
from bellpair_local.topology import DEPLOYED_FILE, Topology

Progress = Callable[[str], None]


def roll_out(topology: Topology, template: Path | None, progress: Progress) -> None:
    """Deploy the application, or the cloud assembly in `template`, to a running cloud.

    Raises
    ------
    LocalCloudError
        If synthesis, deployment or preparation fails.
    """
    if template is None:
        progress("Synthesizing the stacks (half a minute where something has changed)")
    directory = (template or assembly.synthesize()).resolve()
    stacks = read_assembly(directory, topology.account)
    deployer = _deployer(topology, progress)
    outputs = deployer.deploy(stacks)
    (topology.state_dir / DEPLOYED_FILE).write_text(str(directory))
    if template is None:
        progress("Making keys and loading the devices")
        regions = {stack.id: stack.region for stack in stacks}
        application.prepare(topology, deployer, assembly.STAGE, outputs, regions)


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
    _deployer(topology, progress).deploy([s for s in stacks if s.region == region])


def _deployer(topology: Topology, progress: Progress) -> Deployer:
    return Deployer(
        topology, topology.cache_dir / "assets", lambda name: progress(f"Deploying {name}")
    )
