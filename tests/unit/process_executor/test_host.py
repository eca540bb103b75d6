"""What the execution environments of one LocalStack share."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bellpair_lambda_host import Interpreter
from localstack_process_executor.host import ProcessHost
from localstack_process_executor.settings import Settings
from tests.unit.process_executor.versions import fetch, version

RUNNING = Interpreter.running().version
PATIENCE_S = 30.0


def test_a_version_that_is_still_being_fetched_keeps_no_other_waiting(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    slow = tmp_path / "bin" / "python3.77"
    slow.parent.mkdir()
    # It says which it is only when somebody opens the gate.
    slow.write_text(f"#!/bin/sh\necho asked > {gate}\nread line < {gate}\nexit 1\n")
    slow.chmod(0o700)
    host = ProcessHost(
        Settings(tmp_path / "kept", tmp_path / "scratch", pythons={"3.77": slow}), fetch
    )
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(host.prepare, version("", runtime="python3.77"))
        gate.read_text()
        try:
            other = pool.submit(host.prepare, version("", runtime=f"python{RUNNING}"))
            other.result(PATIENCE_S)
            assert not waiting.done()
        finally:
            gate.write_text("open\n")
        assert waiting.exception(PATIENCE_S) is not None
    host.close()
