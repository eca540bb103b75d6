"""A part of the environment is made once, whole, and again when its inputs change."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bellpair_localstack import environment
from bellpair_localstack.failures import EnvironmentFailed


class Builder:
    """Makes a part that says how often it was made."""

    def __init__(self, fails: bool = False) -> None:
        self.made = 0
        self.fails = fails

    def __call__(self, folder: Path) -> None:
        assert not list(folder.iterdir()), "it begins with an empty folder"
        (folder / "half").write_text("")
        if self.fails:
            raise EnvironmentFailed("uv failed", "Try again.")
        (folder / "whole").write_text("")
        self.made += 1


def test_a_part_is_made_once(tmp_path: Path) -> None:
    build = Builder()

    folders = [environment.once(tmp_path, "packages", ["lock"], build) for _ in range(2)]

    assert build.made == 1
    assert folders[0] == folders[1]
    assert (folders[0] / "whole").exists()


def test_other_inputs_make_another_folder_and_leave_the_first(tmp_path: Path) -> None:
    build = Builder()

    first = environment.once(tmp_path, "packages", ["lock"], build)
    second = environment.once(tmp_path, "packages", ["newer lock"], build)

    assert first != second
    assert (first / "whole").exists()
    assert (second / "whole").exists()


def test_a_build_that_was_broken_off_is_made_again(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed):
        environment.once(tmp_path, "packages", ["lock"], Builder(fails=True))
    assert list(tmp_path.glob("packages-*/half")), "it was broken off in the middle"
    build = Builder()

    folder = environment.once(tmp_path, "packages", ["lock"], build)

    assert build.made == 1
    assert (folder / "whole").exists()


def test_packages_whose_python_is_gone_are_made_again(tmp_path: Path) -> None:
    installed = tmp_path / "python3.13"
    installed.write_text("")

    def build(folder: Path) -> None:
        (folder / "bin").mkdir()
        (folder / "bin" / "python").symlink_to(installed)
        made.append(folder)

    made: list[Path] = []
    for _ in range(2):
        environment.once(tmp_path, "packages", ["lock"], build, whole=environment._has_python)
    assert len(made) == 1

    installed.unlink()
    environment.once(tmp_path, "packages", ["lock"], build, whole=environment._has_python)

    assert len(made) == 2


def test_older_parts_are_removed_unless_a_process_was_started_with_them(tmp_path: Path) -> None:
    build = Builder()
    current, unused, named, used = (
        environment.once(tmp_path, "packages", [lock], build)
        for lock in ("lock", "unused", "named", "used")
    )
    other = environment.once(tmp_path, "lambda", ["lock"], build)
    waiting = ["/bin/sh", "-c", "echo ready; read line"]
    with (
        started([*waiting, str(named / "bin/python")]),
        started(waiting, {"KINESIS": str(used)}),
    ):
        environment.remove_older(current)
        assert [f.exists() for f in (current, unused, named, used, other)] == [
            True,
            False,
            True,
            True,
            True,
        ]

    environment.remove_older(current)

    assert set(tmp_path.iterdir()) == {current, other}


@contextmanager
def started(words: list[str], settings: dict[str, str] | None = None) -> Iterator[None]:
    """A process that runs."""
    with subprocess.Popen(
        words, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        # Its end closes what it reads from.
        process.communicate()


def test_every_requirement_is_locked_with_hashes() -> None:
    blocks = environment.REQUIREMENTS.read_text().replace("\\\n", "").splitlines()

    assert len(blocks) > 100
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)
    assert not any(block.startswith("amazon-") for block in blocks)
