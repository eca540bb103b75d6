"""Which Python runs the functions of a runtime, and what is said where there is none."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bellpair_lambda_host import Interpreter
from localstack_process_executor.pythons import find_python, runtime_dir
from localstack_process_executor.refusals import FunctionRefused
from localstack_process_executor.settings import Settings

RUNNING = Interpreter.running()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "kept", tmp_path / "scratch")


def fake_python(path: Path, version: str) -> Path:
    """A command that answers as a Python of another version would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""#!/bin/sh\necho '["{version}", "tag", "{path.parents[1]}", []]'\n""")
    path.chmod(0o700)
    return path


def test_the_one_that_was_set_is_taken(settings: Settings, tmp_path: Path) -> None:
    chosen = fake_python(tmp_path / "chosen" / "bin" / "python3.77", "3.77")
    other = fake_python(tmp_path / "other" / "bin" / "python3.77", "3.77")
    settings = replace(settings, pythons={"3.77": chosen}, search_path=str(other.parent))
    assert find_python("3.77", settings).executable == chosen


def test_one_that_was_set_and_is_of_another_version_is_refused(settings: Settings) -> None:
    settings = replace(settings, pythons={"3.77": Path(sys.executable)})
    with pytest.raises(FunctionRefused, match=f"is a Python {RUNNING.version}; set") as refused:
        find_python("3.77", settings)
    assert "LAMBDA_PROCESS_PYTHON_3_77" in str(refused.value)


def test_one_that_was_set_and_does_not_run_is_refused(settings: Settings) -> None:
    settings = replace(settings, pythons={"3.77": Path("/bin/false")})
    with pytest.raises(FunctionRefused, match="LAMBDA_PROCESS_PYTHON_3_77"):
        find_python("3.77", settings)


def test_the_path_comes_before_pyenv_and_a_command_that_fails_is_passed_over(
    settings: Settings, tmp_path: Path
) -> None:
    shim = tmp_path / "shims" / "python3.77"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'version 3.77 is not switched on' >&2; exit 127\n")
    shim.chmod(0o700)
    pyenv = tmp_path / "pyenv"
    for patch in (9, 10):
        fake_python(pyenv / "versions" / f"3.77.{patch}" / "bin" / "python3.77", "3.77")
    settings = replace(settings, search_path=str(shim.parent), pyenv_root=pyenv)
    assert find_python("3.77", settings).executable.parents[1].name == "3.77.10"

    on_path = fake_python(tmp_path / "usr" / "bin" / "python3.77", "3.77")
    settings = replace(settings, search_path=f"{shim.parent}:{on_path.parent}")
    assert find_python("3.77", settings).executable == on_path


def test_where_there_is_none_the_setting_is_named(settings: Settings) -> None:
    with pytest.raises(FunctionRefused, match=r"no Python 3\.77 .* LAMBDA_PROCESS_PYTHON_3_77"):
        find_python("3.77", settings)


def test_the_runtime_client_comes_from_the_environment_that_was_named(settings: Settings) -> None:
    python = find_python(
        RUNNING.version, replace(settings, pythons={RUNNING.version: Path(sys.executable)})
    )
    directory = runtime_dir(python, settings)
    assert (directory / "awslambdaric" / "__main__.py").exists()
    assert directory.is_relative_to(settings.directory)


def test_the_runtime_client_comes_from_here_where_the_version_is_the_same(
    settings: Settings,
) -> None:
    directory = runtime_dir(replace(RUNNING, packages=()), settings)
    assert (directory / "awslambdaric" / "__main__.py").exists()


def test_a_runtime_client_that_cannot_be_had_is_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    python = Interpreter(Path("/bin/false"), "3.77", "cpython-377")
    with pytest.raises(FunctionRefused, match=r"could not be installed.*PYTHON_3_77"):
        runtime_dir(python, settings)
    assert not list(settings.directory.glob("client/cpython-377"))
