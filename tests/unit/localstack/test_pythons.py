"""Finding a Python that LocalStack runs on, among those that only look like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellpair_localstack import pythons, versions
from bellpair_localstack.failures import PythonMissing


def python(path: Path, version: str = "3.13", status: int = 0) -> Path:
    """A program that says that it is a Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\nexit {status}\n")
    path.chmod(0o755)
    return path


def found(settings: dict[str, str], by_uv: str = "") -> Path:
    return pythons.find({"PATH": "/bin", **settings}, lambda: by_uv)


def test_the_one_on_the_path_is_taken_before_pyenvs_and_uvs(tmp_path: Path) -> None:
    wanted = python(tmp_path / "bin/python3.13")
    python(tmp_path / "pyenv/versions/3.13.7/bin/python3.13")
    by_uv = python(tmp_path / "uv/python3.13")

    settings = {"PATH": f"{tmp_path}/bin:/bin", "PYENV_ROOT": f"{tmp_path}/pyenv"}

    assert found(settings, str(by_uv)) == wanted


def test_a_shim_that_leads_nowhere_is_passed_over(tmp_path: Path) -> None:
    python(tmp_path / "bin/python3.13", status=127)
    wanted = python(tmp_path / "pyenv/versions/3.13.7/bin/python3.13")

    settings = {"PATH": f"{tmp_path}/bin:/bin", "PYENV_ROOT": f"{tmp_path}/pyenv"}

    assert found(settings) == wanted


def test_one_of_another_version_is_passed_over(tmp_path: Path) -> None:
    python(tmp_path / "bin/python3.13", version="3.12")
    by_uv = python(tmp_path / "uv/python3.13")

    assert found({"PATH": f"{tmp_path}/bin:/bin"}, str(by_uv)) == by_uv


def test_pyenvs_newest_release_is_taken_and_no_preview(tmp_path: Path) -> None:
    for release in ("3.13.2", "3.13.10", "3.13-dev", "3.13.11rc1", "3.12.9"):
        python(tmp_path / f".pyenv/versions/{release}/bin/python3.13")

    wanted = tmp_path / ".pyenv/versions/3.13.10/bin/python3.13"

    assert found({"HOME": str(tmp_path)}) == wanted


def test_the_named_one_is_taken_before_all_others(tmp_path: Path) -> None:
    python(tmp_path / "bin/python3.13")
    named = python(tmp_path / "mine")

    settings = {"PATH": f"{tmp_path}/bin:/bin", pythons.CHOICE: str(named)}

    assert found(settings) == named


@pytest.mark.parametrize("version", ["3.12", "3.14", "none"])
def test_a_named_one_that_does_not_fit_is_refused(tmp_path: Path, version: str) -> None:
    named = python(tmp_path / "mine", version=version)

    with pytest.raises(PythonMissing, match=rf"{pythons.CHOICE} names .*no whole Python"):
        found({pythons.CHOICE: str(named)})


def test_where_there_is_none_the_message_says_how_to_have_one(tmp_path: Path) -> None:
    with pytest.raises(PythonMissing, match=r"no Python 3\.13") as refused:
        found({"HOME": str(tmp_path)}, str(tmp_path / "gone"))

    for way in ("pyenv install", "uv python install", pythons.CHOICE, versions.HOW_TO_RUN):
        assert way in refused.value.remedy
