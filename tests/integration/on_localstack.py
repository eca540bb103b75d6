"""Run the integration tests on a LocalStack: ``python -m tests.integration.on_localstack``.

It is the one that ``AWS_ENDPOINT_URL`` or ``LOCALSTACK_HOST`` names, or else one that is started
for the tests, without Docker. Further words go to pytest.

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
    places = [] if named else [str(HERE)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words, *places],
        env={**os.environ, "BELLPAIR_TEST_ON": "localstack"},
        check=False,
    ).returncode
    # Of its own, pytest says 3 of a failure inside of it.
    return TROUBLE if ran == PythonMissing.exit_status else ran


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
