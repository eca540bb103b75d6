"""The page's first commands, as they are typed: a reference device, and the checks against it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bellpair.cli.app import app
from bellpair_device_conformance import CHECKS

TOKEN = "let-me-in"
FOLDER = Path(__file__).parents[2] / "infra" / "local"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bellpair_reference_device", "--port", "0", "--seed", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(FOLDER), "REFERENCE_DEVICE_TOKEN": TOKEN},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    yield found[0]
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()


def conformance(*words: str) -> Result:
    return CliRunner().invoke(app, ["devices", "conformance", *words], env={"KITE_TOKEN": TOKEN})


def test_what_conforms_is_said_so(url: str) -> None:
    result = conformance(
        "http", "--url", url, "--credential", "env:KITE_TOKEN", "--only", "bit-order"
    )

    assert result.exit_code == 0, result.output
    assert "passed   bit-order" in result.output
    assert "http conforms: 1 passed, 0 failed, 0 skipped." in result.output


def test_the_report_is_one_json_object(url: str) -> None:
    words = ["--credential", "env:KITE_TOKEN", "--json", "--only", "offline", "--only", "queue"]
    result = conformance("http", "--url", url, "--device", "kite-5", *words)

    report = json.loads(result.output)
    assert (report["adapter"], report["device"], report["conforms"]) == ("http", "kite-5", True)
    assert (report["passed"], report["failed"], report["skipped"]) == (1, 0, 1)
    names = [check["name"] for check in report["checks"]]
    assert names == ["queue", "offline"]
    says = {check.name: check.says for check in CHECKS}
    assert report["checks"][0]["says"] == says["queue"]


def test_a_device_is_taken_offline_by_the_commands_that_are_given(url: str) -> None:
    def command(status: str) -> str:
        body = json.dumps(json.dumps({"status": status}))
        put = f"urlopen(Request('{url}/_reference', {body}.encode(), headers, method='PUT'))"
        head = f"headers={{'Authorization': 'Bearer {TOKEN}'}}"
        text = f"from urllib.request import Request, urlopen; {head}; {put}"
        return subprocess.list2cmdline([sys.executable, "-c", text])

    result = conformance(
        *("http", "--url", url, "--credential", "env:KITE_TOKEN", "--only", "offline"),
        *("--offline-command", command("offline"), "--online-command", command("online")),
    )

    assert result.exit_code == 0, result.output
    assert "passed   offline" in result.output


def test_what_does_not_conform_ends_with_1_and_says_what_was_found(url: str) -> None:
    words = ("--only", "offline", "--offline-command", "exit 3", "--online-command", "exit 0")
    result = conformance("http", "--url", url, "--credential", "env:KITE_TOKEN", *words)

    assert result.exit_code == 1
    assert "failed   offline" in result.output
    assert "exit status 3" in result.output


def test_an_adapter_that_cannot_be_opened_is_told_once_with_2(url: str) -> None:
    result = conformance("http", "--url", url)

    assert result.exit_code == 2
    assert result.output.count("could not be opened") == 1
    assert "failed" not in result.output
    assert "unauthorized" in result.output
    assert TOKEN not in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["kite"], "no device adapter 'kite' is installed; there are braket, http"),
        (["braket"], "braket knows devices by their ARN"),
        (["http", "--url", "http://127.0.0.1:9", "--only", "speed"], "there is no check speed"),
        (["http", "--offline-command", "true"], "--online-command together"),
    ],
)
def test_wrong_usage_is_told_with_2(words: list[str], told: str) -> None:
    result = conformance(*words)

    assert result.exit_code == 2
    assert told in result.output
