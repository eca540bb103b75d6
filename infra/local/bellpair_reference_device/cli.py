"""``python -m bellpair_reference_device``: serves the reference device on this machine."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from .qpu import Kite
from .server import HOST, device_server
from .service import DeviceService

TOKEN_VARIABLE = "REFERENCE_DEVICE_TOKEN"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m bellpair_reference_device",
        description="Serve kite-5, a simulated QPU, by Bellpair's device API.",
        epilog=f"The bearer token that it asks for is taken from {TOKEN_VARIABLE}; "
        "without one it asks for none.",
    )
    parser.add_argument("--port", type=int, default=8099, help="port; 0 is any (8099)")
    parser.add_argument("--seed", type=int, help="same seed and order of tasks: same counts")
    parser.add_argument("--task-seconds", type=float, default=0.0, help="what each task takes (0)")
    given = parser.parse_args(arguments)
    service = DeviceService(Kite(given.seed), seconds=given.task_seconds)
    try:
        server = device_server(service, given.port, os.environ.get(TOKEN_VARIABLE) or None)
    except OSError as error:
        parser.exit(1, f"cannot listen on {HOST}:{given.port}: {error.strerror}\n")
    print(f"kite-5 ready at http://{HOST}:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 130
    finally:
        server.server_close()
        service.close()
    return 0
