"""``bellpair estimate``: what a program takes, without running it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellpair.cli import terminal
from bellpair.cli.exits import ExitCode, exit_code
from bellpair.cli.failures import Failures
from bellpair.cli.options import AsJson
from bellpair.cli.session import Session
from bellpair.cli.wording import duration, printable
from bellpair.errors import BellpairError

if TYPE_CHECKING:
    from rich.console import Console

    from bellpair.estimates import Subject


def estimate(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="OpenQASM 2 or 3 program; - reads it from standard input."
        ),
    ],
    *,
    shots: Annotated[int, typer.Option("--shots", "-s", min=1, help="Repetitions.")] = 1000,
    device: Annotated[
        str | None, typer.Option("--device", "-d", help="Only this device, or any-qpu.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All devices, as without --device.")] = False,
    level: Annotated[
        int | None, typer.Option(min=0, max=3, help="What this level of options takes beside it.")
    ] = None,
    error_budget: Annotated[
        float,
        typer.Option(
            min=1e-12, max=0.5, help="Probability with which a fault-tolerant run may fail."
        ),
    ] = 0.001,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no service.")] = False,
    as_json: AsJson = False,
) -> None:
    """Estimate gates, depth, success, duration and cost, and a fault-tolerant machine."""
    from bellpair.estimates import Subject
    from bellpair.programs import decoded, openqasm_source

    if every and device is not None:
        raise typer.BadParameter("give either --all or --device.", param_hint="--all")
    with Failures(as_json) as failures:
        failures.program_name = "<stdin>" if file == "-" else file
        source = openqasm_source(
            decoded(sys.stdin.buffer.read(), "Standard input") if file == "-" else Path(file)
        )
        failures.source = source
        session = ctx.ensure_object(Session)
        subject = Subject(
            source,
            shots,
            device or "any",
            level=level,
            client=None if offline else session.client,
            error_budget=error_budget,
        )
        sections = _sections(subject)
        if as_json:
            terminal.print_json({"shots": shots, **sections})
            return
        for name, section in sections.items():
            _print_section(terminal.stdout(), name, section)


def _sections(subject: Subject) -> dict[str, dict[str, Any]]:
    """What each estimator says; where one has nothing to say, why."""
    from bellpair.estimates import estimators

    sections: dict[str, dict[str, Any]] = {}
    for name, load in sorted(estimators().items()):
        if name == "options" and subject.level is None:
            continue
        try:
            sections[name] = dict(load()(subject))
        except BellpairError as error:
            if _is_refused(error):
                raise
            sections[name] = {"not_estimated": error.detail, "remedy": error.remedy}
    return sections


def _is_refused(error: BellpairError) -> bool:
    """Whether it is the device or the shots that were refused, and not only the program, of which
    the other estimators may have something to say."""
    program = (error.code or "").startswith("program-")
    return exit_code(error) is ExitCode.REJECTED and not program


def _print_section(console: Console, name: str, section: Mapping[str, Any]) -> None:
    console.print(name, style="bold")
    if "not_estimated" in section:
        console.print(f"  {printable(section['not_estimated'])}", style="dim", soft_wrap=True)
        console.print(f"  {printable(section.get('remedy') or '')}", style="dim", soft_wrap=True)
    elif name == "devices":
        console.print(_devices_table(section))
    else:
        for fact, value in section.items():
            console.print(f"  {_words(fact):<18} {_shown(value)}", soft_wrap=True)
    console.print()


def _devices_table(section: Mapping[str, Any]) -> object:
    from rich.text import Text

    table = terminal.plain_table(
        "device", "success", "shot", "US$", "wait", "score", "reason",
        numbers=("success", "shot", "US$", "wait", "score"),
    )  # fmt: skip
    for one in section.get("devices") or []:
        took = one.get("duration_us")
        table.add_row(
            Text(str(one["device"]), style="green" if one["verdict"] == "chosen" else ""),
            _figure(one.get("expected_success")),
            "" if took is None else f"{took:,.1f} µs",
            f"{one.get('cost_usd') or 0.0:,.4f}",
            "" if one.get("wait_s") is None else duration(one["wait_s"]),
            _figure(one.get("score")),
            Text(printable(one.get("reason") or "")),
        )
    return table


def _figure(number: float | None) -> str:
    return "" if number is None else f"{number:.3g}"


def _words(name: object) -> str:
    """``numQubits`` as ``num qubits``, and ``runtime_s`` as ``runtime (s)``."""
    apart = re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", str(name))
    return re.sub(r"_s$", " (s)", apart).replace("_", " ")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(name)} {_shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))
