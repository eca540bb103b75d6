"""At the command line, remedies name commands."""

from __future__ import annotations

import pytest

from bellpair.cli.exits import ExitCode
from bellpair.cli.remedies import in_commands
from bellpair_core.model.errors import ErrorCode
from tests.unit.sdk.shell import Shell


@pytest.mark.parametrize("code", ErrorCode)
def test_no_remedy_names_a_route(code: ErrorCode) -> None:
    said = in_commands(code.remedy).replace("/v1/openapi.json", "")
    assert "/v1/" not in said


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("GET /v1/functions/vqe-h2/versions lists them.", "functions versions vqe-h2` lists them."),
        ("see GET /v1/functions/{name}, and", "see `bellpair functions show NAME`, and"),
        ("one of GET /v1/functions.", "one of `bellpair functions`."),
        ("PUT /v1/functions/vqe-h2/aliases/…", "`bellpair functions alias vqe-h2 ALIAS VERSION`"),
        ("or POST /v1/tenants/acme/keys for", "or `bellpair tenants keys create acme` for"),
        ("with POST /v1/callbacks; GET lists", "add URL`; `bellpair callbacks` lists"),
        ("Use {braces} and /v1/openapi.json", "Use {braces} and /v1/openapi.json"),
    ],
)
def test_each_route_is_its_command(remedy: str, said: str) -> None:
    assert said in in_commands(remedy)


def test_a_refusal_is_told_with_the_command(shell: Shell) -> None:
    result = shell("functions", "show", "absent")
    assert result.exit_code == ExitCode.REJECTED
    assert "help: `bellpair functions` lists this tenant's functions" in result.stderr
    refused = shell.json("functions", "show", "absent", code=ExitCode.REJECTED)
    assert refused["error"]["remedy"].startswith("`bellpair functions` lists")
