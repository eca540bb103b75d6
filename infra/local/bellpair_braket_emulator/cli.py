"""``bellpair braket-emulator``: serves the emulator on a port of this machine."""

from __future__ import annotations

import logging
import os
import re
import secrets
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

EXAMPLES = """\b
Examples:
  bellpair braket-emulator --port 4569
  bellpair braket-emulator --port 4569 --region us-east-1 --seed 7 \\
      --s3-endpoint http://127.0.0.1:4566 --event-endpoint http://127.0.0.1:4566 \\
      --event-endpoint us-west-2=http://127.0.0.1:4567
  AWS_ENDPOINT_URL_BRAKET=http://127.0.0.1:4569 aws braket search-devices --filters '[]'
"""

app = typer.Typer(add_completion=False)


@app.command(epilog=EXAMPLES)
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 is any.")
    ] = 4569,
    region: Annotated[str, typer.Option(help="The region to be.")] = "us-east-1",
    s3_endpoint: Annotated[
        str | None,
        typer.Option(help="Where results go; AWS, or what the environment says, by default."),
    ] = None,
    event_endpoint: Annotated[
        list[str] | None,
        typer.Option(
            help="[REGION=]URL that gets state-change events, signed for REGION "
            "(--region by default); repeat for more."
        ),
    ] = None,
    account: Annotated[str, typer.Option(help="Account id in task ARNs.")] = "000000000000",
    profiles: Annotated[
        Path | None, typer.Option(help="TOML file with devices to add or replace.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Same seed and same order of tasks: same counts."),
    ] = None,
    drift_rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=10_000,
            help="Hours that pass for QPUs in an hour: 1 lets them drift in real time. "
            "By default what their profiles say, 0 for those out of the box.",
        ),
    ] = None,
    drift_seed: Annotated[
        int | None, typer.Option(min=0, help="Another course of the drift than the profiles'.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Emulate the Amazon Braket service of one region, for boto3 and the Braket SDK.

    Serves the simulator sv1 in every region, the noisy QPU ion-11 in us-east-1 and the noisy
    QPU square-20 in us-west-2. Credentials for S3 and events come from the environment.
    """
    # Before numpy is loaded: its matrices are small here, and threads for each would only
    # take the machine's other cores away.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from .events import EventTarget
    from .profile import ProfileError, load_profiles
    from .server import HOST, PortTaken, Settings, listen, run

    levels = {"debug", "info", "warning", "error"}
    if log_level not in levels:
        _fail(f"--log-level must be one of {', '.join(sorted(levels))}", 2)
    logging.basicConfig(
        level=log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(name)s %(message)s",
    )
    for noisy in ("botocore", "boto3", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

    targets = []
    for value in event_endpoint or []:
        place = re.fullmatch(r"(?:([a-z0-9-]+)=)?(https?://.+)", value)
        if place is None:
            _fail(f"--event-endpoint {value!r} is no [REGION=]URL", 2)
        targets.append(EventTarget(place[1] or region, place[2]))
    try:
        devices = load_profiles(region, profiles)
    except ProfileError as error:
        _fail(str(error), 2)
    try:
        listener = listen(port)
    except PortTaken as error:
        _fail(
            f"cannot listen on {HOST}:{port}: {error}. "
            "Stop what uses it, or choose another with --port (0 takes any free port).",
            1,
        )
    settings = Settings(
        region=region,
        account=account,
        port=port,
        profiles=tuple(devices),
        s3_endpoint=s3_endpoint,
        event_targets=tuple(targets),
        seed=secrets.randbits(32) if seed is None else seed,
        log_level=log_level,
        drift_seed=drift_seed,
        drift_rate=drift_rate,
    )
    names = ", ".join(device.name for device in devices)

    def announce(url: str) -> None:
        print(f"Braket emulator of {region} ready at {url} with {names}", flush=True)

    run(settings, listener, announce)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"braket-emulator: {message}", err=True)
    raise typer.Exit(code)
