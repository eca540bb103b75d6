"""A part of the environment is made once, whole, and again when its inputs change."""

from __future__ import annotations

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


def test_every_requirement_is_locked_with_hashes() -> None:
    blocks = environment.REQUIREMENTS.read_text().replace("\\\n", "").splitlines()

    assert len(blocks) > 100
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)
    assert not any(block.startswith("amazon-") for block in blocks)
