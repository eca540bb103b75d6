"""What importing costs, that limits agree with the service's, and that examples run."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bellpair.functions import limits
from bellpair_core.model import limits as service_limits

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "functions" / "programming.md"
HEAVY = ("qiskit", "braket", "numpy", "scipy", "boto3", "aws_durable_execution_sdk_python")
MODULES = ["", ".fingerprint", ".local", ".declaration"]


def loaded_by(statement: str) -> set[str]:
    shown = f"import sys; {statement}; print(*[m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import bellpair.functions",
        "from bellpair.functions import RuntimeWorkerBase, quantum_function",
        "from bellpair.functions import Runtime, RuntimeProvider, CallFailed, run_local",
        "import bellpair.functions.inspection",
    ],
)
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) == set()


def test_limits_are_the_services() -> None:
    assert limits.CALL_PROGRAMS_MAX == service_limits.PROGRAMS_PER_CALL_MAX
    assert limits.CALL_BYTES_MAX == service_limits.CALL_PROGRAM_BYTES_MAX
    assert limits.SHOTS_MAX == service_limits.SHOTS_MAX
    assert limits.CHECKPOINT_BYTES_MAX == service_limits.CHECKPOINT_BYTES_MAX
    assert limits.OUTPUT_BYTES_MAX == service_limits.FUNCTION_OUTPUT_BYTES_MAX


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    failures, tried = doctest.testmod(importlib.import_module(f"bellpair.functions{module}"))

    assert failures == 0
    assert tried


def test_examples_of_the_page_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {"__name__": "page"}

    assert len(blocks) > 5
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), names)
