"""What is deployed to Lambda: every function within the limits, and whole inside its layers."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.deployment.assembly import Assembly
from toolchain import artifacts, build_layers, deployed, imports, interpreters, sizes, stamp, uv
from toolchain.ci import NOT_HERE
from toolchain.deployed import AssemblyUnreadable, DeployedFunction
from toolchain.layers import FUNCTION_LIMIT, HERE, LAYERS, MEGABYTE, Layer, layers_for
from toolchain.stamp import BUILD

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]


@pytest.fixture
def function(tmp_path: Path, local: Assembly) -> DeployedFunction:
    """A function with the layer ``core``, whose handler does nothing yet."""
    code = tmp_path / "function"
    code.mkdir()
    made = DeployedFunction(
        name="made-up",
        region="us-east-1",
        handler="handler.handler",
        python=HERE,
        code=code,
        layers=(LAYERS["core"],),
        variables={"COLOUR": "blue"},
        memory_mb=128,
        timeout_s=3,
    )
    write(made, "")
    return made


def write(function: DeployedFunction, source: str) -> None:
    assert function.code is not None
    (function.code / "handler.py").write_text(f"{source}\n\ndef handler(event, context): ...\n")


def functions_of(assembly: Assembly) -> list[DeployedFunction]:
    stage = assembly.folder.name
    return [
        replace(found, variables={**found.variables, **artifacts.GIVEN.get(stage, {})})
        for found in deployed.functions(assembly.folder)
    ]


def test_every_function_imports_inside_only_its_layers(prod: Assembly) -> None:
    # The local stage's are the same sources and requirements, and run in every local cloud.
    functions = functions_of(prod)
    if interpreters.find(functions[0].python) is None:
        pytest.skip(f"no Python {functions[0].python} is on this machine")
    known = BUILD / "imports" / f"{prod.folder.name}.json"
    assert list(map(str, imports.check(functions, known))) == []


def test_every_function_is_within_lambdas_limits(assembly: Assembly) -> None:
    weights = sizes.weigh_functions(functions_of(assembly))
    assert len(weights) > 20
    assert list(sizes.too_heavy(weights)) == []
    assert all(weight.holds for weight in weights)


def test_a_function_on_aws_runs_where_its_layers_libraries_load(prod: Assembly) -> None:
    # Up to Python 3.11 AWS's runtimes are on Amazon Linux 2, whose C library is 2.26; the layers
    # are of wheels for 2.34.
    versions = {function.python for function in functions_of(prod)}
    assert all(tuple(map(int, version.split("."))) >= (3, 12) for version in versions)


def test_a_function_is_read_with_its_variables_and_its_layers_in_order(local: Assembly) -> None:
    functions = {function.name: function for function in functions_of(local)}
    worker = functions["bellpair-local-worker-qiskit"]
    assert [layer.name for layer in worker.layers] == ["quantum", "worker"]
    assert worker.variables["BELLPAIR_BROKER"] == "bellpair-local-broker"
    queues = json.loads(functions["bellpair-local-adopt"].variables["BELLPAIR_DISPATCH_QUEUE_URLS"])
    assert queues.keys() == {"us-east-1", "us-west-2"}
    other = deployed.functions(local.folder, "us-west-2")
    assert [function.name for function in other] == sorted(functions)


@pytest.mark.parametrize(
    ("source", "importer", "remedy"),
    [
        ("import numpy", "handler.py, line 1", "numpy is in quantum and in numeric"),
        ("import pytest", "handler.py, line 1", "no layer has pytest"),
        ("def later():\n    import numpy.linalg", "handler, line 2", "numpy is in quantum"),
        ("import bellpair_quantum.stage", "handler.py, line 1", "is in quantum"),
        ("import toolchain.layers", "handler.py, line 1", "no layer has toolchain"),
        ("import os; os.environ['FLAVOUR']", "handler.py, line 1", "access or variable"),
        (
            "import socket; socket.create_connection(('192.0.2.1', 80))",
            "handler.py, line 1",
            "when it is called",
        ),
    ],
)
def test_an_import_that_would_fail_on_lambda_is_told_with_its_remedy(
    function: DeployedFunction, source: str, importer: str, remedy: str
) -> None:
    write(function, source)
    (broken,) = imports.check([function])
    assert broken.function == "made-up"
    assert broken.importer == importer
    assert remedy in broken.remedy


@pytest.mark.parametrize(
    "source",
    [
        "import os; assert os.environ['COLOUR'] == 'blue'",
        "import os; assert os.environ['AWS_LAMBDA_FUNCTION_NAME'] == 'made-up'",
        "import os; assert not {'AWS_ACCESS_KEY_ID', 'VIRTUAL_ENV'} & os.environ.keys()",
        "import botocore.session as s; s.get_session().create_client('dynamodb')",
        "def later():\n    try:\n        import numpy\n    except ImportError: ...",
        "import sys; assert not any('site-packages' in place for place in sys.path)",
    ],
)
def test_a_function_sees_what_lambda_would_show_it(function: DeployedFunction, source: str) -> None:
    write(function, source)
    assert list(map(str, imports.check([function]))) == []


def test_a_handler_that_is_not_there_is_told(function: DeployedFunction) -> None:
    (broken,) = imports.check([replace(function, handler="handler.other")])
    assert "handler has no function other" in broken.error


def test_what_was_imported_well_is_not_imported_again_until_it_changes(
    function: DeployedFunction, tmp_path: Path
) -> None:
    known, seen = tmp_path / "known.json", tmp_path / "seen"
    leave_trace = f"open({str(seen)!r}, 'a').write('.')"
    write(function, leave_trace)
    for _ in range(2):
        assert imports.check([function], known) == []
    assert seen.read_text() == "."
    write(function, f"{leave_trace}; import numpy")
    for _ in range(2):
        assert len(imports.check([function], known)) == 1
    assert seen.read_text() == "..."


def test_a_function_for_a_python_that_is_not_here_is_no_silent_success(
    function: DeployedFunction,
) -> None:
    with pytest.raises(imports.PythonMissing, match=r"made-up is for Python 3\.99"):
        imports.check([replace(function, python="3.99", layers=())])


def test_a_layer_past_its_budget_is_refused_with_the_largest_in_it(local: Assembly) -> None:
    weight = sizes.weigh_layer(replace(LAYERS["quantum"], budget=30 * MEGABYTE))
    (problem,) = sizes.too_heavy([weight])
    assert "layer quantum weighs" in problem and "of 30.0" in problem
    assert "qiskit" in problem and "left_out" in problem


def test_a_function_past_lambdas_limit_is_refused(function: DeployedFunction) -> None:
    assert function.code is not None
    with (function.code / "model.bin").open("wb") as file:
        file.truncate(FUNCTION_LIMIT)
    (problem,) = sizes.too_heavy(sizes.weigh_functions([function]))
    assert "function made-up weighs" in problem and "its own code 250.0" in problem
    assert "make it an image" in problem


def test_the_command_fails_with_what_is_wrong_on_its_error_output(
    function: DeployedFunction, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert artifacts.report([function], tmp_path / "known.json", as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == []
    assert [item["layers"] for item in found["functions"]] == [["core"]]
    write(function, "import numpy")
    assert artifacts.report([function], tmp_path / "known.json", as_json=False) == 1
    said = capsys.readouterr()
    assert "made-up" in said.out and "No module named 'numpy'" in said.err


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A Python for which no layers are built."""
    version = "3.98"
    yield version
    shutil.rmtree(BUILD / "layers" / f"python{version}", ignore_errors=True)


def test_the_command_says_by_its_status_that_imports_could_not_be_tried(
    function: DeployedFunction,
    elsewhere: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for layer in layers_for(elsewhere).values():
        (layer.folder / "python").mkdir(parents=True)
        layer.archive.write_bytes(b"")
    without = replace(function, python=elsewhere, layers=(layers_for(elsewhere)["core"],))
    known = tmp_path / "known.json"
    assert artifacts.report([without], known, as_json=True) == NOT_HERE
    said = capsys.readouterr()
    assert [item["layers"] for item in json.loads(said.out)["functions"]] == [["core"]]
    assert "NOT CHECKED" in said.err and f"uv python install {elsewhere}" in said.err
    assert not known.exists()
    assert without.code is not None
    with (without.code / "model.bin").open("wb") as file:
        file.truncate(FUNCTION_LIMIT)
    assert artifacts.report([without], known, as_json=False) == 1


def test_a_layer_that_was_not_built_is_named(elsewhere: str) -> None:
    with pytest.raises(sizes.LayerMissing, match=r"layer core for Python 3\.98 was not built"):
        sizes.weigh_layer(layers_for(elsewhere)["core"])


def test_a_layer_whose_wheels_cannot_be_had_is_refused_with_a_remedy(
    elsewhere: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uv.executable()
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    with pytest.raises(build_layers.LayerBroken, match="check the network"):
        build_layers.build(layers_for(elsewhere)["numeric"])
    with pytest.raises(sizes.LayerMissing):
        sizes.weigh_layer(layers_for(elsewhere)["numeric"])


def test_an_assembly_without_what_it_deploys_is_refused(local: Assembly, tmp_path: Path) -> None:
    with pytest.raises(AssemblyUnreadable, match="make synth"):
        deployed.functions(tmp_path)
    for file in local.folder.glob("*.json"):
        shutil.copy(file, tmp_path)
    with pytest.raises(AssemblyUnreadable, match="synthesize again"):
        deployed.functions(tmp_path)


def test_an_assembly_of_other_layers_than_todays_is_refused(
    local: Assembly, tmp_path: Path
) -> None:
    shutil.copytree(local.folder, tmp_path / "assembly")
    for archive in (tmp_path / "assembly").glob("asset.*.zip"):
        archive.write_bytes(b"another build")
    with pytest.raises(AssemblyUnreadable, match="synthesize again"):
        deployed.functions(tmp_path / "assembly")


def test_an_archive_that_is_gone_or_cut_off_is_not_taken_for_built(layer: Layer) -> None:
    stamp.write(layer.shelf / "core.stamp", "its inputs")
    assert not build_layers.is_built(layer, "its inputs")
    with zipfile.ZipFile(layer.archive, "w") as archive:
        archive.writestr("python/module.py", "VALUE = 1\n" * 100)
    assert build_layers.is_built(layer, "its inputs")
    assert not build_layers.is_built(layer, "other inputs")
    layer.archive.write_bytes(layer.archive.read_bytes()[:-40])
    assert not build_layers.is_built(layer, "its inputs")
