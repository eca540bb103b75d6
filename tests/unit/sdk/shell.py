"""The command line as a person or a program calls it."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result

from bellpair.cli.app import app


class Shell:
    """Runs commands with an environment that leads to the fake regions."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ

    def __call__(self, *args: str, **more: Any) -> Result:
        runner = CliRunner(env=self.environ)
        return runner.invoke(app, args, prog_name="bellpair", catch_exceptions=False, **more)

    def json(self, *args: str, code: int = 0) -> dict[str, Any]:
        result = self(*args, "--json")
        assert result.exit_code == code, result.output
        assert result.stderr == ""
        value = json.loads(result.stdout)
        assert isinstance(value, dict)
        return value
