"""From sources to a running application: synthesize, deploy, prepare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bellpair_local import application, assembly
from bellpair_local.deployment import Deployer, read_assembly
from bellpair_local.topology import Topology


def roll_out(topology: Topology, template: Path | None, progress: Callable[[str], None]) -> None:
    """Deploy the application, or the cloud assembly in `template`, to a running cloud.

    Raises
    ------
    LocalCloudError
        If synthesis, deployment or preparation fails.
    """
    if template is None:
        progress("Synthesizing the stacks (half a minute where something has changed)")
    directory = template or assembly.synthesize()
    stacks = read_assembly(directory, topology.account)
    deployer = Deployer(
        topology,
        topology.cache_dir / "assets",
        lambda name: progress(f"Deploying {name}"),
    )
    outputs = deployer.deploy(stacks)
    if template is None:
        progress("Making keys and loading the devices")
        regions = {stack.id: stack.region for stack in stacks}
        application.prepare(topology, deployer, assembly.STAGE, outputs, regions)
