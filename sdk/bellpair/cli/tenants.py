"""``bellpair tenants``: who may use the platform."""

from __future__ import annotations

from typing import Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, examples
from bellpair.cli.session import Session
from bellpair.vocabulary import Role

app = typer.Typer(
    no_args_is_help=True,
    help="Make tenants; needs an operator's key.",
    epilog=examples("bellpair tenants create acme"),
)


keys = typer.Typer(
    no_args_is_help=True,
    help="Disable API keys; needs an operator's key or one of the tenant's admin.",
    epilog=examples("bellpair tenants keys disable acme 0a1b2c3d"),
)
app.add_typer(keys, name="keys")


@keys.callback()
def tenant_keys() -> None:
    """Disable API keys; needs an operator's key or one of the tenant's admin."""


@keys.command(epilog=examples("bellpair tenants keys disable acme 0a1b2c3d"))
def disable(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(help="Whose key it is.")],
    key_id: Annotated[str, typer.Argument(help="The part of the key after bp_.")],
    as_json: AsJson = False,
) -> None:
    """Disable an API key for good."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            client.disable_key(tenant, key_id)
        if as_json:
            terminal.print_json({"tenant": tenant, "key_id": key_id, "disabled": True})
            return
        terminal.stderr().print(
            f"Key {key_id} of tenant {tenant} is disabled; it may be let in for a minute more."
        )


@app.callback()
def tenants() -> None:
    """Make tenants; needs an operator's key."""


@app.command(
    epilog=examples(
        "bellpair tenants create acme", "bellpair tenants create acme --role tenant-admin --json"
    )
)
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    role: Annotated[Role, typer.Option(help="What the key may do.")] = Role.USER,
    as_json: AsJson = False,
) -> None:
    """Make a tenant and print its API key, once."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            tenant = client.create_tenant(name, role)
        if as_json:
            terminal.print_json(tenant.to_dict())
            return
        # The key alone is on standard output, so that it can go straight into a file.
        terminal.stderr().print(f"Tenant {tenant.tenant} has a key with the role {tenant.role}:")
        print(tenant.api_key)
        terminal.stderr().print("Keep it safe: it will not be shown again.", style="bold")
