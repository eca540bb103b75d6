"""Starting, losing and stopping the processes of a local cloud."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import uuid
from pathlib import Path

import psutil
import pytest

from bellpair_local.cloud import LocalCloud
from bellpair_local.topology import DEPLOYED_FILE, Topology
from tests import small_assembly
from tests.polling import eventually
from tests.running_cloud import BELLPAIR, free_port_base

from .conftest import SmallCloud, bellpair_local

pytestmark = pytest.mark.integration


def test_the_status_tells_each_process(small_cloud: SmallCloud) -> None:
    done = bellpair_local("status", "--json", state_dir=small_cloud.cloud.state_dir)
    status = json.loads(done.stdout)
    assert (done.returncode, status["state"]) == (0, "up")
    base = small_cloud.topology.port_base
    assert [(m["name"], m["role"], m["port"], m["health"]) for m in status["members"]] == [
        ("us-east-1", "region", base, "ok"),
        ("us-west-2", "region", base + 1, "ok"),
        ("witness", "witness", base + 2, "ok"),
        ("braket-us-east-1", "braket", base + 3, "ok"),
        ("braket-us-west-2", "braket", base + 4, "ok"),
    ]
    assert all(Path(m["log"]).exists() for m in status["members"])


def test_every_port_is_bound_to_the_loopback_interface_alone(small_cloud: SmallCloud) -> None:
    pids = {record.pid for record in small_cloud.cloud.alive()}
    listening = [
        c.laddr
        for c in psutil.net_connections("inet")
        if c.pid in pids and c.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {address.port for address in listening} >= {
        member.port for member in small_cloud.topology.members
    }


def test_a_lost_region_leaves_the_rest_alone_and_recovers_its_tables(
    small_cloud: SmallCloud,
) -> None:
    cloud = small_cloud.cloud
    key = uuid.uuid4().hex
    small_cloud.aws("dynamodb", "us-east-1").put_item(
        TableName=small_assembly.CATALOGUE, Item={"pk": {"S": key}, "sk": {"S": "seen"}}
    )
    eventually(lambda: small_cloud.catalogue("us-west-2", key))
    small_cloud.invoke({}, "us-west-2")
    api = small_cloud.api_id("us-west-2")
    west = next(r for r in cloud.alive() if r.name == "us-west-2")
    workers = [p.pid for p in psutil.Process(west.pid).children(recursive=True)]
    assert workers

    os.killpg(west.pid, signal.SIGKILL)

    eventually(lambda: not west.is_alive())
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in workers))
    health = {m.name: m.health for m in cloud.status().members}
    assert health.pop("us-west-2") == "dead"
    assert set(health.values()) == {"ok"}
    assert bellpair_local("status", state_dir=cloud.state_dir).returncode == 3
    up = bellpair_local("up", "--detach", state_dir=cloud.state_dir)
    assert (up.returncode, "heal us-west-2" in up.stderr) == (1, True)
    assert small_cloud.invoke({"n": 1})["event"] == {"n": 1}
    late = uuid.uuid4().hex
    for table in (small_assembly.LEDGER, small_assembly.CATALOGUE):
        small_cloud.aws("dynamodb", "us-east-1").put_item(
            TableName=table, Item={"pk": {"S": late}, "sk": {"S": "seen"}}
        )

    back = bellpair_local("restart", "us-west-2", state_dir=cloud.state_dir)
    assert back.returncode == 0, back.stderr

    assert small_cloud.api_id("us-west-2") == api
    assert small_cloud.invoke({"n": 2}, "us-west-2")["event"] == {"n": 2}
    assert small_cloud.catalogue("us-west-2", key)
    assert eventually(lambda: small_cloud.catalogue("us-west-2", late))
    found = small_cloud.aws("dynamodb", "us-west-2").get_item(
        TableName=small_assembly.LEDGER, Key={"pk": {"S": late}, "sk": {"S": "seen"}}
    )
    assert "Item" in found


def test_a_second_cloud_lives_beside_the_first(small_cloud: SmallCloud, tmp_path: Path) -> None:
    up = bellpair_local(
        "up", "--detach", "--no-deploy", "--port-base", str(free_port_base()), state_dir=tmp_path
    )
    assert up.returncode == 0, up.stderr
    records = LocalCloud("second", tmp_path).alive()
    assert len(records) == 5
    again = bellpair_local("up", "--detach", "--no-deploy", state_dir=tmp_path)
    assert (again.returncode, "is up already" in again.stderr) == (0, True)

    for word in ("Stopped.", "It was not running."):
        down = bellpair_local("down", state_dir=tmp_path)
        assert (down.returncode, word in down.stderr) == (0, True)

    assert not any(record.is_alive() for record in records)
    assert bellpair_local("status", state_dir=tmp_path).returncode == 3
    assert small_cloud.cloud.status().state == "up"


def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    base = free_port_base()
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", base + 1))
        server.listen()
        up = bellpair_local("up", "--detach", "--port-base", str(base), state_dir=tmp_path)
    assert up.returncode == 1
    assert f"{base + 1} (" in up.stderr
    assert f"pid {os.getpid()}" in up.stderr
    assert "--port-base" in up.stderr
    assert "Stopping" not in up.stderr
    assert LocalCloud("x", tmp_path).alive() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_the_command_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [
            *(BELLPAIR, "local", "up", "--no-deploy"),
            *("--state-dir", str(tmp_path), "--port-base", str(free_port_base())),
        ],
        stderr=subprocess.PIPE,
    ) as up:
        cloud = LocalCloud("x", tmp_path)
        # Interrupted while the processes start, or soon after: both must be clean.
        records = eventually(lambda: len(alive := cloud.alive()) == 5 and alive)
        up.send_signal(number)
        up.wait(120)
    assert not any(record.is_alive() for record in records)
    assert cloud.alive() == []


def test_a_deployment_that_was_broken_off_is_finished_by_the_next_up(tmp_path: Path) -> None:
    assembly = small_assembly.write(tmp_path / "cdk.out")
    state_dir = tmp_path / "state"
    cloud = LocalCloud("x", state_dir)
    words = ("up", "--detach", "--port-base", str(free_port_base()), "--template", str(assembly))
    try:
        with subprocess.Popen([BELLPAIR, "local", *words, "--state-dir", str(state_dir)]) as up:
            eventually(lambda: cloud.status().state == "undeployed")
            up.kill()
        assert bellpair_local("status", state_dir=state_dir).returncode == 3
        begun = cloud.topology()

        again = bellpair_local("up", "--detach", state_dir=state_dir)

        assert again.returncode == 0, again.stderr
        assert cloud.topology() == begun
        assert bellpair_local("status", state_dir=state_dir).returncode == 0
        assert (state_dir / DEPLOYED_FILE).read_text() == str(assembly)
    finally:
        bellpair_local("down", state_dir=state_dir)


def test_a_template_that_fails_is_explained_and_cleaned_up(tmp_path: Path) -> None:
    assembly = small_assembly.write(tmp_path / "cdk.out")
    file = assembly / "Small-Data-us-east-1.template.json"
    template = json.loads(file.read_text())
    template["Resources"]["Moon"] = {"Type": "AWS::Moon::Rocket", "Properties": {}}
    file.write_text(json.dumps(template))
    up = bellpair_local(
        *("up", "--detach", "--port-base", str(free_port_base()), "--template", str(assembly)),
        state_dir=tmp_path / "state",
    )
    assert up.returncode == 1
    assert "AWS::Moon::Rocket" in up.stderr
    assert "What to do" in up.stderr
    assert LocalCloud("x", tmp_path / "state").alive() == []


def test_an_unknown_process_is_named_with_those_there_are(small_cloud: SmallCloud) -> None:
    done = bellpair_local("restart", "mars", state_dir=small_cloud.cloud.state_dir)
    assert done.returncode == 1
    assert "no process 'mars'" in done.stderr
    assert "us-east-1, us-west-2, witness" in done.stderr


def test_logs_show_processes_and_functions(small_cloud: SmallCloud) -> None:
    small_cloud.invoke({"n": 3})
    done = bellpair_local("logs", "us-east-1/small-function", state_dir=small_cloud.cloud.state_dir)
    assert done.returncode == 0
    assert "REPORT RequestId" in done.stdout
    none = bellpair_local("logs", "mars", state_dir=small_cloud.cloud.state_dir)
    assert (none.returncode, "No log of mars" in none.stderr) == (1, True)


def test_no_process_is_restarted_alone_where_the_cloud_is_down(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    Topology.plan("down", state, tmp_path / "cache", 29_566).save()

    done = bellpair_local("restart", "us-east-1", state_dir=state)

    assert done.returncode == 1
    assert "is down" in done.stderr
    assert "bellpair local up" in done.stderr
    assert LocalCloud("down", state).alive() == []
