"""Several callers, several hosts, and the end of a host."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bellpair_lambda_host import HostClosed, LambdaHost, TooManyRequests
from bellpair_lambda_host.pool import Pool

from .packages import answer, eventually, function, invoke, is_running, touch_and_wait

ECHO = "def handler(event, context): return event"

# Works until the file that the event names exists.
UNTIL_RELEASED = """
    import os, time

    def handler(event, context):
        open(event["started"], "a").write(event["name"] + " ")
        while not os.path.exists(event["released"]):
            time.sleep(0.005)
        return os.getpid()
"""


@pytest.fixture
def gate(tmp_path: Path) -> dict[str, str]:
    return {"started": str(tmp_path / "started"), "released": str(tmp_path / "released")}


def started(gate: dict[str, str]) -> list[str]:
    path = Path(gate["started"])
    return path.read_text().split() if path.exists() else []


def test_invocations_at_once_have_workers_of_their_own(
    host: LambdaHost, gate: dict[str, str]
) -> None:
    spec = function(UNTIL_RELEASED, max_workers=3)
    with ThreadPoolExecutor() as callers:
        running = [callers.submit(answer, host, spec, {**gate, "name": n}) for n in "abc"]
        assert eventually(lambda: len(started(gate)) == 3)
        assert [worker.state for worker in host.workers()] == ["busy"] * 3
        Path(gate["released"]).touch()
        assert len({call.result() for call in running}) == 3


def test_over_the_cap_invocations_wait_in_order(host: LambdaHost, gate: dict[str, str]) -> None:
    spec = function(UNTIL_RELEASED, max_workers=1)
    with ThreadPoolExecutor(max_workers=5) as callers:
        running = [callers.submit(answer, host, spec, {**gate, "name": "0"})]
        assert eventually(lambda: started(gate) == ["0"])
        for number in range(1, 5):
            running.append(callers.submit(answer, host, spec, {**gate, "name": str(number)}))
            assert eventually(lambda: host.waiting("tested") == len(running) - 1)
        assert started(gate) == ["0"]
        Path(gate["released"]).touch()
        assert len({call.result() for call in running}) == 1
    assert started(gate) == ["0", "1", "2", "3", "4"]


def test_waiting_for_a_worker_has_an_end() -> None:
    pool = Pool(places=1)
    assert pool.acquire(timeout_s=0) is None
    with pytest.raises(TooManyRequests, match="try again"):
        pool.acquire(timeout_s=0.01)
    assert pool.waiting == 0
    pool.release(None)
    assert pool.acquire(timeout_s=0) is None


def test_a_worker_that_nobody_needs_for_long_is_given_up() -> None:
    class Resting:
        def __init__(self, idle_since: float) -> None:
            self.idle_since = idle_since

    pool = Pool(places=2, idle_limit_s=60)
    old, recent = Resting(time.monotonic() - 61), Resting(time.monotonic())
    assert [pool.acquire(0), pool.acquire(0)] == [None, None]
    assert pool.release(recent) == []  # type: ignore[arg-type]
    assert pool.acquire(0) is recent
    assert pool.release(old) == [old]  # type: ignore[arg-type, comparison-overlap]
    assert pool.release(recent) == []  # type: ignore[arg-type]
    assert [pool.acquire(0), pool.acquire(0)] == [recent, None]


def test_one_who_waits_gets_the_place_of_a_worker_that_was_lost(
    host: LambdaHost, gate: dict[str, str]
) -> None:
    spec = function(UNTIL_RELEASED, max_workers=1)
    with ThreadPoolExecutor() as callers:
        first = callers.submit(invoke, host, spec, {**gate, "name": "first"})
        assert eventually(lambda: started(gate) == ["first"])
        second = callers.submit(invoke, host, spec, {**gate, "name": "second"})
        assert eventually(lambda: host.waiting("tested") == 1)
        host.kill_workers(1.0, seed=0)
        lost = first.result().error
        assert lost is not None and lost.type == "Runtime.ExitError"
        Path(gate["released"]).touch()
        assert second.result().error is None


def test_evicting_lets_a_busy_worker_finish_and_then_ends_it(
    host: LambdaHost, gate: dict[str, str]
) -> None:
    spec = function(UNTIL_RELEASED)
    with ThreadPoolExecutor() as callers:
        running = callers.submit(answer, host, spec, {**gate, "name": "one"})
        assert eventually(lambda: started(gate) == ["one"])
        host.evict("tested")
        Path(gate["released"]).touch()
        pid = running.result()
    assert isinstance(pid, int) and not is_running(pid)
    assert host.workers() == []


def test_losing_a_zone_kills_a_third_chosen_by_the_seed(host: LambdaHost) -> None:
    specs = [function(ECHO, name=f"f{number}") for number in range(6)]
    for spec in specs:
        host.prewarm(spec)
    pids = [worker.pid for worker in host.workers()]
    killed = [worker.pid for worker in host.kill_workers(1 / 3, seed=7)]
    assert len(killed) == 2 and set(killed) < set(pids)
    assert eventually(lambda: not any(is_running(pid) for pid in killed))
    assert all(is_running(pid) for pid in pids if pid not in killed)
    for spec in specs:
        assert answer(host, spec, 1) == 1


def test_many_callers_lose_nothing_while_workers_are_killed(host: LambdaHost) -> None:
    spec = function(ECHO, max_workers=3)
    host.prewarm(spec, workers=3)
    done = threading.Event()
    kills = []

    def kill() -> None:
        while not done.wait(0.05):
            kills.extend(host.kill_workers(1 / 3, seed=len(kills)))

    def call(number: int) -> bool:
        result = invoke(host, spec, number)
        if result.error is None:
            return json.loads(result.payload) == number
        return result.error.type == "Runtime.ExitError"

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with ThreadPoolExecutor(max_workers=6) as callers:
            assert all(callers.map(call, range(600)))
            while not kills:
                assert call(0)
    finally:
        done.set()
        killer.join()
    assert len(host.workers()) <= 3


def test_two_hosts_share_one_cache(tmp_path: Path) -> None:
    spec = function(ECHO)
    cache = tmp_path / "cache"

    def use(number: int) -> object:
        with LambdaHost(cache) as host:
            return answer(host, spec, number)

    with ThreadPoolExecutor() as users:
        assert list(users.map(use, range(4))) == [0, 1, 2, 3]
    assert len([path for path in (cache / "artifacts").iterdir() if path.is_dir()]) == 1


def test_closing_leaves_no_process_and_fails_what_runs(
    cache_dir: Path, gate: dict[str, str]
) -> None:
    host = LambdaHost(cache_dir)
    spec = function(UNTIL_RELEASED, max_workers=2)
    host.prewarm(function(ECHO, name="idle"))
    before = len(os.listdir("/proc/self/fd"))
    with ThreadPoolExecutor() as callers:
        running = [callers.submit(invoke, host, spec, {**gate, "name": n}) for n in "ab"]
        assert eventually(lambda: len(started(gate)) == 2)
        waiting = callers.submit(invoke, host, spec, {**gate, "name": "c"})
        assert eventually(lambda: host.waiting("tested") == 1)
        pids = [worker.pid for worker in host.workers()]
        host.close()
        assert len(pids) == 3 and not any(is_running(pid) for pid in pids)
        errors = [call.result().error for call in running]
        assert [error and error.type for error in errors] == ["Runtime.ExitError"] * 2
        with pytest.raises(HostClosed):
            waiting.result()
    with pytest.raises(HostClosed):
        invoke(host, spec, {**gate, "name": "late"})
    assert len(os.listdir("/proc/self/fd")) < before
    host.close()


def test_closing_ends_what_functions_have_started(cache_dir: Path, tmp_path: Path) -> None:
    host = LambdaHost(cache_dir)
    pid_file = tmp_path / "pid"
    spec = function(
        f"""
        import pathlib, subprocess, time

        def handler(event, context):
            child = subprocess.Popen(["sleep", "600"])
            pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))
            time.sleep(60)
        """
    )
    with ThreadPoolExecutor() as callers:
        running = callers.submit(invoke, host, spec)
        assert eventually(lambda: pid_file.exists() and bool(pid_file.read_text()))
        child = int(pid_file.read_text())
        assert is_running(child)
        host.close()
        assert eventually(lambda: not is_running(child))
        assert running.result().error is not None


PARENT = """
import sys, threading
from pathlib import Path
from tests.unit.lambda_host.packages import function, invoke
from bellpair_lambda_host import LambdaHost

host = LambdaHost(Path(sys.argv[1]))
host.prewarm(function("def handler(event, context): return event", name="idle"))
source = '''
import time

def handler(event, context):
    while True:
        time.sleep(1)
'''
call = (host, function(source, name="busy", timeout_s=60))
# The thread that causes the start ends long before the worker does.
warm = threading.Thread(target=host.prewarm, args=call[1:])
warm.start()
warm.join()
threading.Thread(target=invoke, args=call, daemon=True).start()
while {worker.state for worker in host.workers()} != {"idle", "busy"}:
    pass
print(*(worker.pid for worker in host.workers()), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [True, False])
def test_workers_end_with_their_parent_however_it_ends(cache_dir: Path, killed: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(cache_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2 and all(is_running(pid) for pid in pids)
        assert {os.getpgid(pid) for pid in pids} == {os.getpgid(parent.pid)}
        if killed:
            parent.send_signal(signal.SIGKILL)
    assert eventually(lambda: not any(is_running(pid) for pid in pids))


def test_a_worker_at_work_shows_as_busy(host: LambdaHost, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    with ThreadPoolExecutor() as callers:
        running = callers.submit(invoke, host, function(touch_and_wait(str(flag)), name="long"))
        assert eventually(flag.exists)
        (worker,) = host.workers()
        assert (worker.function, worker.version, worker.state) == ("long", "$LATEST", "busy")
        host.kill_workers(1.0, seed=0)
        running.result()
