"""The Python that layers are compiled and imported with: found among those that are here."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import interpreters

pytestmark = pytest.mark.deployment


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pyenv's folder, still without versions."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    return tmp_path / "versions"


def interpreter(versions: Path, release: str, does: str) -> Path:
    """One that pyenv has, which answers any question by what it does."""
    path = versions / release / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path


def test_the_newest_of_pyenvs_releases_is_taken_by_number(pyenv: Path) -> None:
    for release in ("3.97.9", "3.97.2", "3.97.12rc1"):
        interpreter(pyenv, release, "echo 3.97 True")
    newest = interpreter(pyenv, "3.97.11", "echo 3.97 True")
    assert interpreters.find("3.97") == newest


@pytest.mark.parametrize(
    ("version", "does"),
    [
        ("3.96", "exec sleep 600"),
        ("3.95", "exit 127"),
        ("3.94", "echo 3.13 True"),
        ("3.93", "echo 3.93 False"),
    ],
)
def test_one_that_does_not_answer_as_it_should_is_passed_over(
    pyenv: Path, version: str, does: str
) -> None:
    interpreter(pyenv, f"{version}.2", does)
    good = interpreter(pyenv, f"{version}.1", f"echo {version} True")
    assert interpreters.find(version, patience_s=3) == good
