"""Carries changes of eventually consistent global tables from one region process to the others."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from bellpair_local.edge.app import SENDER
from bellpair_local.edge.faults import FaultSwitches
from bellpair_local.edge.forwarding import Forwarder, PeerUnavailable
from bellpair_local.global_tables import Consistency, GlobalTable, GlobalTableRegistry
from bellpair_local.replication import Change, Item, ReplicaLog, Stamp
from bellpair_local.topology import Member, Topology

CHANGES = "/_local/replication/changes"
SNAPSHOT = "/_local/replication/snapshot"
DEFAULT_LAG_SECONDS = 0.2

_BATCH = 100
_RETRY_SECONDS = 0.2
_log = logging.getLogger(__name__)

Apply = Callable[[Change], None]


class Replicator:
    """Sends this region's changes to its peers, after a lag, and applies theirs.

    A peer that is away keeps its queue until it is back; a region that comes back empty asks a
    peer for everything. What a region wrote and had not sent when it was lost is lost with it.

    Parameters
    ----------
    topology, here
        The cloud and this region's process.
    registry
        Tells which tables to follow.
    forwarder, faults
        The way to the peers, and the switches for lag and partitions.
    apply
        Carries a peer's change out on this region's table.
    now_ns
        Physical clock.
    """

    def __init__(
        self,
        topology: Topology,
        here: Member,
        registry: GlobalTableRegistry,
        forwarder: Forwarder,
        faults: FaultSwitches,
        apply: Apply,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._topology = topology
        self._here = here
        self._registry = registry
        self._forwarder = forwarder
        self._faults = faults
        self._apply = apply
        self._log = ReplicaLog(here.region, now_ns)
        # Requests write in the event loop, as _merge does, so a table and its log agree; a task of
        # a state machine may write from a thread of its own.
        self._lock = threading.RLock()
        self._queues: dict[str, deque[tuple[float, Change]]] = {
            peer.name: deque() for peer in topology.peers_of(here.region)
        }
        self._tasks: list[asyncio.Task[None]] = []

    def observed(self, table: str, before: Item | None, after: Item | None) -> None:
        """Take note of a write made in this region; called from the writing thread."""
        definition = self._registry.get(table)
        if definition is None or definition.consistency is not Consistency.EVENTUAL:
            return
        item = after if after is not None else before
        if item is None:
            return
        keys = key_of(definition, item)
        content = keys if after is None else copy.deepcopy(after)
        with self._lock:
            change = self._log.written(
                table, json.dumps(keys, sort_keys=True), content, deleted=after is None
            )
            for name, queue in self._queues.items():
                if name in definition.replicas:
                    queue.append((time.monotonic(), change))

    def start(self) -> None:
        """Begin sending; must be called in the event loop."""
        peers = self._topology.peers_of(self._here.region)
        self._tasks = [asyncio.create_task(self._send_to(peer)) for peer in peers]

    async def stop(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def backlog(self) -> dict[str, int]:
        """How many changes wait for each peer."""
        return {name: len(queue) for name, queue in self._queues.items()}

    async def catch_up(self) -> int:
        """Fetch everything from the first peer that answers; return how many changes were new."""
        for peer in self._topology.peers_of(self._here.region):
            try:
                answer = await self._ask(peer, "GET", SNAPSHOT, b"")
            except PeerUnavailable:
                continue
            return self._merge(answer["changes"])
        return 0

    async def receive(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Control call: a peer's changes arrive."""
        if method != "POST":
            return 405, {"error": "use POST"}
        return 200, {"applied": self._merge(json.loads(body)["changes"])}

    async def snapshot(self, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Control call: a peer wants everything."""
        with self._lock:
            changes = self._log.snapshot()
        return 200, {"changes": changes}

    def _merge(self, changes: list[list[Any]]) -> int:
        applied = 0
        for table, key, item, deleted, stamp in changes:
            change = Change(table, key, item, deleted, Stamp(*stamp))
            with self._lock:
                if self._log.wins(change):
                    self._apply(change)
                    self._log.adopted(change)
                    applied += 1
        return applied

    async def _send_to(self, peer: Member) -> None:
        queue = self._queues[peer.name]
        away = False
        while True:
            batch = self._due(queue)
            if not batch:
                await asyncio.sleep(0.01)
                continue
            try:
                await self._ask(peer, "POST", CHANGES, json.dumps({"changes": batch}).encode())
            except PeerUnavailable as error:
                if not away:
                    _log.info("changes for %s wait: %s", peer.name, error)
                away = True
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            except Exception:
                # Whatever it is, it must not end the replication: the batch is tried again.
                _log.exception("changes for %s could not be sent", peer.name)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            away = False
            for _ in batch:
                queue.popleft()

    def _due(self, queue: deque[tuple[float, Change]]) -> list[Change]:
        faults = self._faults.current
        if faults.replication_paused:
            return []
        lag_ms = faults.replication_lag_ms
        lag = DEFAULT_LAG_SECONDS if lag_ms is None else lag_ms / 1000
        horizon = time.monotonic() - lag
        batch: list[Change] = []
        for written, change in list(queue)[:_BATCH] if queue else ():
            if written > horizon:
                break
            batch.append(change)
        return batch

    async def _ask(self, peer: Member, method: str, path: str, body: bytes) -> dict[str, Any]:
        if self._faults.parted_from(peer.name):
            raise PeerUnavailable(f"{self._here.name} is parted from {peer.name}")
        headers = [
            (SENDER, self._here.name.encode()),
            (b"content-type", b"application/json"),
        ]
        response = await self._forwarder.send(peer.endpoint, method, path.encode(), headers, body)
        if response.status != 200:
            raise PeerUnavailable(f"{peer.name} answered {response.status}: {response.body!r}")
        answer: dict[str, Any] = json.loads(response.body)
        return answer


def key_of(table: GlobalTable, item: Item) -> Item:
    """Return the key attributes of `item`."""
    return {k["AttributeName"]: item[k["AttributeName"]] for k in table.definition["KeySchema"]}
