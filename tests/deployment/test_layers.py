"""The layers: within Lambda's limit, and complete without the environment they were built in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile

import pytest

from bellpair_cdk.stage import CONFIGURATION, load
from toolchain.build_layers import build
from toolchain.layers import FUNCTION_LIMIT, LAYERS, MEGABYTE, SERVICES, TOGETHER
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


@pytest.mark.parametrize("together", TOGETHER)
def test_the_layers_of_a_function_leave_it_room_under_lambdas_limit(
    together: tuple[str, ...],
) -> None:
    function = 5 * MEGABYTE
    assert sum(LAYERS[name].budget for name in together) + function <= FUNCTION_LIMIT


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_a_stages_workers_have_layers_that_were_tried_together(stage: str) -> None:
    for name, worker in load(stage, ROOT / CONFIGURATION).workers.items():
        assert set(worker.layers) in [set(together) for together in TOGETHER], name


@pytest.mark.parametrize(
    "statement",
    [
        "import bellpair_core.composition",
        "import bellpair_core.adapters.braket_device, bellpair_core.adapters.step_functions",
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


@pytest.mark.parametrize("below", ["numeric", "quantum"])
@pytest.mark.parametrize(
    "statement",
    [
        "import bellpair_worker.supervisor",
        "import bellpair.functions.engine, bellpair.functions.inspection",
        "import bellpair; bellpair.Client",
        "import numpy; import boto3; boto3.client('lambda', 'us-east-1')",
    ],
)
def test_a_worker_is_complete(statement: str, below: str) -> None:
    assert imported(statement, "worker", below).stderr == ""


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_a_worker_has_what_it_is_to_load_before_any_run(stage: str) -> None:
    for worker in load(stage, ROOT / CONFIGURATION).workers.values():
        statement = "; ".join(f"import {module}" for module in worker.preload)
        assert imported(statement, *worker.layers).stderr == ""


def test_a_worker_carries_none_of_the_platforms_own_code() -> None:
    for statement in ("import bellpair_core", "import bellpair.cli"):
        assert "ModuleNotFoundError" in imported(statement, "worker", "quantum").stderr


def test_core_does_without_the_quantum_libraries() -> None:
    assert "ModuleNotFoundError" in imported("import numpy", "core").stderr


@pytest.mark.parametrize("together", TOGETHER)
def test_nothing_is_in_two_layers_of_a_function(together: tuple[str, str]) -> None:
    def packages(name: str) -> set[str]:
        folder = LAYERS[name].folder / "python"
        return {path.name for path in folder.iterdir() if path.name != "__pycache__"}

    one, other = together
    assert not packages(one) & packages(other)


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
