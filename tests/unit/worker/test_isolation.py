"""What user code can reach of what is around it: nothing. Real forks, the real supervisor."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bellpair_worker.file_rules import landlock_version
from bellpair_worker.nursery import Nursery, NurserySettings
from bellpair_worker.supervisor import Supervisor
from bellpair_worker.syscall_filter import filter_program

from .conftest import Worker
from .memory_broker import RUN, MemoryBroker, body

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes users")


def told(worker: Worker, source: str) -> Any:
    """What a function says of its surroundings."""
    broker = MemoryBroker(body(source))
    outcome = worker.run(broker)
    assert outcome == {"outcome": "finished"}, (outcome, broker.printed)
    return json.loads(broker.one("finish")["value"])


def tried(worker: Worker, action: str) -> str | None:
    """Name of the error that an action ends with."""
    return told(worker, f"try:\n    {action}\nexcept Exception as error:\n"
                        f"    return type(error).__name__")  # fmt: skip


def test_the_environment_tells_nothing(worker: Worker) -> None:
    names = told(worker, "import os; return sorted(os.environ)")
    assert not [name for name in names if name.startswith(("AWS", "BELLPAIR", "PYTHON"))]
    assert "HOME" in names


def test_memory_never_held_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "wJalrXUtnFEMI" + "K7MDENGbPxRfiCY"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    nursery = Nursery(NurserySettings())
    source = f"""
    wanted = {secret[:13]!r}.encode() + {secret[13:]!r}.encode()
    found = []
    for line in open("/proc/self/maps"):
        span, access, *_ = line.split()
        first, last = (int(end, 16) for end in span.split("-"))
        if "r" in access and "[v" not in line:
            try:
                memory = open("/proc/self/mem", "rb", buffering=0)
            except PermissionError:
                return "closed"
            memory.seek(first)
            chunk = memory.read(last - first)
            found += [line] * (chunk.count(wanted) and b"wanted" not in wanted)
    return len(found)
    """
    broker = MemoryBroker(body(source))
    supervisor = Supervisor(broker, nursery)
    try:
        supervisor.handle({"run": RUN}, 60)
    finally:
        supervisor.close()
    # What remains is the bytes object that the search itself made.
    assert json.loads(broker.one("finish")["value"]) in ("closed", 0, 1, 2)


@pytest.mark.parametrize(
    "action",
    [
        "import socket; socket.socket(socket.AF_INET)",
        "import socket; socket.socket(socket.AF_INET6)",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9001/')",
    ],
)
def test_there_is_no_network(worker: Worker, action: str) -> None:
    assert tried(worker, action) in {"PermissionError", "URLError"}


@pytest.mark.parametrize("target", ["os.getppid()", "-1", "-os.getpgid(os.getppid())"])
def test_the_processes_above_get_no_signals(worker: Worker, target: str) -> None:
    before = worker.nursery.pid
    assert tried(worker, f"import os; os.kill({target}, 9)") == "PermissionError"
    assert worker.nursery.pid == before
    worker.nursery.wait_until_ready()


@pytest.mark.parametrize("file", ["environ", "mem", "maps"])
def test_the_processes_above_are_closed(worker: Worker, file: str) -> None:
    action = f"import os; open(f'/proc/{{os.getppid()}}/{file}', 'rb').read()"
    assert tried(worker, action) == "PermissionError"


@pytest.mark.skipif(not landlock_version(), reason="the kernel has no Landlock")
@pytest.mark.parametrize("directory", ["/tmp", "/dev/shm", "/var/tmp"])
def test_files_can_be_written_in_its_own_directory_alone(worker: Worker, directory: str) -> None:
    name = f"{directory}/bellpair-test-{os.getpid()}"
    assert tried(worker, f"open({name!r}, 'w')") == "PermissionError"
    assert not Path(name).exists()
    written = "import tempfile\nwith tempfile.NamedTemporaryFile() as file: file.write(b'x')"
    assert told(worker, f"{written}\nreturn 'written'") == "written"


@pytest.mark.skipif(not landlock_version(), reason="the kernel has no Landlock")
def test_files_of_others_cannot_be_read(worker: Worker, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("secret")
    for path in (*foreign.parents[:-1], foreign):
        if path.is_relative_to(tmp_path):
            path.chmod(0o755)
    assert tried(worker, f"open({str(foreign)!r})") == "PermissionError"


@as_root
def test_it_runs_as_a_user_of_its_own_without_rights(worker: Worker) -> None:
    source = """
    import os
    status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return [os.getuid(), os.getgid(), os.getgroups(), status["CapEff"].strip(),
            status["NoNewPrivs"].strip(), status["Seccomp"].strip()]
    """
    uid, gid, groups, capabilities, no_new_privileges, filtered = told(worker, source)
    assert uid == gid and uid > 60_000 and groups == []
    assert int(capabilities, 16) == 0
    assert (no_new_privileges, filtered) == ("1", "2")


def test_no_descriptor_is_inherited_but_its_own(worker: Worker) -> None:
    source = """
    import os
    found = []
    for number in range(256):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    return len(found)
    """
    assert told(worker, source) == 4  # input, output, errors, and the line to the worker


def test_what_the_standard_library_needs_is_within_reach(worker: Worker) -> None:
    source = """
    import sqlite3, subprocess, sys, xml.etree.ElementTree
    return subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout.decode()
    """
    assert told(worker, source) == "1\n"


def test_a_worker_describes_itself(worker: Worker) -> None:
    said = worker.supervisor(MemoryBroker("")).handle({"describe": True}, 30)
    assert said["python"].startswith("3.") and "pydantic" in said["packages"]
    assert said["memory_mb"] == 600 and 0 < said["seconds"] <= 30
    assert said["isolation"]["network"] == "closed"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_each_machine_is_within_the_kernels_limit(machine: str) -> None:
    program = filter_program([1, 2], machine)
    assert program is not None and len(program) % 8 == 0 and len(program) // 8 < 4096


def test_an_unknown_machine_has_no_filter() -> None:
    assert filter_program([], "riscv64") is None
