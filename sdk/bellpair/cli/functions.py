"""``bellpair functions``: deploy quantum functions, look at them, invoke them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bellpair.cli import terminal
from bellpair.cli.exits import EXIT_CODES_HELP, ExitCode
from bellpair.cli.failures import Failures
from bellpair.cli.invoke import invoke
from bellpair.cli.options import AsJson, examples
from bellpair.cli.session import Session
from bellpair.cli.wording import age, duration, printable

if TYPE_CHECKING:
    from bellpair.client import Client
    from bellpair.function_models import FunctionVersion, QuantumFunction

app = typer.Typer(
    invoke_without_command=True,
    help="Deploy quantum functions, look at them, and invoke them.",
    epilog=examples(
        "bellpair functions",
        "bellpair functions deploy examples/functions/vqe_h2.py",
        "bellpair functions invoke vqe-h2 --wait",
    ),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The function's name.")]


@app.callback()
def functions(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Deploy quantum functions, look at them, and invoke them."""
    if ctx.invoked_subcommand is None:
        list_functions(ctx, as_json=as_json)


@app.command(
    epilog=examples(
        "bellpair functions deploy examples/functions/vqe_h2.py",
        "bellpair functions deploy examples/functions/sweep.py:sweep --name grid --worker qiskit",
        "bellpair functions deploy examples/functions/vqe_h2.py --alias stable --json",
    )
)
def deploy(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py[:ENTRY]",
            help="The module, and the class or function in it where there is more than one.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name, in place of the one that the source gives.")
    ] = None,
    worker: Annotated[
        str | None,
        typer.Option(help="Runtime, as `bellpair functions workers` lists them."),
    ] = None,
    alias: Annotated[
        str, typer.Option(help="The alias that then stands for this version.")
    ] = "latest",
    as_json: AsJson = False,
) -> None:
    """Deploy a module, with the modules beside it that it imports, as a new version.

    Source is sent, at most 1 MiB zipped; the same source again makes no new version.
    """
    from bellpair.packaging import split_target

    file, entry = split_target(target)
    failures = Failures(as_json)
    with failures:
        with ctx.ensure_object(Session).client() as client:
            version = client.deploy_function(file, entry, name, worker, alias)
        if as_json:
            terminal.print_json(version.to_dict())
            return
        _print_version(version)
        terminal.stderr().print(
            f"\nInvoke it: bellpair functions invoke {version.name} --wait", style="dim"
        )


@app.command("list", epilog=examples("bellpair functions list", "bellpair functions list --json"))
def list_functions(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the functions."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.functions()
        if as_json:
            terminal.print_json({"functions": [function.to_dict() for function in found]})
            return
        if not found:
            terminal.stderr().print("No functions. `bellpair functions deploy FILE.py` makes one.")
            return
        from rich.text import Text

        table = terminal.plain_table("name", "latest", "aliases", "changed", numbers=("latest",))
        for function in found:
            table.add_row(
                Text(function.name, style="bold"),
                "" if function.latest is None else str(function.latest),
                _aliases(function),
                "built in" if function.builtin else age(function.changed_at or function.created_at),
            )
        terminal.stdout().print(table)


@app.command(
    epilog=examples("bellpair functions show vqe-h2", "bellpair functions show vqe-h2 --json")
)
def show(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a function: its newest version, inputs, output and aliases.

    With --json also its OpenAPI fragment.
    """
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            function = client.function(name)
        if as_json:
            terminal.print_json(function.to_dict())
            return
        if function.newest is not None:
            _print_version(function.newest)
        _print_fact("aliases", _aliases(function))
        _print_fact("changed", age(function.changed_at))


@app.command(epilog=examples("bellpair functions versions vqe-h2"))
def versions(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """List a function's versions, the newest first."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.function_versions(name)
        if as_json:
            terminal.print_json({"versions": [version.to_dict() for version in found]})
            return
        table = terminal.plain_table(
            "version", "entry", "worker", "made", "by", "digest", numbers=("version",)
        )
        for version in found:
            table.add_row(
                str(version.version),
                version.entry or "",
                version.worker or "",
                age(version.created_at),
                printable(version.created_by or ""),
                (version.digest or "")[:12],
            )
        terminal.stdout().print(table)


@app.command(
    epilog=examples(
        "bellpair functions alias vqe-h2 stable 1",
        "bellpair functions alias vqe-h2 stable 1=90 2=10",
        "bellpair functions alias vqe-h2 stable --delete",
    )
)
def alias(
    ctx: typer.Context,
    name: Name,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="The alias.")],
    weights: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VERSION[=PERCENT]...",
            help="The version it stands for, or several with their parts of the invocations.",
            show_default=False,
        ),
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the alias; needs a tenant admin's key.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let an alias stand for a version, or for several by weight, as for a canary."""
    if delete == bool(weights):
        raise typer.BadParameter("Give versions, or --delete.", param_hint="VERSION")
    parts = {} if delete else _weights(weights or [])
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            if delete:
                client.delete_alias(name, alias)
                _say_deleted(f"Alias {alias} of {name}", {"name": name, "alias": alias}, as_json)
                return
            function = client.set_alias(name, alias, parts)
        if as_json:
            terminal.print_json(function.to_dict())
        else:
            terminal.stdout().print(f"{name}:{alias} stands for {_shares(parts)}.")


@app.command(
    epilog=examples("bellpair functions delete vqe-h2:1", "bellpair functions delete vqe-h2 --yes")
)
def delete(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="NAME[:VERSION|:ALIAS]", help="A function, or one version or alias of it."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a function, or one version or alias of it; needs a tenant admin's key.

    Running jobs go on.
    """
    name, _, part = target.partition(":")
    # Only a person can answer; a program that says delete has said so.
    if not part and not yes and sys.stdin.isatty():
        question = f"Delete {name} with all its versions and aliases?"
        if not typer.confirm(question, err=True):
            terminal.stderr().print("Nothing was changed.")
            raise typer.Exit(ExitCode.INTERRUPTED)
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            _delete(client, name, part)
        _say_deleted(target, {"name": name, "deleted_part": part or None}, as_json)


app.command(
    epilog=examples(
        "bellpair functions invoke vqe-h2 --wait",
        "bellpair functions invoke vqe-h2:1 -i start=0.1 -i max_steps=30 --seed 7 --wait",
        "bellpair functions invoke sweep -i shots=500 --max-cost 5 --wait --json | jq .output",
        "echo '{\"start\": 0.1}' | bellpair functions invoke vqe-h2 --inputs - --device ion-11",
        "bellpair functions invoke sampling --inputs examples/sampling.json --wait",
        "bellpair functions invoke estimation --inputs examples/estimation.json -i level=2 --wait",
    )
    + f"\n\n{EXIT_CODES_HELP}",
)(invoke)


@app.command(epilog=examples("bellpair functions workers", "bellpair functions workers --packages"))
def workers(
    ctx: typer.Context,
    packages: Annotated[
        bool, typer.Option("--packages", help="Also what each one can import.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the workers that functions can run on."""
    with Failures(as_json):
        with ctx.ensure_object(Session).client() as client:
            found = client.workers()
        if as_json:
            terminal.print_json({"workers": [worker.to_dict() for worker in found]})
            return
        from rich.text import Text

        table = terminal.plain_table(
            "name", "python", "memory", "run", "packages", "seen",
            numbers=("memory", "run", "packages"),
        )  # fmt: skip
        for worker in found:
            table.add_row(
                Text(worker.name, style="bold"),
                worker.python or "",
                "" if worker.memory_mb is None else f"{worker.memory_mb:,} MB",
                "" if worker.seconds is None else duration(worker.seconds),
                str(len(worker.packages)),
                age(worker.seen_at),
            )
        console = terminal.stdout()
        console.print(table)
        for worker in found if packages else ():
            console.print(Text(f"\n{worker.name}", style="bold"))
            for package, version in sorted(worker.packages.items()):
                console.print(Text(printable(f"  {package} {version}")))


def _delete(client: Client, name: str, part: str) -> None:
    if not part:
        client.delete_function(name)
    elif part.isdecimal():
        client.delete_function_version(name, int(part))
    else:
        client.delete_alias(name, part)


def _say_deleted(what: str, where: dict[str, str | None], as_json: bool) -> None:
    if as_json:
        terminal.print_json({**where, "deleted": True})
    else:
        terminal.stderr().print(f"{what} is deleted.")


def _print_version(version: FunctionVersion) -> None:
    from rich.text import Text

    terminal.stdout().print(
        Text.assemble((version.name, "bold"), f" version {version.version}"), soft_wrap=True
    )
    # Of a long description, what comes before the first blank line is the summary.
    _print_fact("", " ".join(version.description.partition("\n\n")[0].split()))
    _print_fact("entry", version.entry or "")
    _print_fact("worker", version.worker or "")
    device = ", ".join((version.device or "any", *version.options))
    _print_fact("device", device)
    if version.timeout_s is not None:
        _print_fact("time limit", duration(version.timeout_s))
    for place, (name, said) in enumerate(_inputs(version)):
        _print_fact("inputs" if place == 0 else "", f"{name}: {said}")
    if version.output:
        _print_fact("output", _kind(version.output))


def _print_fact(fact: str, value: str) -> None:
    from rich.text import Text

    if value:
        said = Text.assemble((f"{fact:<12}", "dim"), printable(value))
        terminal.stdout().print(said, soft_wrap=True)


def _inputs(version: FunctionVersion) -> list[tuple[str, str]]:
    """Each input with its kind, and whether it may be left out."""
    required = set(version.inputs.get("required", ()))
    described = []
    for name, schema in version.inputs.get("properties", {}).items():
        said = _kind(schema)
        if name not in required:
            said += f" = {schema['default']!r}" if "default" in schema else ", optional"
        described.append((name, said))
    return described


def _kind(schema: object) -> str:
    """A JSON schema in a word or two; --json has all of it."""
    if not isinstance(schema, dict):
        return "anything"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = str(schema.get("type", "anything"))
    if kind == "array" and isinstance(schema.get("items"), dict) and schema["items"]:
        return f"array of {_kind(schema['items'])}"
    if kind == "object" and schema.get("properties"):
        return f"object with {', '.join(schema['properties'])}"
    return kind


def _weights(texts: list[str]) -> dict[int, int]:
    weights = {}
    for text in texts:
        version, equals, percent = text.partition("=")
        if not version.isdecimal() or (equals and not percent.isdecimal()):
            raise typer.BadParameter(
                f"{text!r} is not VERSION or VERSION=PERCENT.", param_hint="VERSION"
            )
        weights[int(version)] = int(percent) if equals else 100
    if sum(weights.values()) != 100:
        raise typer.BadParameter("The parts must add up to 100.", param_hint="VERSION")
    return weights


def _aliases(function: QuantumFunction) -> str:
    return ", ".join(
        f"{alias} = {_shares(weights)}" for alias, weights in sorted(function.aliases.items())
    )


def _shares(weights: dict[int, int]) -> str:
    if len(weights) == 1:
        return f"version {next(iter(weights))}"
    return " + ".join(f"{part} % {version}" for version, part in sorted(weights.items()))
