"""A LocalStack of ours is there for this machine alone, and nothing of it outlives it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from bellpair_localstack import server
from bellpair_localstack.environment import Environment
from bellpair_localstack.server import Running
from tests.localstack.conftest import REGION, free_port
from tests.polling import eventually

pytestmark = pytest.mark.localstack


def test_it_listens_at_the_loopback_alone_and_leaves_nothing_when_it_is_killed(
    host_mode: Environment, tmp_path: Path
) -> None:
    running = server.start(host_mode, free_port(), tmp_path)
    try:
        (record,) = server.processes(tmp_path)
        # A table with a stream has it start the Kinesis server, a process of its own.
        stream_a_table(running)
        tree = [psutil.Process(record.pid), *psutil.Process(record.pid).children(recursive=True)]
        kinesis = [process for process in tree if process.name() != tree[0].name()]
        heard_at = {connection.laddr.ip for process in tree for connection in listening(process)}
        assert kinesis
        assert heard_at == {"127.0.0.1"}

        os.kill(record.pid, signal.SIGKILL)
        eventually(lambda: not server.is_alive(tmp_path))
    finally:
        server.stop(tmp_path)

    eventually(lambda: not any(process.is_running() for process in kinesis))


def stream_a_table(running: Running) -> None:
    tables: Any = boto3.client(
        "dynamodb",
        endpoint_url=running.url,
        region_name=REGION,
        aws_access_key_id="424242424242",
        aws_secret_access_key="local",
    )
    tables.create_table(
        TableName="streamed",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def listening(process: psutil.Process) -> list[Any]:
    return [
        connection
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
