"""Puts the emulator together and serves it until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .api import TRANSPORT, BraketApi
from .devices import Device
from .events import EventSender, EventTarget, put_events
from .outputs import S3Outputs
from .profile import Profile
from .service import BraketService
from .shelf import Shelf

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """How an emulator runs.

    Attributes
    ----------
    port
        0 for any free one.
    s3_endpoint
        ``None`` for AWS's own, or what the environment says.
    seed
        With the order of tasks on a device it fixes every count.
    drift_seed, drift_rate
        In place of the devices' own; ``None`` leaves them.
    """

    region: str
    account: str
    port: int
    profiles: tuple[Profile, ...]
    s3_endpoint: str | None
    event_targets: tuple[EventTarget, ...]
    seed: int
    log_level: str
    drift_seed: int | None = None
    drift_rate: float | None = None


class PortTaken(Exception):
    """The port cannot be listened on."""


class _Server(uvicorn.Server):
    """Leaves signals to ``serve``, so that a stop by signal is a clean end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install nothing."""
        yield


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport handed on in the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[TRANSPORT] = self.transport


def listen(port: int) -> socket.socket:
    """Open the listening socket.

    Raises
    ------
    PortTaken
        If something listens there already.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise PortTaken(error.strerror) from error
    return listener


def run(settings: Settings, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Parameters
    ----------
    ready
        Called with the base URL as soon as requests are answered.
    """
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(settings, listener, ready))


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _serve(settings: Settings, listener: socket.socket, ready: Callable[[str], None]) -> None:
    # Apart, so that long simulations never keep a request waiting.
    requests = ThreadPoolExecutor(4, thread_name_prefix="requests")
    workers = sum(profile.concurrency for profile in settings.profiles)
    simulations = ThreadPoolExecutor(max(1, workers), thread_name_prefix="simulations")
    # Apart from these, so that a store that hangs keeps neither.
    uploads = ThreadPoolExecutor(4, thread_name_prefix="uploads")
    shelf = Shelf()
    outputs = S3Outputs(settings.region, settings.s3_endpoint)
    events = EventSender([put_events(target) for target in settings.event_targets])
    devices = [
        Device(
            profile,
            settings.region,
            outputs,
            events,
            simulations,
            uploads,
            shelf,
            settings.seed,
            drift_seed=settings.drift_seed,
            drift_rate=settings.drift_rate,
        )
        for profile in settings.profiles
    ]
    service = BraketService(settings.region, settings.account, devices, outputs, requests)
    server = _Server(
        uvicorn.Config(
            BraketApi(service),
            http=_Protocol,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=settings.log_level == "debug",
            timeout_graceful_shutdown=3,
        )
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)

    await events.start()
    for device in devices:
        device.start()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        ready(f"http://{HOST}:{listener.getsockname()[1]}")
    await serving
    await _stop(devices, events, (requests, simulations, uploads))


async def _stop(
    devices: Sequence[Device], events: EventSender, executors: Sequence[ThreadPoolExecutor]
) -> None:
    for device in devices:
        await device.stop()
    await events.stop()
    for executor in executors:
        executor.shutdown(wait=False, cancel_futures=True)
