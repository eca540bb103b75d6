"""What a person may set."""

from __future__ import annotations

from pathlib import Path

from localstack_process_executor.settings import Settings, python_setting


def test_what_is_not_set_has_a_place_of_localstack_s_own() -> None:
    settings = Settings.read({}, Path("/cache"), Path("/tmp"))
    assert (settings.directory, settings.pythons) == (Path("/cache"), {})
    assert (settings.search_path, settings.pyenv_root) == ("", None)


def test_each_version_of_python_has_a_setting() -> None:
    assert python_setting("3.11") == "LAMBDA_PROCESS_PYTHON_3_11"
    settings = Settings.read(
        {
            "LAMBDA_PROCESS_PYTHON_3_11": "/opt/eleven",
            "LAMBDA_PROCESS_PYTHON_3_12": "",
            "LAMBDA_PROCESS_DIR": "/kept",
            "HOME": "/home/me",
            "PATH": "/bin",
        },
        Path("/cache"),
        Path("/tmp"),
    )
    assert settings.pythons == {"3.11": Path("/opt/eleven")}
    assert settings.directory == Path("/kept")
    assert settings.pyenv_root == Path("/home/me/.pyenv")
