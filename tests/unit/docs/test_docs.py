"""The pages' links lead somewhere, and the commands that they show exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bellpair.cli.app import app

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"^(?:\$ )?bellpair (?:--[a-z-]+ \S+ )*((?:[a-z][a-z-]* ?)+)", re.MULTILINE)
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
MAKE = re.compile(r"^make ([a-z-]+)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def commands() -> set[str]:
    shown = "\n".join(block for page in PAGES for block in BLOCK.findall(page.read_text()))
    words = {match.strip() for match in COMMAND.findall(shown)}
    nested = {
        "callbacks",
        "functions",
        "jobs",
        "local",
        "pair",
        "samples",
        "tenants",
        "triggers",
    }
    return {
        " ".join(found.split()[:2]) if found.split()[0] in nested else found.split()[0]
        for found in words
    }


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_shown_has_help(command: str) -> None:
    asked = CliRunner().invoke(app, [*command.split(), "--help"])

    assert asked.exit_code == 0, asked.output


def test_every_make_target_shown_exists() -> None:
    shown = {target for page in PAGES for target in MAKE.findall(page.read_text())}
    makefile = (ROOT / "Makefile").read_text()

    assert shown
    assert [target for target in shown if not re.search(rf"^{target}:", makefile, re.M)] == []
