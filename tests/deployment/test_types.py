"""What mypy reads of the CDK's library is all that is used of it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator

import pytest

from toolchain.stamp import ROOT

pytestmark = pytest.mark.deployment

LIBRARY = "aws_cdk"


def test_the_types_of_all_services_that_are_used_are_known() -> None:
    # What mypy skips may be anything, and no mistake in its use is found.
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    skipped, followed = (
        {name for part in settings["overrides"] for name in part["module"] if told(part) == word}
        for word in ("skip", "normal")
    )
    used = {name for file in (ROOT / "infra").rglob("*.py") for name in imported(file.read_text())}

    assert skipped == {f"{LIBRARY}.*"}
    assert len(used) > 10
    assert used - followed == set()


def told(part: dict[str, object]) -> object:
    """What an override says of following imports."""
    return part.get("follow_imports")


def imported(source: str) -> Iterator[str]:
    """The modules of the library that a source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(LIBRARY))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIBRARY):
            assert node.module is not None
            yield node.module
            if node.module == LIBRARY:
                names = (alias.name for alias in node.names)
                yield from (f"{LIBRARY}.{name}" for name in names if name.startswith("aws_"))
