"""``bellpair tenants``: who may use the platform."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson, examples
from bellpair.cli.session import Session
from bellpair.cli.wording import printable
from bellpair.vocabulary import Role

if TYPE_CHECKING:
    from bellpair.models import NewTenant, Spending

app = typer.Typer(
    no_args_is_help=True,
    help="Make tenants and their keys, and cap what they spend; needs an operator's key.",
    epilog=examples(
        "bellpair tenants create acme",
        "bellpair tenants cap acme 250",
        "bellpair tenants spending acme",
    ),
)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's name.")]
NewRole = Annotated[Role, typer.Option(help="What the key may do.")]


keys = typer.Typer(
    no_args_is_help=True,
    help="Make and disable API keys; needs an operator's key or one of the tenant's admin.",
    epilog=examples(
        "bellpair tenants keys create acme", "bellpair tenants keys disable acme 0a1b2c3d"
    ),
)
app.add_typer(keys, name="keys")


@keys.callback()
def tenant_keys() -> None:
    """Make and disable API keys; needs an operator's key or one of the tenant's admin."""


@keys.command(
    "create",
    epilog=examples(
        "bellpair tenants keys create acme",
        "bellpair tenants keys create acme --role tenant-admin --json",
    ),
)
def create_key(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(help="Whose key it is to be.")],
    role: NewRole = Role.USER,
    as_json: AsJson = False,
) -> None:
    """Make a further API key of a tenant and print it, once."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            issued = client.create_key(tenant, role)
        _show_key(issued, as_json)


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
    """Make tenants and their keys, and cap what they spend; needs an operator's key."""


@app.command(
    epilog=examples(
        "bellpair tenants create acme", "bellpair tenants create acme --role tenant-admin --json"
    )
)
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    role: NewRole = Role.USER,
    as_json: AsJson = False,
) -> None:
    """Make a tenant and print its API key, once."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            tenant = client.create_tenant(name, role)
        _show_key(tenant, as_json)


@app.command(
    epilog=examples(
        "bellpair tenants cap acme",
        "bellpair tenants cap acme 250",
        "bellpair tenants cap acme none --json",
    )
)
def cap(
    ctx: typer.Context,
    tenant: Tenant,
    amount: Annotated[
        str | None,
        typer.Argument(
            metavar="[USD|none]",
            help="US dollars in a calendar month (UTC), or none for no cap.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cap what a tenant's functions may spend in a month; without an amount, show the cap.

    Jobs that paused at a lower cap go on when they are resumed.
    """
    wanted = None if amount is None else _dollars(amount)
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            if amount is None:
                seen = client.tenant_spending(tenant)
            else:
                seen = client.set_tenant_cap(tenant, wanted)
        _show(seen, as_json)


@app.command(
    epilog=examples("bellpair tenants spending acme", "bellpair tenants spending acme --json")
)
def spending(ctx: typer.Context, tenant: Tenant, as_json: AsJson = False) -> None:
    """Show what a tenant's functions spent this month; the tenant's own keys may ask, too."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client(operator=True) as client:
            seen = client.tenant_spending(tenant)
        _show(seen, as_json)


def _dollars(amount: str) -> float | None:
    """The amount that is meant; anything else is wrong usage."""
    if amount.lower() == "none":
        return None
    try:
        dollars = float(amount)
    except ValueError:
        dollars = math.nan
    if not 0 <= dollars < math.inf:
        raise typer.BadParameter(
            f"{amount!r} is not an amount of US dollars, such as 250, nor none.",
            param_hint="USD",
        )
    return dollars


def _show_key(issued: NewTenant, as_json: bool) -> None:
    if as_json:
        terminal.print_json(issued.to_dict())
        return
    # The key alone is on standard output, so that it can go straight into a file.
    terminal.stderr().print(f"Tenant {issued.tenant} has a key with the role {issued.role}:")
    print(issued.api_key)
    terminal.stderr().print("Keep it safe: it will not be shown again.", style="bold")


def _show(seen: Spending, as_json: bool) -> None:
    if as_json:
        terminal.print_json(seen.to_dict())
        return
    if seen.spent_usd is None or seen.max_usd_per_month is None:
        said = f"{seen.tenant} has no cap, so what its functions spend is not added up."
    else:
        said = (
            f"{seen.tenant} spent US$ {seen.spent_usd:,.2f} of US$ {seen.max_usd_per_month:,.2f},"
            f" in {seen.month} (UTC)."
        )
    terminal.stdout().print(printable(said))
