"""Processes are found again by more than their id, and end with all they started."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bellpair_local import ports
from bellpair_local.processes import ProcessRecord, ProcessTable
from bellpair_local.topology import Topology
from bellpair_local.whole_file import write_whole

SLEEPER = [sys.executable, "-c", "import time; time.sleep(300)"]
# Ignores SIGTERM, as a process that hangs does, and has a child.
STUBBORN_PROGRAM = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
time.sleep(300)
"""
STUBBORN = [sys.executable, "-c", STUBBORN_PROGRAM]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[ProcessTable]:
    table = ProcessTable(tmp_path / "processes.json", patience=0.2)
    yield table
    table.stop_all()


def start(table: ProcessTable, tmp_path: Path, command: list[str] = SLEEPER) -> ProcessRecord:
    return table.start("p", command, tmp_path / "log", os.environ)


def test_a_started_process_is_found_by_another_command(table: ProcessTable, tmp_path: Path) -> None:
    record = start(table, tmp_path)
    assert ProcessTable(tmp_path / "processes.json").alive() == [record]
    assert os.getsid(record.pid) == record.pid


def test_another_process_with_a_recycled_id_is_left_alone(tmp_path: Path) -> None:
    stranger = psutil.Popen(STUBBORN, start_new_session=True)
    while not (children := stranger.children()):
        assert stranger.is_running()
    record = ProcessRecord(
        name="p", pid=stranger.pid, started=stranger.create_time() - 1000, log=tmp_path / "log"
    )
    table = ProcessTable(tmp_path / "processes.json")
    (tmp_path / "processes.json").write_text(f"[{record.model_dump_json()}]")
    try:
        assert table.alive() == []
        table.stop_all()
        assert all(p.status() != psutil.STATUS_ZOMBIE for p in (stranger, *children))
    finally:
        os.killpg(stranger.pid, signal.SIGKILL)
        stranger.wait()


def test_stopping_ends_children_and_what_does_not_listen(
    table: ProcessTable, tmp_path: Path
) -> None:
    record = start(table, tmp_path, STUBBORN)
    child = psutil.Process(_child_of(record))
    table.stop_all()
    assert not record.is_alive()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert table.records() == []
    table.stop_all()


def test_orphans_of_a_dead_leader_are_stopped_too(table: ProcessTable, tmp_path: Path) -> None:
    record = start(table, tmp_path, STUBBORN)
    child = psutil.Process(_child_of(record))
    leader = psutil.Process(record.pid)
    leader.kill()
    leader.wait(5)
    assert child.is_running()
    table.stop_all()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_killing_ends_the_whole_session_and_keeps_its_record(
    table: ProcessTable, tmp_path: Path
) -> None:
    record = start(table, tmp_path, STUBBORN)
    child = psutil.Process(_child_of(record))
    assert table.kill("p") == 2
    assert not record.is_alive()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert table.records() == [record]
    assert table.kill("p") == 0


def test_freezing_stops_the_whole_session_until_it_is_thawed(
    table: ProcessTable, tmp_path: Path
) -> None:
    record = start(table, tmp_path, STUBBORN)
    child = psutil.Process(_child_of(record))
    assert table.freeze("p") == 2
    assert record.is_frozen() and child.status() == psutil.STATUS_STOPPED
    assert record.is_alive()
    assert table.freeze("p") == 0
    assert table.thaw("p") == 2
    assert not record.is_frozen() and child.status() != psutil.STATUS_STOPPED
    assert table.thaw("p") == 0


@pytest.mark.parametrize("end", [ProcessTable.stop_all, lambda table: table.kill("p")])
def test_what_is_frozen_can_be_ended(
    table: ProcessTable, tmp_path: Path, end: Callable[[ProcessTable], object]
) -> None:
    record = start(table, tmp_path, STUBBORN)
    child = psutil.Process(_child_of(record))
    table.freeze("p")
    end(table)
    assert not record.is_alive()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def _child_of(record: ProcessRecord) -> int:
    leader = psutil.Process(record.pid)
    # Until it has begun, it is a copy of its parent, which waits for it.
    while not (children := leader.children()) or children[0].cmdline() == leader.cmdline():
        assert record.is_alive()
    return int(children[0].pid)


def test_a_taken_port_is_seen_and_a_free_range_is_offered() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert port in ports.taken(port)
        base = ports.free_base(1024)
        assert base is not None and ports.taken(base) == []
        assert f"pid {os.getpid()}" in (ports.holder(port) or "")


def test_a_topology_survives_its_file(tmp_path: Path) -> None:
    topology = Topology.plan("t", tmp_path, tmp_path, 7000)
    topology.save()
    assert Topology.load(topology.file) == topology
    assert [m.port for m in topology.members] == [7000, 7001, 7002, 7003, 7004]


@pytest.mark.parametrize("base", [80, 65534, -1])
def test_ports_beyond_the_range_are_refused(tmp_path: Path, base: int) -> None:
    with pytest.raises(ValueError, match="choose another"):
        Topology.plan("t", tmp_path, tmp_path, base)


def test_a_file_written_whole_is_replaced_at_once(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    write_whole(file, "first")
    before = file.stat().st_ino
    write_whole(file, "second")
    assert (file.read_text(), file.stat().st_ino != before) == ("second", True)
    assert list(tmp_path.iterdir()) == [file]
