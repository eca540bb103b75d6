"""Where a function's code may come from, and what it is told of the place it runs in."""

import io
import random
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from bellpair_lambda_host import InvalidArtifact, LambdaHost, RemoteZip
from bellpair_lambda_host.artifacts import extract
from bellpair_lambda_host.interpreter import Interpreter, InterpreterUnusable
from tests.unit.lambda_host.packages import answer, function, package

SOURCE = """
    def handler(event, context):
        return "ran"
"""


def test_a_remote_archive_is_fetched_once_for_all_functions(host: LambdaHost) -> None:
    fetched = []

    def fetch() -> bytes:
        fetched.append(1)
        return package(app=SOURCE)

    for name in ("one", "two"):
        spec = replace(function(SOURCE, name=name), code_zip=RemoteZip("feed" * 16, fetch))
        assert answer(host, spec) == "ran"
    assert len(fetched) == 1


def test_a_remote_archive_that_cannot_be_unpacked_is_refused_and_fetched_again(
    host: LambdaHost,
) -> None:
    contents = [b"no zip", package(app=SOURCE)]
    archive = RemoteZip("cafe" * 16, lambda: contents.pop(0))
    spec = replace(function(SOURCE), code_zip=archive)
    with pytest.raises(InvalidArtifact):
        answer(host, spec)
    assert answer(host, spec) == "ran"


def test_a_damaged_archive_is_refused_however_it_is_damaged(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "x = 1" + "\n" * 100)
        archive.writestr("folder/data", random.Random(1).randbytes(500))
    chance = random.Random(2)
    refused = 0
    for turn in range(150):
        damaged = bytearray(content.getvalue())
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        folder = tmp_path / str(turn)
        folder.mkdir()
        try:
            extract(bytes(damaged), folder)
        except InvalidArtifact as refusal:
            assert re.fullmatch("The artifact .*: .+|The artifact unpacks .+", str(refusal))
            refused += 1
    assert refused > 75


def test_a_folder_is_used_as_it_is(host: LambdaHost, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return __file__\n")
    spec = replace(function(SOURCE), code_zip=tmp_path)
    assert answer(host, spec) == str(tmp_path / "app.py")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "logs"]


def test_a_function_is_told_its_log_stream_and_how_it_was_initialized(host: LambdaHost) -> None:
    spec = function(
        """
        import os

        def handler(event, context):
            return [context.log_stream_name, os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]
        """,
        log_stream="2026/01/01/[1]abc",
        initialization_type="provisioned-concurrency",
    )
    assert answer(host, spec) == ["2026/01/01/[1]abc", "provisioned-concurrency"]


def test_an_interpreter_named_by_its_virtual_environment_is_the_base_one() -> None:
    named, running = Interpreter.named(Path(sys.executable)), Interpreter.running()
    assert (named.executable, named.version) == (running.executable, running.version)
    assert str(named.executable).startswith(sys.base_prefix)
    assert any(path.startswith(sys.prefix) for path in named.packages)


@pytest.mark.parametrize("python", ["/bin/false", "/bin/true", "/no/such/python"])
def test_what_is_no_python_is_refused_by_name(python: str) -> None:
    with pytest.raises(InterpreterUnusable, match=python):
        Interpreter.named(Path(python))
