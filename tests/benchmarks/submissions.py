"""How many jobs a second the platform takes in."""

from __future__ import annotations

import http.client
import json
import threading
import time
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.running_cloud import RunningCloud

SOURCE = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
rz({angle}) q[0];
h q[0];
cx q[0], q[1];
c = measure q;
"""
"""Each submission has an angle of its own, so that no cache of programs can help."""


LEDGER = "bellpair-local-ledger"


class Connection:
    """One kept-alive connection that submits jobs."""

    def __init__(self, cloud: RunningCloud) -> None:
        settings = cloud.client_file
        target = urlsplit(settings["endpoints"][0])
        self._http = http.client.HTTPConnection(str(target.hostname), target.port)
        self._path = f"{target.path}/v1/jobs"
        self._headers = {
            "Authorization": f"Bearer {settings['api_key']}",
            "Content-Type": "application/json",
        }

    def submit(self, number: int, device: str) -> tuple[str, float]:
        """Submit one job; its id, and the seconds until the answer was read."""
        body = json.dumps(
            {"source": SOURCE.format(angle=number * 1e-4), "shots": 100, "device": device}
        )
        began = time.perf_counter()
        self._http.request(
            "POST", self._path, body, {**self._headers, "Idempotency-Key": uuid4().hex}
        )
        answer = self._http.getresponse()
        text = answer.read()
        took = time.perf_counter() - began
        if answer.status != 202:
            raise RuntimeError(f"a submission got {answer.status}: {text[:500]!r}")
        return str(json.loads(text)["id"]), took


def submit_many(
    cloud: RunningCloud, jobs: int, connections: int, device: str
) -> tuple[list[str], list[float], float]:
    """Submit ``jobs`` over parallel connections; ids, seconds of each, seconds in all."""
    ids: list[str] = []
    times: list[float] = []
    errors: list[BaseException] = []

    def work(share: range) -> None:
        try:
            connection = Connection(cloud)
            for number in share:
                job, took = connection.submit(number, device)
                ids.append(job)
                times.append(took)
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(range(first, jobs, connections),))
        for first in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return ids, times, time.perf_counter() - began


def ledger_writes(cloud: RunningCloud, writes: int, connections: int) -> float:
    """Conditional writes a second to the ledger, by the same client library the API uses.

    It is the floor under a submission, which does one of them: the peer of the ratio.
    """

    def work(share: range) -> None:
        dynamodb = cloud.aws("dynamodb", "us-east-1")
        for _ in share:
            dynamodb.put_item(
                TableName=LEDGER,
                Item={"pk": {"S": f"BENCH#{uuid4().hex}"}, "sk": {"S": "BENCH"}},
                ConditionExpression="attribute_not_exists(pk)",
            )

    threads = [
        threading.Thread(target=work, args=(range(first, writes, connections),))
        for first in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return writes / (time.perf_counter() - began)


def measure(cloud: RunningCloud) -> dict[str, Any]:
    """Submissions a second with 8 connections, and the median answer with one.

    They go to a QPU that is busy for longer than the measurement, so all but a few wait in
    the ledger's queue: what is measured is acceptance, with the dispatcher woken each time.
    """
    with cloud.emulator("us-west-2") as emulator:
        emulator.put("/_emulator/devices/square-20", json={"queue_delay_s": 600})
    submit_many(cloud, 60, 8, "square-20")
    _, alone, _ = submit_many(cloud, 150, 1, "square-20")
    _, together, seconds = submit_many(cloud, 600, 8, "square-20")
    floor = ledger_writes(cloud, 600, 8)
    rate = 600 / seconds
    return {
        "submissions_per_s": round(rate, 1),
        "submit_p50_ms_1_connection": round(median(alone) * 1e3, 2),
        "submit_p50_ms_8_connections": round(median(together) * 1e3, 2),
        "ledger_writes_per_s": round(floor, 1),
        "submissions_per_ledger_write": round(rate / floor, 3),
    }
