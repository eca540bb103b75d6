"""The images of workers that no layers hold: from the same lock, and built of what was checked."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bellpair_cdk.stage import Worker
from toolchain import build_layers, imports, interpreters, sizes
from toolchain.images import (
    BASE,
    IMAGES,
    Image,
    built,
    function_of,
    inputs_of,
    main,
    prepare,
    tag_of,
)
from toolchain.layers import FUNCTION_LIMIT, ON_AWS
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]


@pytest.fixture(params=IMAGES, ids=lambda image: image.name)
def image(request: pytest.FixtureRequest) -> Image:
    found: Image = request.param
    return found


def instructions(image: Image) -> list[tuple[str, str]]:
    """A Dockerfile's instructions with their arguments, continued lines put together."""
    text = (ROOT / image.dockerfile).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    split = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(word, arguments.strip()) for word, _, arguments in split]


def arguments_of(image: Image, instruction: str) -> list[str]:
    return [arguments for word, arguments in instructions(image) if word == instruction]


def test_an_image_is_built_of_what_was_prepared_and_fetches_nothing(image: Image) -> None:
    assert {word for word, _ in instructions(image)} == {
        *("ARG", "FROM", "COPY", "ENV", "USER", "CMD")
    }
    assert {copied.split()[0] for copied in arguments_of(image, "COPY")} == {"python/", "task/"}


def test_an_images_base_is_awss_own_for_the_python_of_its_packages(image: Image) -> None:
    assert arguments_of(image, "ARG") == [f"BASE={BASE}"]
    assert arguments_of(image, "FROM") == ["${BASE}"]
    assert f"public.ecr.aws/lambda/python:{image.content.python}" == BASE
    assert image.content.python == ON_AWS


def test_an_image_runs_its_handler_as_nobody(image: Image) -> None:
    (user,) = arguments_of(image, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert arguments_of(image, "CMD") == ['["handler.handler"]']
    assert (ROOT / image.function / "handler.py").exists()


def test_everything_in_an_image_is_pinned_by_hash(image: Image) -> None:
    listed = re.split(r"\n(?=\S)", build_layers.requirements(image.content).strip())
    assert len(listed) > 30
    assert all(re.match(r"[a-z0-9.-]+==\S+", line) and "--hash=sha256:" in line for line in listed)
    assert not any(line.startswith(("rich==", "typer==")) for line in listed)


def test_a_stage_names_such_an_image_in_place_of_layers(image: Image) -> None:
    repository = f"123456789012.dkr.ecr.{{region}}.amazonaws.com/bellpair/{image.name}"
    assert Worker(image=f"{repository}:abc", preload=image.preload).layers == ()


@pytest.fixture
def copied(image: Image, tmp_path: Path) -> Image:
    """An image whose handler and Dockerfile are files of this test."""
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "handler.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "Dockerfile").write_text((ROOT / image.dockerfile).read_text())
    return replace(image, function=str(tmp_path / "task"), dockerfile=str(tmp_path / "Dockerfile"))


@pytest.mark.parametrize("changed", ["task/handler.py", "Dockerfile"])
def test_a_change_of_any_file_gives_the_image_another_tag(
    copied: Image, tmp_path: Path, changed: str
) -> None:
    before = tag_of(copied, BASE)
    prepared = inputs_of(copied)
    assert tag_of(copied, BASE) == before
    with (tmp_path / changed).open("a") as file:
        file.write("# changed\n")
    assert tag_of(copied, BASE) != before
    assert inputs_of(copied) != prepared


def test_other_packages_or_another_base_give_the_image_another_tag(image: Image) -> None:
    before = tag_of(image, BASE)
    assert tag_of(image, f"{BASE}@sha256:{'0' * 64}") != before
    other = replace(image, content=replace(image.content, left_out=()))
    assert tag_of(other, BASE) != before
    assert before.startswith(f"bellpair/{image.name}:")


def test_an_image_is_built_under_the_tag_of_its_content_and_base(
    copied: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stands for Docker: it answers, and leaves what it was told to build.
    told, docker = tmp_path / "told", tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\n[ "$1" = info ] || echo "$@" > {told}\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}{os.pathsep}{os.environ['PATH']}")
    base = f"{BASE}@sha256:{'1' * 64}"
    assert built(copied, base) == tag_of(copied, base)
    assert f"--tag {tag_of(copied, base)} " in told.read_text()
    assert f"BASE={base} " in told.read_text()


@pytest.mark.slow
def test_an_image_holds_what_no_layers_could_and_imports_it(image: Image) -> None:
    if interpreters.find(image.content.python) is None:
        pytest.skip(f"no Python {image.content.python} is on this machine")
    context = prepare(image)
    assert FUNCTION_LIMIT < sizes.tree_bytes(context) < image.content.budget
    assert (context / "Dockerfile").exists()
    assert list(map(str, imports.check([function_of(image)]))) == []


@pytest.mark.slow
def test_without_docker_the_image_is_prepared_and_said_not_to_be_built(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["images"])
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    assert main() == 0
    assert "not built: no Docker engine answers" in capsys.readouterr().out
