"""Run the integration tests on a LocalStack: ``python -m tests.integration.on_localstack``.

It is the one that ``AWS_ENDPOINT_URL`` or ``LOCALSTACK_HOST`` names, or else one that is started
for the tests, without Docker. ``--part`` runs `PART` of them; further words go to pytest.

Exit status: 0 all passed; 1 some failed, or there is no LocalStack that could be used, which is
said; 3 there is no Python 3.13 to start one on, and none is named.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bellpair_local.failures import LocalCloudError
from bellpair_localstack import address, environment, server
from bellpair_localstack.failures import PythonMissing

HERE = Path(__file__).parent
TROUBLE = 1
SECONDS = 600
"""How long a test may take; the first one's time has the whole deployment in it."""

PART = (
    "test_jobs.py",
    "test_functions.py",
    "test_bad_input.py",
    "test_quantum_functions.py::test_a_function_that_fails_says_why_and_the_next_one_is_well",
    "test_quantum_functions.py::test_a_function_waits_through_a_devices_queue",
    "test_quantum_functions.py::test_who_deploys_on_a_cloud_of_their_own_may_delete_again",
    "test_triggers.py::test_a_file_dropped_in_the_inbox_becomes_a_finished_job",
    "test_triggers.py::test_an_event_and_a_message_make_one_job_each",
    "test_switchover.py",
)
"""What ``.ci/run`` runs: jobs, functions, refusals and the switchover, and some of what else rests
on services of the cloud. docs/local-clouds.md says why it is no more."""


def main(words: Sequence[str]) -> int:
    """Look first whether there can be a LocalStack, then run the tests; return the exit status."""
    try:
        if url := address.named():
            server.check_plugins(server.find(url))
        else:
            environment.ensure()
    except LocalCloudError as error:
        print(f"No test was run. {error}\n{error.remedy}", file=sys.stderr)
        return error.exit_status
    named = any(Path(word.split("::")[0]).exists() for word in words)
    part = "--part" in words
    words = [word for word in words if word != "--part"]
    places = [f"{HERE}/{name}" for name in PART] if part else [] if named else [str(HERE)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", f"timeout={SECONDS}", *words, *places],
        env={**os.environ, "BELLPAIR_TEST_ON": "localstack"},
        check=False,
    ).returncode
    # Of its own, pytest says 3 of a failure inside of it.
    return TROUBLE if ran == PythonMissing.exit_status else ran


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
