"""Sends the device services' events again, in any order, also when they are long out of date."""

from __future__ import annotations

import json
import random
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bellpair_local.drills.observer import Watch
from bellpair_local.drills.site import Site, local_http
from bellpair_local.topology import SECRET_ACCESS_KEY

PAUSE_S = 1.0
BATCH = 10
"""PutEvents takes so many entries."""
STATES = ("CREATED", "QUEUED", "RUNNING")
"""What a task was before; told again after its end, it is an event that came late."""


class EventStorm:
    """Repeats some tasks' events to every region, again and again, until it is left.

    Attributes
    ----------
    sent
        How many events have been sent to each region.
    """

    def __init__(self, site: Site, chance: random.Random) -> None:
        self._site = site
        self._chance = chance
        self._http = local_http()
        self._buses: list[Any] = [
            boto3.client(
                "events",
                region_name=member.region,
                endpoint_url=member.endpoint,
                aws_access_key_id=site.topology.account,
                aws_secret_access_key=SECRET_ACCESS_KEY,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=5),
            )
            for member in site.topology.regions
        ]
        self.sent = 0
        self._watch = Watch("events", PAUSE_S, self._repeat)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.stop()
        self._http.close()

    def _repeat(self) -> None:
        tasks = [
            task
            for member in self._site.topology.braket
            for task in self._http.get(f"{member.endpoint}/_emulator/tasks").json()["tasks"]
        ]
        chosen = self._chance.sample(tasks, min(len(tasks), BATCH))
        if not chosen:
            return
        entries = [self._event(task) for task in chosen]
        for bus in self._buses:
            try:
                bus.put_events(Entries=entries)
            except (BotoCoreError, ClientError):
                continue
        self.sent += len(entries)

    def _event(self, task: dict[str, Any]) -> dict[str, Any]:
        state = self._chance.choice((*STATES, task["status"], task["status"]))
        detail = {
            "quantumTaskArn": task["quantumTaskArn"],
            "status": state,
            "shots": str(task["shots"]),
            "outputS3Directory": task["outputS3Directory"],
            "createdAt": task["createdAt"],
            "eventType": "MODIFY",
        }
        return {
            "Source": "aws.braket",
            "DetailType": "Braket Task State Change",
            "Resources": [task["quantumTaskArn"]],
            "Detail": json.dumps(detail),
        }
