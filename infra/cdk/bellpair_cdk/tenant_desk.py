"""The tenant desk: operators make tenants and their first keys, before any key exists."""

from __future__ import annotations

from constructs import Construct

from bellpair_cdk.function import Workbench


class TenantDesk(Construct):
    """A function that only someone with the account's own rights can call."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        bench.function(
            self,
            "Tenants",
            name="tenants",
            accesses=[bench.accesses.write_tenants()],
        )
