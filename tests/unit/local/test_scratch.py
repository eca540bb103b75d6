"""Functions of a local cloud leave their temporary files in the cloud's own directory."""

from __future__ import annotations

from pathlib import Path

from bellpair_lambda_host.function import FunctionSpec
from bellpair_lambda_host.interpreter import Interpreter
from bellpair_lambda_host.sandbox import Sandbox


def environment(tmp_path: Path, scratch: Path | None) -> dict[str, str]:
    spec = FunctionSpec(
        arn="arn:aws:lambda:us-east-1:424242424242:function:f",
        handler="f.handler",
        code_zip=b"PK",
        layer_zips=(),
        environment={},
        timeout_s=3,
        memory_mb=128,
    )
    sandbox = Sandbox(Interpreter.running(), tmp_path, (), tmp_path, tmp_path, scratch)
    return sandbox.environment(spec, "127.0.0.1:1")


def test_temporary_files_go_to_the_scratch_directory(tmp_path: Path) -> None:
    assert environment(tmp_path, tmp_path / "s")["TMPDIR"] == str(tmp_path / "s")
    assert "TMPDIR" not in environment(tmp_path, None)
