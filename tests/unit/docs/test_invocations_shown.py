"""The invocations that help texts and pages show name functions that there are, and fit them."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
import typer

from bellpair.cli.app import app
from bellpair.cli.options import inputs_of
from bellpair.functions.inspection import entry_points, inspected
from bellpair_core.logic.functions.check_inputs import checked_inputs
from bellpair_core.logic.primitives.check_pubs import check_pubs
from bellpair_core.model.builtin import BUILTIN_FUNCTIONS

ROOT = Path(__file__).parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs/sdk.md",
    ROOT / "docs/primitives.md",
    ROOT / "examples/functions/README.md",
    *sorted(path for path in (ROOT / "docs/functions").glob("*.md") if path.stem != "triggers"),
]
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
SHOWN = re.compile(
    r"(?:^|(?<=[`(|] )|(?<=[`(]))bellpair functions invoke ([^`|)\n]+)", re.MULTILINE
)
MARKUP = re.compile(r"\[/?(?:bold|cyan)\](?:\$ )?")
DEPLOYED = re.compile(r"bellpair functions deploy (examples/\S+\.py)")
WRITTEN = re.compile(r"echo '(?P<json>\{.*?\})' (?:>|\|)")


class Shown(NamedTuple):
    """A command as it is shown, and the JSON that is written for it."""

    line: str
    written: str | None


def shown_in(text: str) -> Iterator[Shown]:
    for found in SHOWN.finditer(text):
        written = WRITTEN.findall(text[: found.end()])
        yield Shown(found[1].partition(" # ")[0].strip(), written[-1] if written else None)


def epilogs(command: click.Command) -> Iterator[str]:
    yield MARKUP.sub("", command.epilog or "")
    for inner in getattr(command, "commands", {}).values():
        yield from epilogs(inner)


COMMANDS: Any = typer.main.get_command(app)
EXAMPLES = [
    *(shown for text in epilogs(COMMANDS) for shown in shown_in(text)),
    *(shown for page in PAGES for shown in shown_in(page.read_text())),
]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The inputs of the shipped functions and of those that the pages define, by name."""
    home = tmp_path_factory.mktemp("shown")
    shipped = ROOT / "examples/functions"
    files = [path for path in shipped.glob("*.py") if "@quantum_function" in path.read_text()]
    for page in PAGES:
        for number, code in enumerate(CODE.findall(page.read_text())):
            if "@quantum_function(name=" in code:
                files.append(home / f"{page.parent.name}_{page.stem}_{number}.py".lower())
                files[-1].write_text(code)
    found = {name: builtin.schema for name, builtin in BUILTIN_FUNCTIONS.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(shipped))
        for file in files:
            spec = importlib.util.spec_from_file_location(f"shown_{file.stem}", file)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            patch.setitem(sys.modules, spec.name, module)
            spec.loader.exec_module(module)
            for name, target in entry_points(module).items():
                seen = inspected(target, f"m:{name}").to_dict()
                found[seen["name"]] = seen["inputs"]
    return found


@pytest.mark.parametrize("shown", EXAMPLES, ids=lambda shown: shown.line)
def test_an_invocation_that_is_shown_can_be_made(shown: Shown, schemas: dict[str, Any]) -> None:
    if shown.line.startswith("NAME"):
        return
    command = COMMANDS.commands["functions"].commands["invoke"]
    given = command.make_context("invoke", shlex.split(shown.line)).params
    name = given["target"].partition(":")[0]
    inputs: dict[str, Any] = {}
    if given["inputs_file"] is not None and (ROOT / given["inputs_file"]).is_file():
        inputs = json.loads((ROOT / given["inputs_file"]).read_text())
    elif given["inputs_file"] is not None:
        assert shown.written is not None, "nothing tells what the inputs are"
        inputs = json.loads(shown.written)
    inputs |= inputs_of(given["given"] or [])
    checked_inputs(inputs, schemas[name])
    if name in BUILTIN_FUNCTIONS:
        check_pubs(name, inputs)


def test_what_help_deploys_is_there() -> None:
    deployed = {file for text in epilogs(COMMANDS) for file in DEPLOYED.findall(text)}
    assert deployed
    assert [file for file in deployed if not (ROOT / file).is_file()] == []


def test_there_are_examples_of_each_kind() -> None:
    lines = [shown.line for shown in EXAMPLES]
    for part in ("-i start=0.1", "--inputs -", "--inputs in.json", "ground-state", "--callback"):
        assert any(part in line for line in lines), part
