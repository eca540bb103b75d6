"""The process of one region, or of the witness: ``python -m bellpair_local.region``.

It leads a process group of its own, in which its Lambda workers run too. Killing the group is the
loss of the region.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import logging
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from bellpair_lambda_host import LambdaHost
from bellpair_local.edge.app import ControlCall, Edge
from bellpair_local.edge.faults import FaultSwitches
from bellpair_local.edge.forwarding import Forwarder
from bellpair_local.edge.messages import Application, Receive, Send
from bellpair_local.edge.server import server
from bellpair_local.global_tables import GlobalTableRegistry
from bellpair_local.ministack_seams import (
    buckets,
    changes,
    environment,
    events,
    http_api,
    step_functions,
    tenancy,
)
from bellpair_local.ministack_seams import global_tables as table_seam
from bellpair_local.ministack_seams.functions import FunctionExecutor
from bellpair_local.replicator import CHANGES, SNAPSHOT, Replicator
from bellpair_local.topology import Member, Role, Topology

REGISTRY_FILE = "global-tables.json"
_log = logging.getLogger(__name__)


class WorkerLoss(BaseModel):
    """Which part of a region's Lambda workers to kill, chosen by `seed`."""

    fraction: float = Field(ge=0, le=1)
    seed: int = 0


_WORKERS_PER_FUNCTION = max(2, os.cpu_count() or 2)
"""More workers than processors would only pay for more cold starts."""


class RegionProcess:
    """Everything that runs in one region's process.

    Parameters
    ----------
    topology, here
        The cloud, and which of its processes this is.
    closed
        Whether it comes back after a loss: see :class:`Edge`.
    """

    def __init__(self, topology: Topology, here: Member, *, closed: bool = False) -> None:
        self._closed = closed
        self._topology = topology
        self._here = here
        self._registry = GlobalTableRegistry(topology.state_dir / REGISTRY_FILE)
        self._forwarder = Forwarder()
        self._faults = FaultSwitches()
        self._replicator: Replicator | None = None
        self._executor: FunctionExecutor | None = None
        self._host: LambdaHost | None = None
        self._ready = False

    def run(self) -> None:
        """Serve until the process is told to stop."""
        with contextlib.ExitStack() as resources:
            scratch = self._topology.state_dir / "run" / self._here.name
            environment.configure(self._here, self._topology.account, scratch / "tmp")
            if self._here.role is Role.REGION:
                self._host = resources.enter_context(
                    LambdaHost(
                        self._topology.cache_dir / "lambda",
                        log_dir=self._topology.state_dir / "logs" / self._here.name,
                        max_workers_per_function=_WORKERS_PER_FUNCTION,
                        scratch_dir=scratch / "functions",
                    )
                )
            self._edge = self._make_edge()
            server(self._with_lifespan(self._edge), self._here.port).run()

    def _make_edge(self) -> Edge:
        from ministack.app import app as services

        controls: dict[str, ControlCall] = {"/_local/health": self._health}
        if self._host is not None:
            FunctionExecutor(self._host, self._here.endpoint, self._topology.account).install()
            step_functions.install()
            tenancy.install()
            events.install()
            http_api.install()
            buckets.install()
            table_seam.install(self._topology, self._here, self._registry)
            replicator = Replicator(
                self._topology,
                self._here,
                self._registry,
                self._forwarder,
                self._faults,
                lambda change: changes.apply(change, self._topology.account, self._here.region),
            )
            changes.observe(replicator.observed)
            controls["/_local/workers"] = self._workers
            controls |= {CHANGES: replicator.receive, SNAPSHOT: replicator.snapshot}
            self._replicator = replicator
        return Edge(
            services,
            self._topology,
            self._here,
            self._registry,
            self._forwarder,
            self._faults,
            controls,
            closed=self._closed,
        )

    def _with_lifespan(self, edge: Edge) -> Application:
        """Add this process's own start to that of the services behind the edge."""
        recovery: list[asyncio.Task[None]] = []

        async def application(
            scope: MutableMapping[str, Any], receive: Receive, send: Send
        ) -> None:
            if scope["type"] == "lifespan":
                recovery.append(asyncio.create_task(self._recover()))
            await edge(scope, receive, send)

        return application

    async def _recover(self) -> None:
        """Make the tables that this region should have, catch up with the peers, then follow."""
        await self._until_listening()
        for table in self._registry.tables().values():
            if self._here in table_seam.holders(self._topology, table):
                await asyncio.to_thread(table_seam.create_at, self._here, table)
        if self._replicator is not None:
            caught_up = await self._replicator.catch_up()
            _log.info("caught up with %d changes", caught_up)
            self._replicator.start()
        self._ready = True

    async def _until_listening(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._here.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return

    async def _workers(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """List the Lambda workers, or with DELETE kill a fraction of them: a zone is lost."""
        assert self._host is not None
        if method == "DELETE":
            loss = WorkerLoss.model_validate_json(body)
            workers = await asyncio.to_thread(self._host.kill_workers, loss.fraction, loss.seed)
        else:
            workers = self._host.workers()
        return 200, {"workers": [dataclasses.asdict(worker) for worker in workers]}

    async def _health(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        report = {
            "status": "ok" if self._ready else "starting",
            "cloud": self._topology.cloud,
            "name": self._here.name,
            "role": self._here.role,
            "region": self._here.region,
            "pid": os.getpid(),
            "closed": self._edge.closed,
            "global_tables": sorted(self._registry.tables()),
            "replication_backlog": self._replicator.backlog if self._replicator else {},
            "faults": self._faults.current.model_dump(mode="json", exclude_defaults=True),
        }
        return 200 if self._ready else 503, report


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="Serve one region of a local cloud.")
    parser.add_argument("--config", type=Path, required=True, help="the cloud's topology.json")
    parser.add_argument("--member", required=True, help="name of the process, as us-east-1")
    parser.add_argument(
        "--closed", action="store_true", help="be away for all but those who bring it back"
    )
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("bellpair_local").setLevel(logging.INFO)
    topology = Topology.load(arguments.config)
    RegionProcess(topology, topology.member(arguments.member), closed=arguments.closed).run()


if __name__ == "__main__":
    main()
