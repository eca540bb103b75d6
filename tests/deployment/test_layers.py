"""The layers: within Lambda's limit, and complete without the environment they were built in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile

import pytest

from toolchain.layers import FUNCTION_LIMIT, LAYERS, MEGABYTE, SERVICES, build, weight
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", autouse=True)
def layers() -> None:
    for layer in LAYERS.values():
        build(layer)


def imported(statement: str, *names: str) -> subprocess.CompletedProcess[str]:
    """Run a statement with nothing importable but Python itself and the layers."""
    folders = os.pathsep.join(str(LAYERS[name].folder / "python") for name in names)
    return subprocess.run(
        [sys.executable, "-S", "-c", statement],
        env={"PYTHONPATH": folders, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_layers_with_a_function_are_under_lambdas_limit() -> None:
    function = 5 * MEGABYTE
    assert sum(weight(layer) for layer in LAYERS.values()) + function < FUNCTION_LIMIT
    assert sum(layer.budget for layer in LAYERS.values()) + function <= FUNCTION_LIMIT


@pytest.mark.parametrize(
    "statement",
    [
        "import bellpair_core.composition",
        "import bellpair_core.adapters.braket_tasks, bellpair_core.adapters.step_functions",
        "import bellpair_core.adapters.sqs_wakeups, bellpair_core.stage",
        "import chalice; chalice.Chalice('app')",
    ],
)
def test_the_core_layer_is_complete(statement: str) -> None:
    assert imported(statement, "core").stderr == ""


@pytest.mark.parametrize(
    "statement",
    [
        "import bellpair_quantum.stage",
        "import scipy.linalg, scipy.optimize, scipy.sparse.linalg, scipy.special",
        (
            "from qiskit import QuantumCircuit as C, transpile; c = C(2); c.h(0); c.cx(0, 1); "
            "transpile(c, basis_gates=['rz', 'sx', 'cz'], optimization_level=3)"
        ),
    ],
)
def test_the_quantum_layer_is_complete_on_top_of_core(statement: str) -> None:
    assert imported(statement, "core", "quantum").stderr == ""


def test_core_does_without_the_quantum_libraries() -> None:
    assert "ModuleNotFoundError" in imported("import numpy", "core").stderr


def test_nothing_is_in_both_layers() -> None:
    def packages(name: str) -> set[str]:
        folder = LAYERS[name].folder / "python"
        return {path.name for path in folder.iterdir() if path.name != "__pycache__"}

    assert not packages("core") & packages("quantum")


def test_every_service_that_is_called_is_described() -> None:
    called = {
        service
        for file in (ROOT / "layers/core/bellpair_core").rglob("*.py")
        for service in re.findall(r"\bclient\(\s*\"([a-z0-9-]+)\"", file.read_text())
    }
    assert {"dynamodb", "s3", "sqs", "braket", "stepfunctions"} <= called
    assert called <= set(SERVICES)


def test_a_layers_archive_carries_bytecode_that_needs_no_check() -> None:
    with zipfile.ZipFile(LAYERS["core"].archive) as archive:
        names = archive.namelist()
        compiled = next(name for name in names if "bellpair_core" in name and name.endswith(".pyc"))
        flags = int.from_bytes(archive.read(compiled)[4:8], "little")
    assert flags == 0b01, "hash-based and unchecked (PEP 552)"
    assert all(name.startswith("python/") for name in names)
