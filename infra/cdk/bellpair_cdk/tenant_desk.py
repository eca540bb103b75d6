"""The tenant desk: operators make tenants and their first keys, before any key exists."""

from __future__ import annotations

from constructs import Construct

from bellpair_cdk.access import Accesses
from bellpair_cdk.function import PlatformFunction, SharedLayers, Workshop
from bellpair_cdk.names import Names

TENANT_PARTITIONS = ("TENANT#*", "KEY#*")
"""The catalogue's partitions that hold tenants and the hashes of their keys."""


class TenantDesk(Construct):
    """A function that only someone with the account's own rights can call."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        workshop: Workshop,
        layers: SharedLayers,
        accesses: Accesses,
    ) -> None:
        super().__init__(scope, id)
        PlatformFunction(
            self,
            "Tenants",
            name="tenants",
            names=names,
            workshop=workshop,
            layers=[layers["core"]],
            accesses=[
                accesses.read_catalogue(),
                accesses.write_catalogue(*TENANT_PARTITIONS),
                accesses.know_devices(),
            ],
        )
