"""Triggers go on in the other region when the active one is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples import BELL
from tests.polling import eventually
from tests.running_cloud import RunningCloud, free_port_base

pytestmark = [pytest.mark.drill, pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE_S = 300.0
LOST, SURVIVOR = "us-east-1", "us-west-2"


@pytest.fixture
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A cloud for this test alone, which loses a region of it."""
    made = RunningCloud("loss", free_port_base(), tmp_path_factory.mktemp("cloud"))
    made.up()
    try:
        yield made
    finally:
        made.down()


class Place:
    """What happens in one region, and what the API there has of it."""

    def __init__(self, cloud: RunningCloud, region: str, endpoint: int) -> None:
        self.cloud = cloud
        self.region = region
        self._endpoint = endpoint

    def ask(self, method: str, path: str, key: str = "", **more: Any) -> Any:
        with self.cloud.http(self._endpoint, key) as http:
            answer = http.request(method, path, **more)
        return answer.json() if answer.is_success else None

    def jobs(self, trigger: str) -> list[Any]:
        found = self.ask("GET", "/v1/jobs") or {"jobs": []}
        return [job for job in found["jobs"] if job["name"] == trigger]

    def done(self, trigger: str) -> list[Any]:
        return [job for job in self.jobs(trigger) if job["status"] == "succeeded"]

    def is_active(self) -> bool:
        pair = self.ask("GET", "/v1/pair", key=self.cloud.client_file["operator_key"])
        return bool(pair) and pair["active_region"] == self.region

    def drop(self, made: Any, name: str) -> None:
        bucket, _, folder = made["inbox"][self.region].removeprefix("s3://").partition("/")
        s3 = self.cloud.aws("s3", self.region)
        s3.put_object(Bucket=bucket, Key=f"{folder}{name}", Body=BELL.encode())

    def tell(self, number: int) -> None:
        entry = {
            "Source": "lab",
            "DetailType": "Wanted",
            "Detail": json.dumps({"number": number, "program": BELL}),
            "EventBusName": "bellpair-local-events",
        }
        assert not self.cloud.aws("events", self.region).put_events(Entries=[entry])[
            "FailedEntryCount"
        ]


def test_objects_events_and_the_clock_make_jobs_in_the_region_that_survives(
    own_cloud: RunningCloud,
) -> None:
    east, west = Place(own_cloud, LOST, 0), Place(own_cloud, SURVIVOR, 1)

    def make(name: str, source: dict[str, Any], program: str | None = None) -> Any:
        circuit = {"device": "sv1", "shots": 10, **({"source": program} if program else {})}
        made = east.ask(
            "POST", "/v1/triggers", json={"name": name, "source": source, "circuit": circuit}
        )
        assert made is not None
        return made

    drop = make("drop", {"type": "inbox", "suffix": ".qasm"})
    make("told", {"type": "event", "pattern": {"source": ["lab"]}}, "$.detail.program")
    make("often", {"type": "schedule", "rate": "1 minute"}, BELL)
    east.drop(drop, "before.qasm")
    east.tell(1)
    eventually(lambda: all(east.done(name) for name in ("drop", "told", "often")), PATIENCE_S)

    own_cloud.bellpair("local", "kill", LOST)
    west.drop(drop, "meanwhile.qasm")
    west.tell(2)
    eventually(west.is_active, PATIENCE_S)
    west.drop(drop, "after.qasm")
    west.tell(3)
    ticks = len(west.jobs("often"))

    eventually(lambda: len(west.done("drop")) == 3, PATIENCE_S)
    eventually(lambda: len(west.done("told")) == 3, PATIENCE_S)
    eventually(lambda: len(west.done("often")) > ticks, PATIENCE_S)
    assert len(west.jobs("drop")) == len(west.jobs("told")) == 3
