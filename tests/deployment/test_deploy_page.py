"""The page on deployment, held to the locked command line and to what is synthesized."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deployment.assembly import Assembly
from tests.unit.docs.shown import ROOT, Shown, commands, options
from toolchain import node
from toolchain.layers import ON_AWS

pytestmark = pytest.mark.deployment

PAGE = ROOT / "docs" / "operations" / "deploy.md"


@functools.cache
def cdk(*words: str) -> str:
    """Run the locked command line; return what it tells."""
    answer = subprocess.run(
        ["cdk", *words],
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("shown", commands("cdk"), ids=str)
def test_cdk_has_the_command_and_its_options(shown: Shown) -> None:
    if shown.words == ("--version",):
        return
    helped = cdk(shown.words[0], "--help")

    assert f"cdk {shown.words[0]}" in helped
    for name in options(shown.words[1:]):
        assert re.search(rf"--{name}\b", helped), f"cdk {shown.words[0]} has no --{name}"


def test_the_command_line_is_of_the_major_version_that_the_page_names() -> None:
    assert "It must be a 2" in PAGE.read_text()
    assert cdk("--version").startswith("2.")


def test_the_tools_have_the_python_of_functions_on_aws_among_them() -> None:
    tools = PAGE.read_text().partition("## 2. The tools")[2].partition("\n## ")[0]

    assert f"A Python {ON_AWS}" in tools
    assert f"`uv python install {ON_AWS}`" in tools


def test_the_path_of_the_tools_is_right_whatever_python_made_the_environment() -> None:
    (line,) = re.findall(r"^export PATH=.*$", PAGE.read_text(), re.MULTILINE)

    said = subprocess.run(
        ["bash", "-c", f'{line}\nprintf %s "$PATH"'],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PWD": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert not re.search(r"python3\.\d", line)
    added = said.removesuffix(os.environ["PATH"]).rstrip(":").split(":")
    assert len(added) == 3
    assert all(Path(folder).is_dir() and str(ROOT) in folder for folder in added)


def test_the_alarms_that_are_paid_for_are_those_there_are(prod: Assembly) -> None:
    row = re.search(r"^\| alarms \| `(\d+)` \|", PAGE.read_text(), re.MULTILINE)

    assert row
    assert int(row[1]) == sum(1 for _ in prod.resources("AWS::CloudWatch::Alarm"))


def test_the_stacks_are_those_there_are(prod: Assembly) -> None:
    shown = set(re.findall(r"^\| \d \| `(\w+)`", PAGE.read_text(), re.MULTILINE))

    assert shown == {name.split("-")[2] for name in stack_names(prod)}


def stack_names(assembly: Assembly) -> set[str]:
    return {resource.place.split("/")[0] for resource in assembly.resources()}
