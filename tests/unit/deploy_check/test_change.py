"""The changed function is a copy that answers as before and tells its revision."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bellpair_deploy_check.change import FUNCTION, changed_functions
from toolchain.stamp import ROOT, digest

pytestmark = pytest.mark.unit


def test_one_function_of_the_copy_differs_and_the_work_tree_does_not(tmp_path: Path) -> None:
    before = digest([ROOT / "functions"])

    copy = changed_functions(tmp_path / "functions", "7")

    assert digest([ROOT / "functions"]) == before
    differing = [
        folder.name
        for folder in (ROOT / "functions").iterdir()
        if folder.is_dir() and content(folder) != content(copy / folder.name)
    ]
    assert differing == [FUNCTION]


def test_what_is_added_wraps_the_handler_that_was_there(tmp_path: Path) -> None:
    copy = changed_functions(tmp_path / "functions", "7")
    added = ast.parse((copy / FUNCTION / "handler.py").read_text()).body[-2:]
    space = {"handler": lambda event, context: {"tenant": event["tenant"]}, "Any": object}

    exec(compile(ast.Module(added, []), "added", "exec"), space)

    assert space["handler"]({"tenant": "a"}, None) == {"tenant": "a", "revision": "7"}


def content(folder: Path) -> dict[str, bytes]:
    """Return a folder's sources by their names."""
    return {
        str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.py"))
    }
