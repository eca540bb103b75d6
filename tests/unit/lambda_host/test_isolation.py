"""A worker sees its function, its layers, the runtime, and nothing else."""

import io
import zipfile
from pathlib import Path

import pytest

from bellpair_lambda_host import InvalidArtifact, LambdaHost, build_runtime_dir

from .packages import answer, function, package

TRY_IMPORT = """
    import importlib

    def handler(event, context):
        try:
            return importlib.import_module(event).__file__
        except ModuleNotFoundError:
            return None
"""


@pytest.mark.parametrize("module", ["ministack", "pytest", "boto3", "bellpair", "bellpair_local"])
def test_the_development_environment_is_out_of_reach(host: LambdaHost, module: str) -> None:
    __import__(module)
    assert answer(host, function(TRY_IMPORT), module) is None


def test_the_runtime_is_within_reach(host: LambdaHost, cache_dir: Path) -> None:
    file = answer(host, function(TRY_IMPORT), "awslambdaric")
    assert isinstance(file, str) and file.startswith(str(cache_dir))


def test_the_runtime_directory_holds_the_runtime_alone(tmp_path: Path) -> None:
    directory = build_runtime_dir(tmp_path)
    assert {path.name.partition("-")[0].partition(".")[0] for path in directory.iterdir()} == {
        "__pycache__",
        "awslambdaric",
        "runtime_client",
        "simplejson",
        "snapshot_restore_py",
    }
    assert build_runtime_dir(tmp_path) == directory


def test_code_wins_over_layers_and_a_later_layer_over_an_earlier(host: LambdaHost) -> None:
    layers = (
        package(python__app="", python__both="name = 'first'", python__one="name = 'first'"),
        package(python__both="name = 'second'", python__two="name = 'second'"),
    )
    spec = function(
        """
        import both, one, two

        def handler(event, context):
            return [both.name, one.name, two.name]
        """,
        layer_zips=layers,
    )
    assert answer(host, spec) == ["second", "first", "second"]


def test_a_layer_may_hold_site_packages_of_this_python(host: LambdaHost) -> None:
    layer = package(**{"python__lib__python3.11__site-packages__deep": "name = 'deep'"})
    spec = function(
        "import deep\ndef handler(event, context): return deep.name", layer_zips=(layer,)
    )
    assert answer(host, spec) == "deep"


def test_the_environment_is_lambdas_and_the_functions(
    host: LambdaHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "leaked")
    spec = function(
        "import os\ndef handler(event, context): return dict(os.environ)",
        environment={"TABLE": "ledger", "AWS_REGION": "mars-1", "AWS_ACCESS_KEY_ID": "key"},
        version="7",
    )
    seen = answer(host, spec)
    assert isinstance(seen, dict)
    assert set(seen) - {"LC_CTYPE"} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "HOME",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "PYTHONPATH",
        "TABLE",
        "TZ",
        "_HANDLER",
    }
    assert seen["TABLE"] == "ledger"
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-west-2"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "7"


def test_the_persons_home_is_out_of_sight(host: LambdaHost) -> None:
    spec = function(
        """
        import os

        def handler(event, context):
            return os.listdir(os.path.expanduser("~"))
        """
    )
    assert answer(host, spec) == []


def test_a_function_runs_in_its_code_directory(host: LambdaHost) -> None:
    spec = function(
        """
        import os

        def handler(event, context):
            return [os.getcwd() == os.environ["LAMBDA_TASK_ROOT"], os.listdir()]
        """
    )
    here, files = answer(host, spec)  # type: ignore[misc]
    assert here and sorted(files) == ["__pycache__", "app.py"]


def test_modules_are_compiled_before_they_first_run(host: LambdaHost) -> None:
    spec = function(
        """
        import os

        compiled = os.path.exists(__cached__)

        def handler(event, context):
            return compiled
        """
    )
    assert answer(host, spec) is True


def test_permissions_of_files_are_kept(host: LambdaHost) -> None:
    archive = io.BytesIO(
        package(app="import os\ndef handler(event, context): return os.access('tool', os.X_OK)")
    )
    with zipfile.ZipFile(archive, "a") as files:
        tool = zipfile.ZipInfo("tool")
        tool.external_attr = 0o100755 << 16
        files.writestr(tool, "#!/bin/sh\n")
    spec = function("")
    spec = type(spec)(arn=spec.arn, handler=spec.handler, code_zip=archive.getvalue())
    assert answer(host, spec) is True


def test_an_archive_cannot_write_outside_of_its_directory(
    host: LambdaHost, cache_dir: Path
) -> None:
    archive = io.BytesIO(package(app="def handler(event, context): return 1"))
    with zipfile.ZipFile(archive, "a") as files:
        files.writestr("../../escaped.txt", "")
    spec = function("")
    spec = type(spec)(arn=spec.arn, handler=spec.handler, code_zip=archive.getvalue())
    assert answer(host, spec) == 1
    assert not [path for path in cache_dir.glob("*") if path.name == "escaped.txt"]


def test_an_archive_larger_than_lambda_allows_is_refused(host: LambdaHost) -> None:
    archive = io.BytesIO()
    with (
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files,
        files.open("zeros", "w", force_zip64=True) as file,
    ):
        for _ in range(251):
            file.write(bytes(1024 * 1024))
    spec = function("", layer_zips=(archive.getvalue(),))
    with pytest.raises(InvalidArtifact, match="262144000"):
        answer(host, spec)
