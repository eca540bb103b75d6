"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bellpair.cli.given_json import read_json

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=0, help="Seconds to wait; the job goes on afterwards.", metavar="SECONDS"
    ),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Print the job's id, without waiting.")]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", help="Also draw a picture: .png, .svg or .pdf.", metavar="FILE"),
]
Option = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME[:KEY=VALUE]…",
        help="Execution option, such as twirling:instances=4; repeatable, the device's side first.",
    ),
]
Level = Annotated[
    int | None,
    typer.Option("--level", min=0, max=3, help="A sensible stack of options, in their place."),
]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id, job-…", show_default=False)]


def examples(*lines: str) -> str:
    """The epilog that shows a command in use."""
    return "\n\n".join(("[bold]Examples[/bold]", *(f"[cyan]$ {line}[/cyan]" for line in lines)))


def tags_of(pairs: list[str]) -> dict[str, str]:
    """The tags of ``KEY=VALUE`` options; anything else is wrong usage."""
    tags = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"{pair!r} is not KEY=VALUE.", param_hint="--tag")
        tags[key] = value
    return tags


def inputs_of(pairs: list[str]) -> dict[str, Any]:
    """The inputs of ``NAME=VALUE`` options; anything else is wrong usage.

    A value is JSON where it parses as such, which has no NaN and no infinities, else text.
    """
    inputs: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--input")
        try:
            inputs[name] = read_json(text)
        except ValueError:
            inputs[name] = text
    return inputs


def execution_options_of(given: list[str]) -> list[dict[str, Any]]:
    """The options of ``NAME[:KEY=VALUE]…``; anything else is wrong usage.

    A value is JSON where it parses as such; else a list, where it has commas; else text.
    """
    return [_execution_option(one) for one in given]


def _execution_option(given: str) -> dict[str, Any]:
    name, *pairs = given.split(":")
    option: dict[str, Any] = {"name": name}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not name or not key or not equals or key in option:
            raise typer.BadParameter(f"{given!r} is not NAME[:KEY=VALUE]…", param_hint="--option")
        option[key] = [_value(one) for one in text.split(",")] if "," in text else _value(text)
    return option


def _value(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError:
        return text
