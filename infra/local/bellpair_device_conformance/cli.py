"""``bellpair devices conformance``: try an adapter, and the service behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bellpair_device_conformance.report import CheckResult, Report

EXAMPLES = """\b
Examples:
  bellpair devices conformance http --url http://127.0.0.1:8099
  bellpair devices conformance http --url https://kite.example/v1 --credential env:KITE_TOKEN
  bellpair devices conformance my_package.adapter:open_device --device my-qpu --json

Exit codes: 0 it conforms; 1 it does not; 2 wrong usage, or nothing answers.
"""

_DOES_NOT_CONFORM = 1
_USAGE = 2

app = typer.Typer(add_completion=False)


@app.command(epilog=EXAMPLES)
def conformance(
    entrypoint: Annotated[
        str,
        typer.Argument(
            metavar="ENTRYPOINT",
            help="The adapter: an entry point of bellpair.devices, such as http or braket, or "
            "MODULE:ATTRIBUTE.",
        ),
    ],
    url: Annotated[str | None, typer.Option(help="Where the device's service is.")] = None,
    device: Annotated[
        str, typer.Option(metavar="NAME", help="The device: its name, or its ARN.")
    ] = "device",
    region: Annotated[str, typer.Option(help="The AWS region to ask in.")] = "us-east-1",
    credential: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE",
            help="The secret that the service asks for: env:VARIABLE, secretsmanager:NAME or "
            "ssm:NAME. Never the secret itself.",
        ),
    ] = None,
    result_bucket: Annotated[
        str, typer.Option(metavar="BUCKET", help="Where a service may leave results.")
    ] = "",
    shots: Annotated[int, typer.Option(min=20, help="Shots of each task.")] = 200,
    patience: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long a task may take.")
    ] = 300.0,
    offline_command: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Run by the shell to take the device offline."),
    ] = None,
    online_command: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="Run by the shell to bring it back.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="This check alone; repeat for more.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, and nothing else.")
    ] = False,
) -> None:
    """Check that a device adapter and its service keep what Bellpair relies on.

    It makes about two dozen small tasks, as jobs would, and cancels some: on hardware they cost
    what such tasks cost. What a check asks for stands beside its outcome.
    """
    from bellpair_core.adapters.device_adapters import AdapterUnknown, adapter_named
    from bellpair_core.adapters.secret_references import SecretReferences
    from bellpair_core.logic.callbacks.public_address import is_public
    from bellpair_core.model.device_names import device_name_of
    from bellpair_core.ports.devices import DeviceSurroundings
    from bellpair_core.settings import BRAKET, DeviceSetting
    from bellpair_device_conformance.bench import Bench
    from bellpair_device_conformance.suite import require_checks, run_suite

    if (offline_command is None) != (online_command is None):
        _wrong("give --offline-command and --online-command together, or neither")
    try:
        opened = adapter_named(entrypoint)
    except AdapterUnknown as error:
        _wrong(str(error))
    if entrypoint == BRAKET and not device.startswith("arn:"):
        _wrong("braket knows devices by their ARN: give it with --device")
    name = device.rsplit("/", 1)[-1]
    setting = DeviceSetting(
        name=name,
        arn=device if device.startswith("arn:") else device_name_of(name),
        region=region if device.startswith("arn:") else None,
        adapter=entrypoint,
        url=url,
        credential=credential,
    )
    surroundings = DeviceSurroundings(
        stage="conformance",
        region=region,
        result_buckets={region: result_bucket},
        secrets=SecretReferences(region),
        is_public=is_public,
    )
    bench = Bench(opened, setting, surroundings, shots=shots, patience_s=patience)
    if offline_command is not None and online_command is not None:
        bench.switch = _switch(offline_command, online_command)
    try:
        require_checks(only or ())
    except LookupError as error:
        _wrong(str(error))
    try:
        # What no check can do without; each of them would only say so again.
        _ = bench.description
    except Exception as error:
        _wrong(f"the adapter could not be opened: {type(error).__name__}: {error}")
    report = run_suite(
        bench, entrypoint, only=only or (), told=_tell if not as_json else _say_nothing
    )
    if as_json:
        print(json.dumps(report.to_dict(), indent=2))
    else:
        _sum_up(report)
    raise typer.Exit(0 if report.conforms else _DOES_NOT_CONFORM)


def _switch(offline: str, online: str) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        # The operator's own command line, typed a moment ago.
        subprocess.run(  # noqa: S602
            online if on else offline, shell=True, check=True, stdout=subprocess.DEVNULL
        )

    return switch


def _say_nothing(result: CheckResult) -> None:
    """The report will have it."""


def _tell(result: CheckResult) -> None:
    print(f"{result.outcome.value:8} {result.name:20} {result.says}", flush=True)
    if result.detail:
        print(f"{'':29} {result.detail}", flush=True)


def _sum_up(report: Report) -> None:
    from bellpair_device_conformance.report import Outcome

    numbers = ", ".join(f"{len(report.of(outcome))} {outcome.value}" for outcome in Outcome)
    verdict = "conforms" if report.conforms else "does not conform"
    print(f"\n{report.adapter} {verdict}: {numbers}.")


def _wrong(message: str) -> NoReturn:
    print(f"conformance: {message}", file=sys.stderr)
    raise typer.Exit(_USAGE)
