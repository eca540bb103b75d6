"""The triggers that help texts and their page show can be made of the shipped function."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from bellpair.cli.app import app
from bellpair.cli.options import inputs_of
from bellpair.functions.inspection import entry_points, inspected
from bellpair_core.logic.functions.check_inputs import template_problems
from bellpair_core.logic.triggers.input_templates import known

ROOT = Path(__file__).parents[3]
SHOWN = re.compile(r"bellpair triggers create [^\n]+")
MARKUP = re.compile(r"\[/?(?:bold|cyan)\]")


def shown() -> list[str]:
    """Each command that makes a trigger of a function, from the page and from the help texts."""
    triggers: Any = getattr(typer.main.get_command(app), "commands", {})["triggers"]
    texts = [triggers.epilog, triggers.commands["create"].epilog]
    texts.append((ROOT / "docs/functions/triggers.md").read_text())
    found = SHOWN.findall(MARKUP.sub("", "\n".join(texts)))
    return sorted({line for line in found if "--function" in line})


@pytest.fixture(scope="module")
def schema() -> Any:
    """The inputs of the shipped function."""
    path = ROOT / "examples/functions/vqe_h2.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(path.parent))
        spec = importlib.util.spec_from_file_location("shown_vqe_h2", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        ((name, target),) = entry_points(module).items()
        return inspected(target, f"m:{name}").to_dict()["inputs"]


def test_there_are_triggers_to_look_at() -> None:
    assert len(shown()) >= 4


@pytest.mark.parametrize("line", shown())
def test_a_shown_trigger_fits_the_shipped_function(line: str, schema: Any) -> None:
    words = shlex.split(line)
    name, _, alias = words[words.index("--function") + 1].partition(":")
    pairs = [words[at + 1] for at, word in enumerate(words) if word in ("-i", "--input")]

    assert (name, alias) in {("vqe-h2", ""), ("vqe-h2", "latest")}
    template = known(inputs_of(pairs))
    assert template_problems(template.value, schema, template.open_places) == []
