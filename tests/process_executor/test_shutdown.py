"""What is left of functions when LocalStack ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.polling import eventually
from tests.process_executor.emulator import Functions, localstack
from tests.unit.lambda_host.packages import is_running

pytestmark = [pytest.mark.localstack, pytest.mark.xdist_group("process-executor")]

WITH_A_CHILD = """
    import os, pathlib, subprocess, time

    def handler(event, context):
        child = subprocess.Popen(["sleep", "600"])
        done = pathlib.Path(event)
        (done / "new").write_text(f"{os.getpid()} {child.pid}")
        (done / "new").rename(done / "pids")
        time.sleep(600)
"""


def test_localstack_s_end_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ThreadPoolExecutor() as callers:
        with localstack(state) as running:
            functions = Functions(running.url)
            idle = functions.invoke(
                functions.create("import os\ndef handler(event, context): return os.getpid()")
            ).value
            busy = functions.create(WITH_A_CHILD, Timeout=900)
            call = callers.submit(functions.invoke, busy, str(tmp_path))
            pids = tmp_path / "pids"
            eventually(pids.exists)
            all_of_them = [idle, *map(int, pids.read_text().split())]
            assert all(is_running(pid) for pid in all_of_them)
        assert eventually(lambda: not any(is_running(pid) for pid in all_of_them))
        # LocalStack may end before it has answered.
        with suppress(BotoCoreError, ClientError):
            assert call.result().error_type == "Runtime.ExitError"
    assert not list(state.glob("files/**/lambda-*/*"))
