"""Makes tenants and keys for those whom IAM lets invoke it, above all the first operator's."""

from __future__ import annotations

import os
from typing import Any

from bellpair_core.composition import World
from bellpair_core.logic.tenants.tenant_command import tenant_command

WORLD = World.from_environment(os.environ)


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Carry out one command; see `tenant_command`."""
    return tenant_command(WORLD.catalogue, WORLD.clock, event)
